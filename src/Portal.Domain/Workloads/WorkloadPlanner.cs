using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Domain.Workloads;

/// <summary>What the planner knows of a workload.</summary>
public sealed record WorkloadSnapshot(
    WorkloadKind Kind, DesiredState Desired, WorkloadPhase Phase, bool RestartRequested, int ErrorAttempts, int SetbacksInARow,
    DateTimeOffset? NotBefore, DateTimeOffset? ExpiresAt, RetrySpec Retry, TimeSpan Grace, TimeSpan? ReadyTimeout);

/// <summary>What the planner knows of the live allocation.</summary>
public sealed record AllocationSnapshot(DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? StopAskedAt, FailureClass? PendingFailure, string? PendingReason);

/// <summary>Where a waiting workload could go now: an offer, or why not.</summary>
public sealed record Placement(Offer? Offer, string? WaitReason)
{
    public static Placement Unasked { get; } = new(null, null);
}

/// <summary>What to do next with a workload.</summary>
public abstract record Decision
{
    private Decision() { }

    /// <summary>All is as wanted; only a change needs another look.</summary>
    public sealed record None : Decision;

    /// <summary>Look again at this instant (or on change). A reason replaces the phase's reason.</summary>
    public sealed record Wait(DateTimeOffset Until, string? Reason = null) : Decision;

    /// <summary>Commit a new allocation for this offer, then start it.</summary>
    public sealed record Start(Offer Offer) : Decision;

    /// <summary>The allocation is committed but its start is not recorded: start it again (idempotent) and record.</summary>
    public sealed record Resume : Decision;

    /// <summary>Record progress of the live allocation.</summary>
    public sealed record Advance(WorkloadPhase Phase, string Reason) : Decision;

    /// <summary>The time is up: the wish becomes Stopped.</summary>
    public sealed record Expire(string Reason) : Decision;

    /// <summary>Ask the live allocation to end. With a failure, its end will count as that failure.</summary>
    public sealed record Stop(string Reason, FailureClass? Failure = null) : Decision;

    /// <summary>The live allocation is over (or never began): end it and queue the next attempt.</summary>
    public sealed record Replace(WorkloadPhase Phase, FailureClass? Failure, string Reason, DateTimeOffset NotBefore, bool CountsAsError) : Decision;

    /// <summary>The run has succeeded.</summary>
    public sealed record Complete(string Reason) : Decision;

    /// <summary>It will not be tried again.</summary>
    public sealed record Fail(FailureClass Failure, string Reason) : Decision;

    /// <summary>End the live allocation, if any, and rest in Stopped or Deleted.</summary>
    public sealed record Settle(WorkloadPhase Phase, string Reason) : Decision;
}

/// <summary>Decides, from what is wanted and what is seen, the one next thing to do. Pure: same input, same answer; no clock, no database, no target.</summary>
public static class WorkloadPlanner
{
    /// <summary>How long until an observation that says nothing is repeated.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    /// <summary>How long past its grace an asked stop is waited for before it is asked again. Failed terminations are retried for ever.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    /// <param name="workload">What is wanted and known.</param>
    /// <param name="live">The live allocation, if any.</param>
    /// <param name="seen">What the target says of it; null exactly when there is none.</param>
    /// <param name="placement">Where it could go; looked at only when a new attempt is due.</param>
    /// <param name="now">The database's now.</param>
    public static Decision Next(WorkloadSnapshot workload, AllocationSnapshot? live, Observation? seen, Placement placement, DateTimeOffset now)
    {
        if (workload.Desired != DesiredState.Running) return Wind(workload, live, seen, now);
        if (workload.Phase is WorkloadPhase.PendingApproval || !workload.Phase.IsActive() && live is null) return new Decision.None();
        if (live is null) return Place(workload, placement, now);
        // However the old attempt came to its end, a wished restart is what follows: a wish is never lost to a crash.
        if (workload.RestartRequested && IsOver(live, seen!)) return Restart(now);
        return seen!.State switch
        {
            ObservedState.Unknown => new Decision.Wait(now + LookAgain),
            ObservedState.NotFound when live.StartedAt is null => Expired(workload, now) ?? new Decision.Resume(),
            ObservedState.NotFound or ObservedState.Lost => live.StopAskedAt is null ? AfterFailure(workload, FailureClass.Lost, seen.Message ?? "It is gone without a trace.", now) : AfterAskedEnd(workload, live, seen, now),
            ObservedState.Exited => live.StopAskedAt is null ? AfterOwnEnd(workload, seen, now) : AfterAskedEnd(workload, live, seen, now),
            ObservedState.Stopping => AwaitEnd(workload, live, now),
            _ => Keep(workload, live, seen, now),
        };
    }

    /// <summary>True when the next decision could be <see cref="Decision.Start"/>, so that offers are worth asking for.</summary>
    public static bool NeedsPlacement(WorkloadSnapshot workload, AllocationSnapshot? live, DateTimeOffset now) =>
        live is null && workload.Desired == DesiredState.Running && workload.Phase is not WorkloadPhase.PendingApproval && workload.Phase.IsActive()
        && !(workload.NotBefore > now) && !(workload.ExpiresAt <= now);

    private static bool IsOver(AllocationSnapshot live, Observation seen) =>
        seen.State is ObservedState.Exited or ObservedState.Lost || (seen.State == ObservedState.NotFound && live.StartedAt is not null);

    private static Decision Wind(WorkloadSnapshot workload, AllocationSnapshot? live, Observation? seen, DateTimeOffset now)
    {
        var rest = workload.Desired == DesiredState.Deleted ? WorkloadPhase.Deleted : WorkloadPhase.Stopped;
        if (live is null)
            return workload.Phase == WorkloadPhase.Deleted || (rest == WorkloadPhase.Stopped && !workload.Phase.IsActive())
                ? new Decision.None()
                : new Decision.Settle(rest, rest == WorkloadPhase.Deleted ? "Deleted." : workload.Phase == WorkloadPhase.Recovering ? "Stopped." : "Stopped before it ran.");
        return seen!.State switch
        {
            ObservedState.Unknown => new Decision.Wait(now + LookAgain),
            ObservedState.NotFound or ObservedState.Lost => new Decision.Settle(rest, rest == WorkloadPhase.Deleted ? "Deleted." : "Stopped."),
            ObservedState.Exited => new Decision.Settle(rest, rest == WorkloadPhase.Deleted ? "Deleted." : "Stopped."),
            _ => AwaitEnd(workload, live, now),
        };
    }

    private static Decision AwaitEnd(WorkloadSnapshot workload, AllocationSnapshot live, DateTimeOffset now)
    {
        if (live.StopAskedAt is not { } asked) return workload.Desired == DesiredState.Running && !workload.RestartRequested
            ? new Decision.Wait(now + LookAgain)
            : new Decision.Stop("Asked to end; saving within " + Words(workload.Grace) + ".");
        var patience = asked + workload.Grace + StopPatience;
        return now >= patience ? new Decision.Stop("Still there: asked to end once more.") : new Decision.Wait(patience);
    }

    private static Decision? Expired(WorkloadSnapshot workload, DateTimeOffset now) =>
        workload.ExpiresAt <= now ? new Decision.Expire("Its time was up.") : null;

    private static Decision Place(WorkloadSnapshot workload, Placement placement, DateTimeOffset now)
    {
        if (Expired(workload, now) is { } expired) return expired;
        if (workload.NotBefore > now) return new Decision.Wait(Earlier(workload.NotBefore.Value, workload.ExpiresAt));
        return placement.Offer is { } offer
            ? new Decision.Start(offer)
            : new Decision.Wait(Earlier(now + TimeSpan.FromSeconds(10), workload.ExpiresAt), placement.WaitReason ?? "Waiting for a place.");
    }

    private static Decision Keep(WorkloadSnapshot workload, AllocationSnapshot live, Observation seen, DateTimeOffset now)
    {
        if (Expired(workload, now) is { } expired) return expired;
        if (live.StopAskedAt is not null || workload.RestartRequested) return AwaitEnd(workload, live, now);
        if (live.StartedAt is null) return new Decision.Resume();
        if (seen.State == ObservedState.Ready)
            return workload.Phase != WorkloadPhase.Running
                ? new Decision.Advance(WorkloadPhase.Running, workload.ReadyTimeout is null ? "The program has started." : "It answers.")
                : workload.ExpiresAt is { } end ? new Decision.Wait(end) : new Decision.None();
        // Ready once is ready enough: a program that is busy, or a target that has to find out anew, is no reason to end it.
        if (workload.Phase == WorkloadPhase.Running) return new Decision.Wait(Earlier(now + TimeSpan.FromSeconds(10), workload.ExpiresAt));
        if (workload.ReadyTimeout is { } timeout && now >= live.StartedAt + timeout)
            return new Decision.Stop($"Not ready within {Words(timeout)}{(seen.Message is null ? "" : ": " + seen.Message)}", FailureClass.NotReadyInTime);
        if (workload.Phase is WorkloadPhase.Placing or WorkloadPhase.Queued or WorkloadPhase.Recovering)
            return new Decision.Advance(WorkloadPhase.Starting, workload.ReadyTimeout is null ? "Starting the program." : "Waiting until it answers.");
        return new Decision.Wait(Earlier(workload.ReadyTimeout is { } t ? live.StartedAt.Value + t : now + TimeSpan.FromSeconds(10), workload.ExpiresAt), seen.Message);
    }

    private static Decision AfterAskedEnd(WorkloadSnapshot workload, AllocationSnapshot live, Observation seen, DateTimeOffset now)
    {
        if (live.PendingFailure is { } failure) return AfterFailure(workload, failure, live.PendingReason ?? seen.Message ?? "It failed.", now);
        return new Decision.Replace(WorkloadPhase.Queued, null, "Started again while it was stopping.", now, CountsAsError: false);
    }

    private static Decision AfterOwnEnd(WorkloadSnapshot workload, Observation seen, DateTimeOffset now)
    {
        if (seen.Failure is { } failure) return AfterFailure(workload, failure, seen.Message ?? failure.ToString(), now);
        // Asked to end by somebody other than the portal (the host going down): the owner still wants it.
        if (seen.StopRequested) return AfterFailure(workload, FailureClass.Interrupted, seen.Message ?? "The host asked it to end.", now);
        if (workload.Kind == WorkloadKind.TrainingRun && seen.ExitCode == 0) return new Decision.Complete("The program ended with exit code 0.");
        return AfterFailure(workload, FailureClass.Crashed, seen.Message ?? $"The program ended by itself with exit code {seen.ExitCode}.", now);
    }

    private static Decision AfterFailure(WorkloadSnapshot workload, FailureClass failure, string reason, DateTimeOffset now) => failure switch
    {
        FailureClass.Interrupted or FailureClass.Lost => workload.Retry.On.Contains("interruption")
            ? Again(workload, failure, reason, now, WorkloadPhase.Recovering, countsAsError: false)
            : new Decision.Fail(failure, reason),
        FailureClass.NoCapacity when !workload.Retry.On.Contains("noCapacity") => new Decision.Fail(failure, reason),
        FailureClass.NoCapacity or FailureClass.Throttled or FailureClass.QuotaExceeded =>
            Again(workload, failure, reason, now, WorkloadPhase.Queued, countsAsError: false),
        FailureClass.Crashed or FailureClass.NotReadyInTime or FailureClass.ImagePull =>
            workload.Retry.On.Contains("error") && workload.ErrorAttempts + 1 < workload.Retry.Attempts
                ? Again(workload, failure, reason, now, WorkloadPhase.Queued, countsAsError: true)
                : new Decision.Fail(failure, reason),
        // Trying again the same way on the same hardware would end the same way.
        _ => new Decision.Fail(failure, reason),
    };

    /// <summary>What to do after a start was refused.</summary>
    public static Decision AfterRefusedStart(WorkloadSnapshot workload, FailureClass failure, string reason, DateTimeOffset now) =>
        workload.RestartRequested ? Restart(now) : AfterFailure(workload, failure, reason, now);

    private static Decision.Replace Restart(DateTimeOffset now) => new(WorkloadPhase.Queued, null, "Restarting.", now, CountsAsError: false);

    private static Decision.Replace Again(WorkloadSnapshot workload, FailureClass failure, string reason, DateTimeOffset now, WorkloadPhase phase, bool countsAsError)
    {
        // The first setback is tried again at once when the place was lost, after the item's back-off otherwise; then it doubles.
        var first = failure is FailureClass.Interrupted or FailureClass.Lost;
        var doublings = Math.Min(first ? workload.SetbacksInARow - 1 : workload.SetbacksInARow, 6);
        var delay = doublings < 0 ? TimeSpan.Zero : workload.Retry.Backoff * Math.Pow(2, doublings);
        return new Decision.Replace(phase, failure, reason, now + (delay < LongestBackoff ? delay : LongestBackoff), countsAsError);
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset? b) => b < a ? b.Value : a;

    private static string Words(TimeSpan span) => span.TotalSeconds < 120 ? $"{span.TotalSeconds:0} s" : $"{span.TotalMinutes:0} min";
}
