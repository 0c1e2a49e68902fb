using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Costs;

namespace Portal.Application.Costs;

/// <summary>Posts usage to the ledger: a record a finished hour, and the rest at the end. Rerunning posts nothing twice.</summary>
public sealed class UsagePosting(IDbContextFactory<PortalDbContext> contexts, FaultPoints faults)
{
    // A batch is one transaction: short enough that a worker's death loses little, long enough that 10,000 workloads post in seconds.
    private const int BatchSize = 500;

    // An end may be learnt a little late; waiting this long past the hour makes corrections rare.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(1);

    /// <summary>Posts what is due and answers how many records.</summary>
    public async Task<int> PostDueAsync(CancellationToken cancellationToken)
    {
        var posted = 0;
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var now = await db.NowAsync(cancellationToken);
            var hour = HourOf(now - SettleTime);
            var due = await db.UsageIntervals.FromSql($"""
                select * from usage_intervals where posted_until < coalesce(ended_at, {hour}) order by id limit {BatchSize} for update skip locked
                """).ToListAsync(cancellationToken);
            if (due.Count == 0) return posted;
            foreach (var interval in due) posted += Post(db, interval, now, hour);
            await db.SaveChangesAsync(cancellationToken);
            faults.Pass(FaultPoints.PostBeforeCommit);
            await transaction.CommitAsync(cancellationToken);
            faults.Pass(FaultPoints.PostAfterCommit);
        }
    }

    /// <summary>Closes the allocation's open intervals and posts the rest, inside the caller's transaction.</summary>
    internal static async Task CloseAsync(PortalDbContext db, Guid allocationId, DateTimeOffset endedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var open = await db.UsageIntervals.FromSql($"select * from usage_intervals where allocation_id = {allocationId} and ended_at is null for update").ToListAsync(cancellationToken);
        foreach (var interval in open) await CloseAsync(db, interval, endedAt, now, cancellationToken);
        // A share of a machine that was missed after its allocation's end, when nobody knew that end yet, was billed until it was missed.
        var late = await db.UsageIntervals.FromSql($"select * from usage_intervals where allocation_id = {allocationId} and ended_at > {endedAt} and part <> '' for update").ToListAsync(cancellationToken);
        foreach (var interval in late) await CloseAsync(db, interval, endedAt, now, cancellationToken);
    }

    /// <summary>Closes one interval, which the caller holds, and posts the rest; an end before its start makes it empty.</summary>
    internal static async Task CloseAsync(PortalDbContext db, UsageInterval interval, DateTimeOffset endedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        endedAt = Accrual.ToMicroseconds(endedAt);
        if (endedAt < interval.StartedAt) endedAt = interval.StartedAt;
        if (endedAt < interval.PostedUntil)
        {
            var records = await db.UsageRecords.AsNoTracking().Where(r => r.IntervalId == interval.Id && r.PeriodEnd > endedAt).ToListAsync(cancellationToken);
            db.UsageRecords.AddRange(LedgerPosting.Corrections(interval, records, endedAt, now));
            interval.PostedUntil = endedAt;
        }
        interval.EndedAt = endedAt;
        Post(db, interval, now, endedAt);
    }

    private static int Post(PortalDbContext db, UsageInterval interval, DateTimeOffset now, DateTimeOffset until)
    {
        var records = LedgerPosting.Due(interval, until, now);
        db.UsageRecords.AddRange(records);
        if (records.Count > 0) interval.PostedUntil = records[^1].PeriodEnd;
        return records.Count;
    }

    private static DateTimeOffset HourOf(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);
}
