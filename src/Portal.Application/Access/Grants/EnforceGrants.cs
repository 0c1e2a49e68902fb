using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Grants;

/// <summary>
/// Stops what runs without a grant where the restriction says so, once the grace after the loss is over. Looks at how things are, not at what happened: a missed run is made up by the next.
/// </summary>
public sealed class EnforceGrants(IDbContextFactory<PortalDbContext> contexts, ReconcileRequests requests)
{
    private sealed record Due(Guid Id, string Kind, string Slug);

    /// <summary>Asks what is due to stop; answers how many.</summary>
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // The loss: when the last grant ended, or when the restriction came and there was none.
        var due = await db.Database.SqlQuery<Due>($"""
            select w.id, r.kind, r.slug from workloads w
            join item_versions v on v.id = w.item_version_id join catalog_items i on i.id = v.item_id
            join access_restrictions r on r.on_end = 'Stop' and ((r.kind = 'Item' and r.slug = i.slug) or (r.kind = 'Category' and r.slug = i.category_slug) or (r.kind = 'Hardware' and r.slug = w.hardware))
            where w.desired = 'Running' and w.phase in ('Queued', 'Placing', 'Starting', 'Running', 'Recovering')
              and not exists (select 1 from access_grants g where g.kind = r.kind and g.slug = r.slug and (g.user_id = w.owner_id or g.team_id = w.team_id) and g.revoked_at is null and g.starts_at <= clock_timestamp() and g.ends_at > clock_timestamp())
              and clock_timestamp() > r.grace + greatest(r.created_at, (select max(least(coalesce(g.revoked_at, g.ends_at), g.ends_at)) from access_grants g where g.kind = r.kind and g.slug = r.slug and (g.user_id = w.owner_id or g.team_id = w.team_id)))
            limit 200
            """).ToListAsync(cancellationToken);
        foreach (var workload in due.DistinctBy(d => d.Id)) await StopAsync(workload, cancellationToken);
        return due.Count;
    }

    private async Task StopAsync(Due due, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var workload = await db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {due.Id} for no key update").SingleAsync(cancellationToken);
        if (workload.Desired != DesiredState.Running || !workload.Phase.IsActive()) return;
        var now = await db.NowAsync(cancellationToken);
        var reason = $"Its owner's access to {due.Kind.ToLowerInvariant()} {due.Slug} has ended.";
        (workload.Desired, workload.RestartRequested, workload.StopReason) = (DesiredState.Stopped, false, reason);
        workload.Wake(now);
        db.Record(workload, workload.Phase, reason + " Stopping.", null, now);
        db.Audit(null, now, "workload.accessStop", "workload", workload.Id.ToString(), workload.Name, new { due.Kind, due.Slug });
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync([due.Id], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        requests.Enqueue(due.Id);
    }
}
