namespace Portal.Domain.Workloads;

/// <summary>Where an offer of ownership stands. Every state but the first is final.</summary>
public enum TransferState { Offered, Accepted, Declined, Withdrawn, Expired }

/// <summary>A workload offered to somebody else of its team, who becomes the owner by accepting.</summary>
public sealed class WorkloadTransfer
{
    public required Guid Id { get; init; }
    public required Guid WorkloadId { get; init; }
    public required Guid FromUserId { get; init; }
    public required Guid ToUserId { get; init; }
    /// <summary>The owner, or whoever acts for them: a lead, an administrator.</summary>
    public required Guid OfferedById { get; init; }
    public TransferState State { get; set; } = TransferState.Offered;
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>How long somebody may think about it.</summary>
    public static TimeSpan OpenFor { get; } = TimeSpan.FromDays(14);
}
