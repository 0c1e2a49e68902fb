using System.Globalization;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Domain.Tests.Workloads;

/// <summary>Snapshots for planner tests, and decisions as short words: <c>Wait 2s</c>, <c>Replace Recovering Lost</c>, <c>Settle Stopped</c>.</summary>
internal static class PlannerCases
{
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Offer Offer = new("local", "local", "", "host", CapacityType.OnDemand, true, null);
    public static readonly Placement Room = new(Offer, null);
    public static readonly Placement NoRoom = new(null, "Waiting for 4 vCPU.");

    /// <summary>A notebook that expires in an hour, with 60 s to become ready and 10 s of grace.</summary>
    public static readonly WorkloadSnapshot Notebook = new(
        WorkloadKind.Notebook, DesiredState.Running, WorkloadPhase.Running, false, 0, 0, null, Now.AddHours(1), new RetrySpec(), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60));

    public static readonly WorkloadSnapshot Run = Notebook with { Kind = WorkloadKind.TrainingRun, ReadyTimeout = null };

    public static readonly AllocationSnapshot Intent = new(Now.AddSeconds(-12), null, null, null, null);
    public static readonly AllocationSnapshot Started = Intent with { StartedAt = Now.AddSeconds(-10) };
    public static readonly AllocationSnapshot StopAsked = Started with { StopAskedAt = Now.AddSeconds(-5) };

    public static Observation Seen(ObservedState state) => new(Guid.Empty, state) { ExitCode = state == ObservedState.Exited ? 1 : null };

    public static string Next(WorkloadSnapshot workload, AllocationSnapshot? live, Observation? seen, Placement? placement = null) =>
        Words(WorkloadPlanner.Next(workload, live, seen, placement ?? Room, Now));

    public static string Words(Decision decision) => decision switch
    {
        Decision.None => "None",
        Decision.Wait wait => string.Create(CultureInfo.InvariantCulture, $"Wait {(wait.Until - Now).TotalSeconds}s"),
        Decision.Start => "Start",
        Decision.Resume => "Resume",
        Decision.Advance advance => $"Advance {advance.Phase}",
        Decision.Expire => "Expire",
        Decision.Stop stop => $"Stop {stop.Failure}".TrimEnd(),
        Decision.Replace replace => $"Replace {replace.Phase} {replace.Failure}".TrimEnd() + (replace.CountsAsError ? " error" : "") + (replace.NotBefore > Now ? string.Create(CultureInfo.InvariantCulture, $" +{(replace.NotBefore - Now).TotalSeconds}s") : ""),
        Decision.Complete => "Complete",
        Decision.Fail fail => $"Fail {fail.Failure}",
        Decision.Settle settle => $"Settle {settle.Phase}",
        _ => throw new InvalidOperationException(decision.GetType().Name),
    };
}
