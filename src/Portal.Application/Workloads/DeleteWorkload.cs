using Portal.Application.Access.Approvals;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Wishes a workload gone with its folder, checkpoints and artifacts. It stays readable by id and in costs. Safe to repeat.</summary>
public sealed class DeleteWorkload(ChangeWorkload change)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.delete", async (db, workload, now) =>
        {
            if (workload.Desired == DesiredState.Deleted) return new WorkloadOutcome.Accepted(id);
            await db.WithdrawOpenAsync(workload, actor, now, cancellationToken);
            await OfferWorkload.WithdrawOpenAsync(db, workload, now, cancellationToken);
            workload.Desired = DesiredState.Deleted;
            workload.RestartRequested = false;
            db.Record(workload, workload.Phase, $"Deletion asked by {actor.Name}.", actor, now);
            return null;
        }, FaultPoints.DeleteRequested, cancellationToken, PortalAction.DeleteWorkload);
}
