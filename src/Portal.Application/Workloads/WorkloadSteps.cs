using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>The named steps of the current attempt, from the row and its last allocation.</summary>
internal static class WorkloadSteps
{
    public static IReadOnlyList<StepRow> Of(Workload workload, Domain.Workloads.Allocation? last, ItemSpec item) =>
        Of(workload, last?.CreatedAt, last?.StartedAt, last?.ReadyAt, last?.EndedAt, item);

    public static IReadOnlyList<StepRow> Of(Workload workload, AllocationRow? last, ItemSpec item) =>
        Of(workload, last?.CreatedAt, last?.StartedAt, last?.ReadyAt, last?.EndedAt, item);

    private static IReadOnlyList<StepRow> Of(Workload workload, DateTimeOffset? placed, DateTimeOffset? started, DateTimeOffset? ready, DateTimeOffset? ended, ItemSpec item)
    {
        if (workload.Phase is WorkloadPhase.PendingApproval or WorkloadPhase.Rejected) return BeforeTheQueue(workload, item);
        var waiting = workload.Phase is WorkloadPhase.Queued or WorkloadPhase.Recovering;
        // While it waits again, an earlier attempt's steps are history, not progress.
        if (waiting || placed < workload.QueuedAt && ended is null) (placed, started, ready) = (null, null, null);
        var failed = workload.Phase == WorkloadPhase.Failed;
        var since = waiting && workload.Attempt > 0 ? workload.PhaseSince : workload.QueuedAt;
        return
        [
            Step("Queued", since, placed, placed is null ? workload.PhaseReason : "Accepted and allowed"),
            Step("Placing", placed, started, workload.Phase == WorkloadPhase.Placing ? workload.PhaseReason : $"{workload.Hardware} on {workload.Target}"),
            Step("Starting", started, ready, workload.Phase == WorkloadPhase.Starting ? workload.PhaseReason : "The program is started"),
            new StepRow("Ready", ready is not null ? StepState.Done : StepState.Pending, ready, ready, WhenReady(item)),
        ];

        StepRow Step(string name, DateTimeOffset? from, DateTimeOffset? to, string? sentence) => new(
            name, from is null ? StepState.Pending : to is not null ? StepState.Done : failed || ended is not null ? StepState.Failed : workload.Phase.IsActive() ? StepState.Current : StepState.Pending,
            from, to ?? (workload.Phase.IsActive() ? null : ended ?? workload.EndedAt), sentence);
    }

    private static IReadOnlyList<StepRow> BeforeTheQueue(Workload workload, ItemSpec item) =>
    [
        workload.Phase == WorkloadPhase.PendingApproval
            ? new StepRow("Approval", StepState.Current, workload.PhaseSince, null, workload.PhaseReason)
            : new StepRow("Approval", StepState.Failed, workload.CreatedAt, workload.PhaseSince, workload.PhaseReason),
        new StepRow("Queued", StepState.Pending, null, null, "When everybody asked has agreed"),
        new StepRow("Placing", StepState.Pending, null, null, $"{workload.Hardware} on {workload.Target}"),
        new StepRow("Starting", StepState.Pending, null, null, "The program is started"),
        new StepRow("Ready", StepState.Pending, null, null, WhenReady(item)),
    ];

    private static string WhenReady(ItemSpec item) => item.Ports.Count > 0 ? "When it answers" : "When the program runs";
}
