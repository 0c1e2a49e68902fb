using System.Text.Json;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>A workload in a list.</summary>
/// <param name="MayChange">The caller may share and delete it.</param>
/// <param name="MayOpen">The caller may open its program (when it runs and has a port).</param>
public sealed record WorkloadRow(
    Guid Id, string Name, WorkloadKind Kind, string ItemSlug, string ItemName, string Version, Guid OwnerId, string OwnerName, string OwnerEmail, string Team,
    DesiredState Desired, WorkloadPhase Phase, string? PhaseReason, DateTimeOffset PhaseSince, string Target, CapacityType Capacity, string Hardware, string? InstanceType,
    decimal HourlyPrice, decimal CostToDate, string Currency, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? ReadyAt, DateTimeOffset? EndedAt,
    DateTimeOffset? ExpiresAt, FailureClass? Failure, int? ExitCode, int Attempt, bool HasPort, bool MayChange, bool MayOpen)
{
    public required WorkloadActivity Activity { get; init; }

    /// <summary>The caller may start, stop, restart, extend and keep it.</summary>
    public bool MayOperate { get; init; }
}

/// <summary>How far a workload is in use.</summary>
/// <param name="At">Last activity since it became ready; null: none that is known of.</param>
/// <param name="What">What counted.</param>
/// <param name="IdleStopAt">The announced stop for idleness.</param>
/// <param name="Problem">Why activity cannot be found out; nothing is stopped meanwhile.</param>
/// <param name="Rules">The rules in force; none: it is never stopped for idleness.</param>
public sealed record WorkloadActivity(DateTimeOffset? At, string? What, DateTimeOffset? IdleStopAt, DateTimeOffset? ProbedAt, string? Problem, IReadOnlyList<IdleRule> Rules);

/// <summary>Everything the workload's page and API answer need besides logs, metrics and usage.</summary>
public sealed record WorkloadDetail(
    WorkloadRow Row, HardwareProfileSpec HardwareSpec, ItemSpec Item, IReadOnlyDictionary<string, JsonElement> Parameters, IReadOnlyList<string> SecretParameters,
    IReadOnlyDictionary<string, string> Tags, string? LaunchReason, string? CostCentre, decimal ListHourlyPrice, decimal ListCostToDate, TimeSpan? Lifetime, TimeSpan? IdleTimeout,
    bool RestartRequested, DateTimeOffset QueuedAt, DateTimeOffset? NotBefore, string? LogTail, WorkloadAudience Audience, IReadOnlyList<SharedPerson> SharedWith,
    AllocationRow? Live, IReadOnlyList<StepRow> Steps, TimeSpan? MedianReady, int MedianReadyFrom, uint RowVersion)
{
    /// <summary>What waits for an answer about it; null: nothing.</summary>
    public WaitingApproval? Waiting { get; init; }

    /// <summary>An open offer of ownership; null: none.</summary>
    public OpenOffer? Offer { get; init; }

    /// <summary>Since when its owner is disabled or out of the team; null: they are there.</summary>
    public DateTimeOffset? OwnerGoneAt { get; init; }
}

/// <summary>A request about a workload that waits.</summary>
/// <param name="IsMine">The reader has asked it.</param>
public sealed record WaitingApproval(Guid Id, ApprovalKind Kind, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, bool IsMine);

/// <summary>Ownership offered to somebody.</summary>
public sealed record OpenOffer(Guid ToId, string To, string ToEmail, string OfferedBy, DateTimeOffset ExpiresAt);

/// <summary>A person it was shared with.</summary>
public sealed record SharedPerson(Guid Id, string Name, string Email, ShareLevel Level);

/// <summary>One attempt and its resource.</summary>
public sealed record AllocationRow(
    Guid Id, int Attempt, string Target, string Region, string Zone, string InstanceType, CapacityType Capacity, string? ResourceId, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? ReadyAt, DateTimeOffset? EndedAt, int? ExitCode, FailureClass? Failure, string? EndReason, decimal HourlyPrice, decimal ListHourlyPrice, decimal Cost, string Currency,
    ObservedState ObservedState, string? ObservedMessage)
{
    /// <summary>The machine it is on, or how many; null where the target has one, or none is taken yet.</summary>
    public string? Node { get; init; }

    /// <summary>Whether its time costs: it has begun, and where machines are waited for, one is taken.</summary>
    public bool Billed { get; init; }
}

/// <summary>A row of the timeline.</summary>
public sealed record EventRow(long Seq, DateTimeOffset At, WorkloadPhase? From, WorkloadPhase To, string Reason, string Actor, Guid? ActorId, int? Attempt);

/// <summary>A named step of the current attempt: queued, placing, starting, ready.</summary>
/// <param name="Since">When it began; null when it has not.</param>
/// <param name="Until">When it ended; null while it goes on.</param>
public sealed record StepRow(string Name, StepState State, DateTimeOffset? Since, DateTimeOffset? Until, string? Sentence);

/// <summary>How far a step is.</summary>
public enum StepState { Pending, Current, Done, Failed }

/// <summary>One line of a chart.</summary>
public sealed record MetricSeries(string Name, IReadOnlyList<MetricValue> Points);

/// <summary>A point; step is null for samples over time.</summary>
public sealed record MetricValue(long? Step, DateTimeOffset At, double Value, int Attempt);

/// <summary>What a list shows. Null or empty: no limit.</summary>
public sealed record WorkloadFilter
{
    public string? Team { get; init; }
    /// <summary>E-mail, id, or <c>me</c>.</summary>
    public string? Owner { get; init; }
    public IReadOnlyList<WorkloadKind> Kinds { get; init; } = [];
    public IReadOnlyList<WorkloadPhase> Phases { get; init; } = [];
    public string? Target { get; init; }
    public string? Item { get; init; }
    /// <summary>Part of the name, item, owner or a tag.</summary>
    public string? Q { get; init; }
    /// <summary>Only what changed its phase since.</summary>
    public DateTimeOffset? Since { get; init; }
    /// <summary>Only what ends by itself before.</summary>
    public DateTimeOffset? EndsBefore { get; init; }
    public bool IncludeDeleted { get; init; }
    /// <summary>createdAt, name, price, phase, expiresAt; a leading - turns it round. Null: what needs attention first.</summary>
    public string? Sort { get; init; }
    public int Page { get; init; } = 1;
    public int PageSize { get; init; } = 50;
}

/// <summary>Numbers above the list.</summary>
/// <param name="HourlyPrice">Of all that runs.</param>
public sealed record WorkloadCounts(int Mine, int All, int Running, int Waiting, int FailedThisWeek, int EndingToday, decimal HourlyPrice);
