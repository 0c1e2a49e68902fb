using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Domain.Tests.Workloads;

/// <summary>
/// One workload's row, its allocations and a reconciler that may die between intent, effect and record. What is written, and in which order, is what the application does;
/// what to do next is the planner's.
/// </summary>
internal sealed class SimulatedPortal(WorkloadKind kind, RetrySpec retry, Random random)
{
    private readonly List<Attempt> _attempts = [];
    private long _generation;
    private bool _restartRequested;
    private int _promised;
    private (int Errors, int Setbacks) _counts;
    private DateTimeOffset? _notBefore;
    private DateTimeOffset? _expiresAt = PlannerCases.Now.AddHours(8);

    public SimulatedTarget Target { get; } = new();
    public DateTimeOffset Now { get; set; } = PlannerCases.Now;
    public DesiredState Desired { get; private set; } = DesiredState.Running;
    public WorkloadPhase Phase { get; private set; } = WorkloadPhase.Queued;
    public int LiveAllocations => _attempts.Count(a => !a.Ended);
    public bool HasRoom { get; set; } = true;

    /// <summary>Attempts that a wish to restart or to start from rest promised and that have not begun.</summary>
    public bool OwesAnAttempt => Desired == DesiredState.Running && _attempts.Count < _promised;

    private Attempt? Live => _attempts.SingleOrDefault(a => !a.Ended);

    public void Wish(string wish)
    {
        _generation++;
        switch (wish)
        {
            case "stop" when Desired == DesiredState.Running && Phase.IsActive(): (Desired, _restartRequested, _promised) = (DesiredState.Stopped, false, 0); break;
            case "delete": (Desired, _restartRequested) = (DesiredState.Deleted, false); break;
            case "start" when Desired != DesiredState.Deleted && Phase != WorkloadPhase.Succeeded: StartOrEnqueue(); break;
            case "restart" when Desired != DesiredState.Deleted: Restart(); break;
            case "extend" when Desired == DesiredState.Running && Phase.IsActive(): _expiresAt += TimeSpan.FromHours(1); break;
        }
    }

    /// <summary>One step of a reconciler: observe, plan, perhaps something happens in between, act, perhaps die on the way. False when there was nothing to do.</summary>
    public bool Step(Action? between = null, bool mayDie = false)
    {
        var (generation, live) = (_generation, Live);
        var seen = live is null ? null : Target.Observe(live.Id);
        var snapshot = new WorkloadSnapshot(kind, Desired, Phase, _restartRequested, _counts.Errors, _counts.Setbacks, _notBefore, _expiresAt, retry, TimeSpan.FromSeconds(10), kind == WorkloadKind.TrainingRun ? null : TimeSpan.FromSeconds(60));
        var allocation = live is null ? null : new AllocationSnapshot(live.CreatedAt, live.StartedAt, live.StopAskedAt, live.Pending, null);
        var decision = WorkloadPlanner.Next(snapshot, allocation, seen, HasRoom ? PlannerCases.Room : PlannerCases.NoRoom, Now);
        between?.Invoke();
        bool Dies() => mayDie && random.Next(4) == 0;
        var stale = generation != _generation;
        switch (decision)
        {
            case Decision.None or Decision.Wait: return false;
            case Decision.Resume: Resume(snapshot, live!, generation, Dies); return true;
            // Every other write is refused when a wish came in between.
            case var _ when stale: return true;
            case Decision.Start:
                _attempts.Add(new Attempt { Id = _attempts.Count + 1, CreatedAt = Now });
                Phase = WorkloadPhase.Placing;
                return true;
            case Decision.Advance advance: Phase = advance.Phase; return true;
            case Decision.Expire: (Desired, _restartRequested) = (DesiredState.Stopped, false); return true;
            case Decision.Stop stop:
                (live!.StopAskedAt, live.Pending, Phase) = (Now, stop.Failure ?? live.Pending, WorkloadPhase.Stopping);
                if (!Dies()) Target.Stop(live.Id);
                return true;
            default: End(decision); return true;
        }
    }

    /// <summary>The instant the next look is due, for decisions that wait.</summary>
    public void PassTime(TimeSpan by) => Now += by;

    private void Resume(WorkloadSnapshot snapshot, Attempt live, long generation, Func<bool> dies)
    {
        if (dies()) return;
        var (refused, startedAt) = Target.Start(live.Id, Now);
        if (dies()) return;
        if (refused is null) (live.StartedAt, Phase) = (startedAt, WorkloadPhase.Starting);
        else if (generation == _generation) End(WorkloadPlanner.AfterRefusedStart(snapshot, refused.Value, "refused", Now));
    }

    private void End(Decision decision)
    {
        if (Live is { } live) live.Ended = true;
        switch (decision)
        {
            case Decision.Replace replace:
                (Phase, _notBefore) = (replace.Phase, replace.NotBefore);
                _counts = replace.Failure is null ? (0, 0) : (_counts.Errors + (replace.CountsAsError ? 1 : 0), _counts.Setbacks + 1);
                if (replace.Failure is null) _restartRequested = false;
                return;
            case Decision.Complete: (Phase, _restartRequested) = (WorkloadPhase.Succeeded, false); return;
            case Decision.Fail: (Phase, _restartRequested) = (WorkloadPhase.Failed, false); return;
            case Decision.Settle settle: (Phase, _restartRequested) = (settle.Phase, false); return;
            default: throw new InvalidOperationException($"{decision.GetType().Name} ends nothing.");
        }
    }

    private void StartOrEnqueue()
    {
        if (Desired == DesiredState.Running && Phase.IsActive()) return;
        if (!Phase.IsActive()) Enqueue();
        Desired = DesiredState.Running;
        _expiresAt = Now.AddHours(8);
    }

    private void Restart()
    {
        if (!Phase.IsActive()) Enqueue();
        else if (Phase is WorkloadPhase.Queued or WorkloadPhase.Recovering) _notBefore = null;
        else _restartRequested = true;
        _promised = _attempts.Count + 1;
        Desired = DesiredState.Running;
        _expiresAt = Now.AddHours(8);
    }

    private void Enqueue() => (Phase, _notBefore, _counts, _restartRequested, _promised) = (WorkloadPhase.Queued, null, (0, 0), false, _attempts.Count + 1);

    private sealed class Attempt
    {
        public required int Id { get; init; }
        public required DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? StartedAt { get; set; }
        public DateTimeOffset? StopAskedAt { get; set; }
        public FailureClass? Pending { get; set; }
        public bool Ended { get; set; }
    }
}
