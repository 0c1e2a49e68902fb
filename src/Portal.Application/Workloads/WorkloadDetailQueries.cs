using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>One workload in full; null whenever the caller may not know of it.</summary>
public sealed class WorkloadDetailQueries(IDbContextFactory<PortalDbContext> contexts, WorkloadQueries rows, PublishedItems items)
{
    public async Task<WorkloadDetail?> FindAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = (await rows.RowsAsync(db, db.VisibleWorkloads(actor).Where(w => w.Id == id), actor, cancellationToken)).SingleOrDefault();
        if (row is null) return null;
        var w = await db.Workloads.AsNoTracking().SingleAsync(x => x.Id == id, cancellationToken);
        var version = await items.GetAsync(w.ItemVersionId, cancellationToken);
        var shared = await db.WorkloadShares.Where(s => s.WorkloadId == id).Join(db.Users, s => s.UserId, u => u.Id, (s, u) => new SharedPerson(u.Id, u.DisplayName, u.Email!, s.Level)).ToListAsync(cancellationToken);
        var allocations = await AllocationsAsync(db, id, cancellationToken);
        var live = allocations.LastOrDefault(a => a.EndedAt is null);
        var costCentre = await db.Teams.Where(t => t.Id == w.TeamId).Select(t => t.CostCentre).SingleAsync(cancellationToken);
        var list = (await CostQueries.ToDateAsync(db, [id], cancellationToken)).GetValueOrDefault(id)?.ListCost ?? 0;
        var (median, from) = await MedianReadyAsync(db, version.ItemId, w.Target, cancellationToken);
        return new WorkloadDetail(row, PortalJson.Read<HardwareProfileSpec>(w.HardwareJson), version.Spec, PortalJson.Read<Dictionary<string, JsonElement>>(w.ParametersJson),
            w.ProtectedSecrets is null ? [] : [.. version.Spec.Parameters.Where(p => p.Secret).Select(p => p.Name)], PortalJson.Read<Dictionary<string, string>>(w.TagsJson), w.LaunchReason, costCentre,
            w.ListHourlyPrice, list, w.Lifetime, w.IdleTimeout, w.RestartRequested, w.QueuedAt, w.NotBefore, w.LogTail, w.Audience, shared, live,
            WorkloadSteps.Of(w, allocations.LastOrDefault(), version.Spec), median, from, w.RowVersion)
        {
            Waiting = await db.ApprovalRequests.Where(r => r.WorkloadId == id && r.State == ApprovalState.Waiting).Select(r => new WaitingApproval(r.Id, r.Kind, r.CreatedAt, r.ExpiresAt, r.RequesterId == actor.UserId)).FirstOrDefaultAsync(cancellationToken),
            Offer = await (from t in db.WorkloadTransfers join u in db.Users on t.ToUserId equals u.Id join giver in db.Users on t.OfferedById equals giver.Id where t.WorkloadId == id && t.State == TransferState.Offered
                           select new OpenOffer(u.Id, u.DisplayName, u.Email!, giver.DisplayName, t.ExpiresAt)).FirstOrDefaultAsync(cancellationToken),
            OwnerGoneAt = w.OwnerGoneAt,
        };
    }

    /// <summary>The timeline, newest first.</summary>
    public async Task<IReadOnlyList<EventRow>?> EventsAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await MaySeeAsync(db, id, actor, cancellationToken)) return null;
        return await db.WorkloadEvents.Where(e => e.WorkloadId == id).OrderByDescending(e => e.Seq).Take(1000)
            .Select(e => new EventRow(e.Seq, e.At, e.From, e.To, e.Reason, e.Actor, e.ActorId, e.Attempt)).ToListAsync(cancellationToken);
    }

    /// <summary>Attempts, oldest first, with what each has cost.</summary>
    public async Task<IReadOnlyList<AllocationRow>?> AllocationsAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await MaySeeAsync(db, id, actor, cancellationToken) ? await AllocationsAsync(db, id, cancellationToken) : null;
    }

    /// <summary>Series by name; by step where there are steps, else by time. System samples are named <c>system/…</c>.</summary>
    public async Task<IReadOnlyList<MetricSeries>?> MetricsAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await MaySeeAsync(db, id, actor, cancellationToken)) return null;
        var points = await db.MetricPoints.Where(p => p.WorkloadId == id).OrderBy(p => p.Name).ThenBy(p => p.Step).ThenBy(p => p.At).ThenBy(p => p.Id)
            .Select(p => new { p.Name, Value = new MetricValue(p.Step, p.At, p.Value, p.Attempt) }).ToListAsync(cancellationToken);
        return [.. points.GroupBy(p => p.Name).Select(g => new MetricSeries(g.Key, [.. g.Select(p => p.Value)]))];
    }

    private static Task<bool> MaySeeAsync(PortalDbContext db, Guid id, Actor actor, CancellationToken cancellationToken) => db.VisibleWorkloads(actor).AnyAsync(w => w.Id == id, cancellationToken);

    private static async Task<List<AllocationRow>> AllocationsAsync(PortalDbContext db, Guid id, CancellationToken cancellationToken)
    {
        var found = await db.Allocations.AsNoTracking().Where(a => a.WorkloadId == id).OrderBy(a => a.Attempt).ToListAsync(cancellationToken);
        var posted = await db.UsageRecords.Where(r => r.WorkloadId == id).GroupBy(r => r.AllocationId).Select(g => new { g.Key, Cost = g.Sum(r => r.Cost) }).ToDictionaryAsync(g => g.Key, g => g.Cost, cancellationToken);
        var open = await db.UsageIntervals.AsNoTracking().Where(i => i.WorkloadId == id && (i.EndedAt == null || i.PostedUntil < i.EndedAt)).ToListAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        foreach (var i in open)
            posted[i.AllocationId] = posted.GetValueOrDefault(i.AllocationId) + Domain.Costs.Accrual.Between(i.StartedAt, i.PostedUntil, i.EndedAt ?? now, i.HourlyPrice);
        return [.. found.Select(a => new AllocationRow(a.Id, a.Attempt, a.Target, a.Region, a.Zone, a.InstanceType, a.Capacity, a.ResourceId, a.CreatedAt, a.StartedAt, a.ReadyAt, a.EndedAt, a.ExitCode,
            a.Failure, a.EndReason, a.HourlyPrice, a.ListHourlyPrice, posted.GetValueOrDefault(a.Id), a.Currency, a.ObservedState, a.ObservedMessage)
        {
            Node = a.Node, Billed = open.Any(i => i.AllocationId == a.Id && i.EndedAt is null),
        })];
    }

    /// <summary>Median of the last hundred starts of an item on a target, from placed to ready.</summary>
    private static async Task<(TimeSpan? Median, int From)> MedianReadyAsync(PortalDbContext db, Guid itemId, string target, CancellationToken cancellationToken)
    {
        var past = await db.Allocations.Where(a => a.Target == target && a.ReadyAt != null && db.Workloads.Any(w => w.Id == a.WorkloadId && db.ItemVersions.Any(v => v.Id == w.ItemVersionId && v.ItemId == itemId)))
            .OrderByDescending(a => a.CreatedAt).Take(100).Select(a => new { a.CreatedAt, a.ReadyAt }).ToListAsync(cancellationToken);
        if (past.Count == 0) return (null, 0);
        var sorted = past.Select(p => p.ReadyAt!.Value - p.CreatedAt).Order().ToList();
        return (sorted[sorted.Count / 2], past.Count);
    }
}
