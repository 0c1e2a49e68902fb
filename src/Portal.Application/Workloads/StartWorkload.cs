using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Starts a stopped or failed workload again, with its own folder and a fresh lifetime. Safe to repeat.</summary>
public sealed class StartWorkload(ChangeWorkload change, ReturnToQueue back)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.start", async (db, workload, now) =>
        {
            if (workload.Desired == DesiredState.Deleted) return new WorkloadOutcome.Conflict("It is deleted.");
            if (workload.Phase == WorkloadPhase.Succeeded)
                return new WorkloadOutcome.Conflict("It has succeeded. Use restart for a new attempt, or launch a copy.");
            if (workload.Phase == WorkloadPhase.Rejected) return new WorkloadOutcome.Conflict("It was rejected. Launch it again.");
            if (workload.Desired == DesiredState.Running && workload.Phase.IsActive()) return new WorkloadOutcome.Accepted(id);
            var from = workload.Phase;
            WorkloadOutcome? answer = null;
            if (workload.Phase.IsActive())
            {
                if (await back.RefusalAsync(db, workload, actor, cancellationToken) is { } refusal) return refusal;
                // Still stopping: it will come back once the old program has ended.
                (workload.Desired, workload.StopReason) = (DesiredState.Running, null);
                workload.ExpiresAt = now + workload.Lifetime;
            }
            else answer = await back.ExecuteAsync(db, workload, "Started again; looking for a place.", actor, now, cancellationToken);
            if (answer is null or WorkloadOutcome.ApprovalRequired) db.Record(workload, from, $"Start asked by {actor.Name}.", actor, now);
            return answer;
        }, null, cancellationToken, PortalAction.OperateWorkload);
}
