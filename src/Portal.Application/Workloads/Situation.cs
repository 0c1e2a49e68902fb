using Portal.Application.Catalog;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>All that one planning step looks at.</summary>
internal sealed record Situation(
    Workload Workload, Allocation? Live, PublishedVersion Version, HardwareProfileSpec Hardware, WorkloadSnapshot Snapshot, AllocationSnapshot? LiveSnapshot,
    Observation? Seen, Placement Placement, bool WaitsForCapacity, DateTimeOffset Now)
{
    public static WorkloadSnapshot SnapshotOf(Workload workload, ItemSpec spec) => new(
        workload.Kind, workload.Desired, workload.Phase, workload.RestartRequested, workload.ErrorAttempts, workload.SetbacksInARow,
        workload.NotBefore, workload.ExpiresAt, spec.Retry, spec.Checkpoint.Grace, spec.Ports.Count == 0 ? null : spec.Ports[0].Ready.Timeout);

    public static AllocationSnapshot? SnapshotOf(Allocation? live) =>
        live is null ? null : new(live.CreatedAt, live.StartedAt, live.StopAskedAt, live.PendingFailure, live.PendingReason);
}
