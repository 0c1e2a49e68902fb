using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Ends the running attempt, if any, and begins a new one, with the end it had. Also brings back what has succeeded, failed or was stopped, with a fresh lifetime.</summary>
public sealed class RestartWorkload(ChangeWorkload change, ReturnToQueue back)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.restart", async (db, workload, now) =>
        {
            if (workload.Desired == DesiredState.Deleted) return new WorkloadOutcome.Conflict("It is deleted.");
            if (workload.Phase is WorkloadPhase.Rejected or WorkloadPhase.PendingApproval) return new WorkloadOutcome.Conflict("It has not been approved.");
            if (workload.RestartRequested && workload.Phase.IsActive()) return new WorkloadOutcome.Accepted(id);
            // One that is stopping comes back only as a start would; one that runs begins anew only while its owner has access.
            if (workload.Phase.IsActive() && await (workload.Desired == DesiredState.Running ? back.LockedAsync(db, workload, cancellationToken) : back.RefusalAsync(db, workload, actor, cancellationToken)) is { } refusal) return refusal;
            var from = workload.Phase;
            WorkloadOutcome? answer = null;
            if (!workload.Phase.IsActive()) answer = await back.ExecuteAsync(db, workload, "Restarted; looking for a place.", actor, now, cancellationToken);
            else if (workload.Phase is WorkloadPhase.Queued or WorkloadPhase.Recovering) (workload.NotBefore, workload.Desired) = (null, DesiredState.Running);
            else (workload.RestartRequested, workload.Desired) = (true, DesiredState.Running);
            if (answer is null or WorkloadOutcome.ApprovalRequired) db.Record(workload, from, $"Restart asked by {actor.Name}.", actor, now);
            return answer;
        }, null, cancellationToken, PortalAction.OperateWorkload);
}
