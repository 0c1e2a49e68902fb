using Portal.Application.Settings;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Ends the running attempt, if any, and begins a new one. Also brings back what has succeeded, failed or was stopped.</summary>
public sealed class RestartWorkload(ChangeWorkload change, PortalSettings settings)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.restart", async (db, workload, now) =>
        {
            if (workload.Desired == DesiredState.Deleted) return new WorkloadOutcome.Conflict("It is deleted.");
            if (workload.Phase is WorkloadPhase.Rejected or WorkloadPhase.PendingApproval) return new WorkloadOutcome.Conflict("It has not been approved.");
            if (workload.RestartRequested && workload.Phase.IsActive()) return new WorkloadOutcome.Accepted(id);
            // What runs may begin anew; what has ended would be one more.
            if (!workload.Phase.IsActive() && (await settings.GetAsync(cancellationToken)).LaunchPaused is { Length: > 0 } paused) return new WorkloadOutcome.Conflict($"Launches are paused: {paused}");
            var from = workload.Phase;
            if (!workload.Phase.IsActive()) workload.Enqueue("Restarted; looking for a place.", now);
            else if (workload.Phase is WorkloadPhase.Queued or WorkloadPhase.Recovering) (workload.NotBefore, workload.Desired) = (null, DesiredState.Running);
            else (workload.RestartRequested, workload.Desired) = (true, DesiredState.Running);
            workload.ExpiresAt = now + workload.Lifetime;
            db.Record(workload, from, $"Restart asked by {actor.Name}.", actor, now);
            return null;
        }, null, cancellationToken);
}
