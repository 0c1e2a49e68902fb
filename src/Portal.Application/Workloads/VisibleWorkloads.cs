using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

internal static class Visibility
{
    /// <summary>The workloads an actor may know of.</summary>
    public static IQueryable<Workload> VisibleWorkloads(this PortalDbContext db, Actor actor) => db.Workloads.Readable(db.WorkloadShares, actor);

    /// <summary>What a workload was shared with the actor by name for; null: it was not.</summary>
    public static Task<ShareLevel?> ShareOfAsync(this PortalDbContext db, Guid workloadId, Actor actor, CancellationToken cancellationToken) =>
        db.WorkloadShares.Where(s => s.WorkloadId == workloadId && s.UserId == actor.UserId).Select(s => (ShareLevel?)s.Level).SingleOrDefaultAsync(cancellationToken);
}
