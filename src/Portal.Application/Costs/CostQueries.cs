using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Costs;

namespace Portal.Application.Costs;

/// <summary>A ledger row, or the open stretch since the last one.</summary>
public sealed record UsageRow(Guid AllocationId, int Attempt, string Component, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, int Revision, decimal HourlyPrice, decimal ListHourlyPrice,
    decimal Cost, decimal ListCost, string Currency, string CapacityType, bool Open);

/// <summary>Cost to date of a workload.</summary>
/// <param name="Cost">Posted plus open.</param>
public sealed record CostToDate(decimal Cost, decimal ListCost);

/// <summary>Reads costs; everything is summed from the ledger plus what is open.</summary>
public sealed class CostQueries(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>Posted records and, last, the open stretches of a workload, in order of time.</summary>
    public async Task<IReadOnlyList<UsageRow>?> UsageAsync(Guid workloadId, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.VisibleWorkloads(actor).AnyAsync(w => w.Id == workloadId, cancellationToken)) return null;
        // One snapshot for both, so that a posting in between neither doubles nor drops a stretch.
        await using var transaction = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var rows = await db.UsageRecords.Where(r => r.WorkloadId == workloadId).Join(db.Allocations, r => r.AllocationId, a => a.Id, (r, a) => new { r, a.Attempt })
            .OrderBy(x => x.r.PeriodStart).ThenBy(x => x.r.Revision)
            .Select(x => new UsageRow(x.r.AllocationId, x.Attempt, x.r.Component, x.r.PeriodStart, x.r.PeriodEnd, x.r.Revision, x.r.HourlyPrice, x.r.ListHourlyPrice, x.r.Cost, x.r.ListCost, x.r.Currency, x.r.CapacityType, false))
            .ToListAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var open = await db.UsageIntervals.AsNoTracking().Where(i => i.WorkloadId == workloadId && (i.EndedAt == null || i.PostedUntil < i.EndedAt))
            .Join(db.Allocations, i => i.AllocationId, a => a.Id, (i, a) => new { i, a.Attempt }).ToListAsync(cancellationToken);
        rows.AddRange(open.Select(o => (o.i, o.Attempt, To: Accrual.ToMicroseconds(o.i.EndedAt ?? now))).Where(o => o.To > o.i.PostedUntil)
            .Select(o => new UsageRow(o.i.AllocationId, o.Attempt, o.i.Component, o.i.PostedUntil, o.To, 0, o.i.HourlyPrice, o.i.ListHourlyPrice,
                Accrual.Between(o.i.StartedAt, o.i.PostedUntil, o.To, o.i.HourlyPrice), Accrual.Between(o.i.StartedAt, o.i.PostedUntil, o.To, o.i.ListHourlyPrice), o.i.Currency, o.i.CapacityType, o.i.EndedAt is null)));
        return rows;
    }

    /// <summary>Cost to date of some workloads, in the caller's context: posted records plus open stretches.</summary>
    internal static async Task<Dictionary<Guid, CostToDate>> ToDateAsync(PortalDbContext db, IReadOnlyCollection<Guid> workloadIds, CancellationToken cancellationToken)
    {
        var posted = await db.UsageRecords.Where(r => workloadIds.Contains(r.WorkloadId)).GroupBy(r => r.WorkloadId)
            .Select(g => new { g.Key, Cost = g.Sum(r => r.Cost), ListCost = g.Sum(r => r.ListCost) }).ToDictionaryAsync(g => g.Key, g => new CostToDate(g.Cost, g.ListCost), cancellationToken);
        var open = await db.UsageIntervals.AsNoTracking().Where(i => workloadIds.Contains(i.WorkloadId) && (i.EndedAt == null || i.PostedUntil < i.EndedAt)).ToListAsync(cancellationToken);
        var now = open.Count == 0 ? default : await db.NowAsync(cancellationToken);
        foreach (var interval in open)
        {
            var to = interval.EndedAt ?? now;
            var known = posted.GetValueOrDefault(interval.WorkloadId, new CostToDate(0, 0));
            posted[interval.WorkloadId] = new CostToDate(
                known.Cost + Accrual.Between(interval.StartedAt, interval.PostedUntil, to, interval.HourlyPrice),
                known.ListCost + Accrual.Between(interval.StartedAt, interval.PostedUntil, to, interval.ListHourlyPrice));
        }
        return posted;
    }
}
