using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Wishes a workload stopped; what is waiting or starting is cancelled. Safe to repeat.</summary>
public sealed class StopWorkload(ChangeWorkload change)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.stop", (db, workload, now) =>
        {
            if (workload.Desired != DesiredState.Running || !workload.Phase.IsActive()) return Task.FromResult<WorkloadOutcome?>(new WorkloadOutcome.Accepted(id));
            workload.Desired = DesiredState.Stopped;
            (workload.RestartRequested, workload.StopReason) = (false, null);
            db.Record(workload, workload.Phase, $"Stop asked by {actor.Name}.", actor, now);
            return Task.FromResult<WorkloadOutcome?>(null);
        }, FaultPoints.StopRequested, cancellationToken);
}
