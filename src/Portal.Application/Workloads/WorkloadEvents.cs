using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

internal static class WorkloadEvents
{
    /// <summary>Adds a row to the timeline. <paramref name="from"/> is the phase before the change, null at launch.</summary>
    public static void Record(this PortalDbContext db, Workload workload, WorkloadPhase? from, string reason, Actor? actor, DateTimeOffset at) =>
        db.WorkloadEvents.Add(new WorkloadEvent
        {
            WorkloadId = workload.Id,
            At = at,
            From = from,
            To = workload.Phase,
            Reason = reason.Length > 1000 ? reason[..1000] : reason,
            Actor = actor?.Name ?? "portal",
            ActorId = actor?.UserId,
            Attempt = workload.Attempt == 0 ? null : workload.Attempt,
        });
}
