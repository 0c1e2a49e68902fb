using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

internal static class Visibility
{
    /// <summary>The workloads an actor may know of: <see cref="WorkloadAccess.MaySee"/> as a query.</summary>
    public static IQueryable<Workload> VisibleWorkloads(this PortalDbContext db, Actor actor)
    {
        if (!actor.MayRead) return db.Workloads.Where(_ => false);
        if (actor.SeesEverything) return db.Workloads;
        var teams = actor.Teams.Select(t => t.Id).ToList();
        return db.Workloads.Where(w => w.OwnerId == actor.UserId || teams.Contains(w.TeamId) || db.WorkloadShares.Any(s => s.WorkloadId == w.Id && s.UserId == actor.UserId));
    }
}
