using Portal.Domain.Compute;

namespace Portal.Domain.Workloads;

/// <summary>One concrete resource behind a workload, and at the same time one attempt. Committed before the provider is called; live until <see cref="EndedAt"/> is set.</summary>
public sealed class Allocation
{
    public required Guid Id { get; init; }
    public required Guid WorkloadId { get; init; }
    /// <summary>1, 2, 3 … within the workload.</summary>
    public required int Attempt { get; init; }
    public required string Target { get; init; }
    /// <summary>The host of a host-bound target; null elsewhere.</summary>
    public string? HostId { get; init; }
    public required string Region { get; set; }
    public required string Zone { get; set; }
    public required string InstanceType { get; set; }
    public required CapacityType Capacity { get; set; }
    public required decimal Vcpu { get; init; }
    public required decimal MemoryGib { get; init; }
    public required int Gpus { get; init; }
    public required decimal HourlyPrice { get; set; }
    public required decimal ListHourlyPrice { get; set; }
    public required string Currency { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>The machine it is on, or how many; null where the target has one or none is taken yet.</summary>
    public string? Node { get; set; }
    /// <summary>The shares of machines it holds as they were recorded last, as JSON; null where it is billed as a whole. See <see cref="Observation.Parts"/>.</summary>
    public string? PartsJson { get; set; }
    /// <summary>The provider's name of the resource, known once started.</summary>
    public string? ResourceId { get; set; }
    /// <summary>By the provider's clock; billing begins here.</summary>
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? ReadyAt { get; set; }
    public DateTimeOffset? StopAskedAt { get; set; }
    /// <summary>Set when the portal itself decided to end it as failed (not ready in time); applied once it has ended.</summary>
    public FailureClass? PendingFailure { get; set; }
    public string? PendingReason { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public int? ExitCode { get; set; }
    public FailureClass? Failure { get; set; }
    public string? EndReason { get; set; }
    /// <summary>Random secret between proxy and program, encrypted.</summary>
    public required string ProtectedCredential { get; init; }

    /// <summary>What the observer wrote last.</summary>
    public ObservedState ObservedState { get; set; } = ObservedState.NotFound;
    public string? ObservedMessage { get; set; }
    /// <summary>Up to where metrics were read from the log.</summary>
    public long LogCursor { get; set; }
    public DateTimeOffset? LastSampleAt { get; set; }
}

/// <summary>One row of the timeline. <see cref="From"/> and <see cref="To"/> are equal when the phase did not change.</summary>
public sealed class WorkloadEvent
{
    public long Seq { get; init; }
    public required Guid WorkloadId { get; init; }
    public required DateTimeOffset At { get; init; }
    public WorkloadPhase? From { get; init; }
    public required WorkloadPhase To { get; init; }
    /// <summary>What happened, in words for people.</summary>
    public required string Reason { get; init; }
    /// <summary>Name of the person, or <c>portal</c>.</summary>
    public required string Actor { get; init; }
    public Guid? ActorId { get; init; }
    public int? Attempt { get; init; }
    /// <summary>The provider's id of what it tells, so that it is told once; null for the portal's own.</summary>
    public string? SourceId { get; init; }
}

/// <summary>One point of a metric. With a step, the latest value of that step counts (a resumed run repeats steps).</summary>
public sealed class MetricPoint
{
    public long Id { get; init; }
    public required Guid WorkloadId { get; init; }
    public required int Attempt { get; init; }
    public required string Name { get; init; }
    public long? Step { get; init; }
    public required DateTimeOffset At { get; init; }
    public required double Value { get; init; }
}

/// <summary>A person a workload was shared with.</summary>
public sealed class WorkloadShare
{
    public required Guid WorkloadId { get; init; }
    public required Guid UserId { get; init; }
    public ShareLevel Level { get; set; } = ShareLevel.Open;
}

/// <summary>What a named person may do with a workload that is not theirs.</summary>
public enum ShareLevel
{
    /// <summary>See it and open its program.</summary>
    Open,
    /// <summary>That, and start, stop, restart, extend and keep it.</summary>
    Operate,
}
