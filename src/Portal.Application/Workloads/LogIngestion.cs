using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Turns <c>::metric</c> lines of logs into points; the cursor moves in the transaction of the points, so that none is lost or doubled.</summary>
public sealed class LogIngestion(IDbContextFactory<PortalDbContext> contexts, ComputeTargets targets)
{
    private const int SliceBytes = 1 << 20;
    private const int TailLines = 200;

    /// <summary>Points kept per workload; a program that prints without end stops being recorded, not the portal.</summary>
    public const int MaxPointsPerWorkload = 200_000;

    /// <summary>Reads the log from the stored cursor to its end; answers whether points were added.</summary>
    public async Task<bool> IngestAsync(Guid allocationId, CancellationToken cancellationToken)
    {
        var added = false;
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var allocation = await db.Allocations.AsNoTracking().SingleAsync(a => a.Id == allocationId, cancellationToken);
            if (targets.Find(allocation.Target) is not { } target || allocation.StartedAt is null && allocation.ObservedState == ObservedState.NotFound) return added;
            LogSlice slice;
            try
            {
                slice = await target.ReadLogAsync(allocationId, allocation.LogCursor, SliceBytes, cancellationToken);
            }
            catch (ComputeTargetException)
            {
                // No log to read (forgotten, or the target is away): metrics wait for the next look.
                return added;
            }
            if (slice.NextCursor == allocation.LogCursor) return added;
            added |= await StoreAsync(db, allocation, slice, cancellationToken);
        }
    }

    /// <summary>The last lines as text, or null when there are none to be had.</summary>
    public async Task<string?> TailAsync(Allocation allocation, CancellationToken cancellationToken)
    {
        try
        {
            var tail = await targets[allocation.Target].ReadLogTailAsync(allocation.Id, TailLines, cancellationToken);
            return tail.Lines.Count == 0 ? null : string.Join('\n', tail.Lines.Select(l => l.Text)).Replace("\0", "\uFFFD", StringComparison.Ordinal);
        }
        catch (ComputeTargetException)
        {
            return null;
        }
    }

    private static async Task<bool> StoreAsync(PortalDbContext db, Allocation allocation, LogSlice slice, CancellationToken cancellationToken)
    {
        var points = slice.Lines.Where(l => l.Source == "out").SelectMany(l => MetricLine.Parse(l.Text).Select(m => (m.Name, m.Value, m.Step, l.At))).ToList();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var moved = await db.Database.ExecuteSqlAsync($"""
            update allocations set log_cursor = {slice.NextCursor} where id = {allocation.Id} and log_cursor = {allocation.LogCursor}
            """, cancellationToken);
        if (moved == 0) return false;
        if (points.Count > 0 && await db.MetricPoints.CountAsync(p => p.WorkloadId == allocation.WorkloadId, cancellationToken) < MaxPointsPerWorkload)
        {
            await InsertAsync(db, allocation, points, cancellationToken);
            await db.NotifyAsync([allocation.WorkloadId], cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return points.Count > 0;
    }

    private static async Task InsertAsync(PortalDbContext db, Allocation allocation, List<(string Name, double Value, long? Step, DateTimeOffset At)> points, CancellationToken cancellationToken)
    {
        // A step printed twice in one slice: the later line counts, and one statement must not touch a row twice.
        var stepped = points.Where(p => p.Step is not null).GroupBy(p => (p.Name, p.Step)).Select(g => g.Last());
        var rows = stepped.Concat(points.Where(p => p.Step is null)).ToList();
        var (names, steps, ats, values) = (rows.Select(r => r.Name).ToArray(), rows.Select(r => r.Step).ToArray(), rows.Select(r => r.At.ToUniversalTime()).ToArray(), rows.Select(r => r.Value).ToArray());
        await db.Database.ExecuteSqlAsync($"""
            insert into metric_points (workload_id, attempt, name, step, at, value)
            select {allocation.WorkloadId}, {allocation.Attempt}, n, s, a, v from unnest({names}, {steps}, {ats}, {values}) as t(n, s, a, v)
            on conflict (workload_id, name, step) where step is not null do update set value = excluded.value, at = excluded.at, attempt = excluded.attempt
            """, cancellationToken);
    }
}
