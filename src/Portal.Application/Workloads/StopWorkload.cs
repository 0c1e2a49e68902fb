using Portal.Application.Access.Approvals;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Wishes a workload stopped; what is waiting or starting is cancelled. Safe to repeat.</summary>
public sealed class StopWorkload(ChangeWorkload change)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.stop", async (db, workload, now) =>
        {
            if (workload.Desired != DesiredState.Running || !workload.Phase.IsActive()) return new WorkloadOutcome.Accepted(id);
            await db.WithdrawOpenAsync(workload, actor, now, cancellationToken);
            workload.Desired = DesiredState.Stopped;
            (workload.RestartRequested, workload.StopReason) = (false, null);
            db.Record(workload, workload.Phase, $"Stop asked by {actor.Name}.", actor, now);
            return null;
        }, FaultPoints.StopRequested, cancellationToken, PortalAction.OperateWorkload);
}
