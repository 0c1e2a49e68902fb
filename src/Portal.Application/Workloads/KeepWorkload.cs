using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>A person says that it is in use: the idle stop begins to count anew.</summary>
public sealed class KeepWorkload(ChangeWorkload change)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.keep", (db, workload, now) =>
        {
            if (workload.Phase != WorkloadPhase.Running) return Task.FromResult<WorkloadOutcome?>(new WorkloadOutcome.Conflict("It is not running, so there is no idle stop to put off."));
            (workload.ActivityAt, workload.ActivityWhat, workload.IdleStopAt) = (now, $"{actor.Name} kept it", null);
            db.Record(workload, workload.Phase, $"Kept by {actor.Name}: idleness counts from now.", actor, now);
            return Task.FromResult<WorkloadOutcome?>(null);
        }, null, cancellationToken, PortalAction.OperateWorkload);
}
