using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Costs;

/// <summary>
/// Meters allocations that hold shares of machines (pods on nodes): each share is billed at its own price from when it was placed until it ended. What moves is another share; a changed price cuts the interval.
/// </summary>
public sealed class PartMetering(IDbContextFactory<PortalDbContext> contexts, CurrentPrices prices)
{
    private const int BatchSize = 500;

    /// <summary>Whether what is seen differs from what was recorded last.</summary>
    internal static bool IsNews(Allocation live, IReadOnlyList<PlacedPart>? parts) => live.StartedAt is not null && parts is not null && !string.Equals(PortalJson.Write(parts), live.PartsJson, StringComparison.Ordinal);

    /// <summary>
    /// Opens, closes and cuts intervals so that they say what is seen, inside the caller's transaction.
    /// Answers words for the timeline when something was placed; recording the same twice changes nothing.
    /// </summary>
    /// <param name="endedAt">When the allocation ended, where it has.</param>
    internal static async Task<string?> RecordAsync(PortalDbContext db, Allocation live, IReadOnlyList<PlacedPart> parts, PriceBook book, DateTimeOffset? endedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!IsNews(live, parts)) return null;
        var before = live.PartsJson is { } json ? PortalJson.Read<List<PlacedPart>>(json) : [];
        var known = await db.UsageIntervals.Where(i => i.AllocationId == live.Id && i.Part != "").Select(i => i.Part).Distinct().ToListAsync(cancellationToken);
        var open = await db.UsageIntervals.FromSql($"select * from usage_intervals where allocation_id = {live.Id} and ended_at is null and part <> '' for update").ToListAsync(cancellationToken);
        var added = parts.Where(p => !known.Contains(p.Id)).ToList();
        // One that is gone without a word was there at most until its successor came, or all of it had ended.
        var goneBy = added.Select(p => p.Since).Append(endedAt ?? now).Append(now).Min();
        foreach (var gone in open.Where(i => parts.All(p => p.Id != i.Part))) await UsagePosting.CloseAsync(db, gone, goneBy, now, cancellationToken);
        foreach (var interval in open.Where(i => i.EndedAt is null))
        {
            var part = parts.Single(p => p.Id == interval.Part);
            if (part.Until is { } until) await UsagePosting.CloseAsync(db, interval, until, now, cancellationToken);
            else await CutAsync(db, live, interval, part, book, now, now, cancellationToken);
        }
        foreach (var part in added)
        {
            var interval = Open(live, part, book, Later(part.Since, live.StartedAt!.Value));
            db.UsageIntervals.Add(interval);
            if (part.Until is { } until) await UsagePosting.CloseAsync(db, interval, until, now, cancellationToken);
        }
        Describe(live, parts, book);
        var stays = before.Any(b => b.Until is null && parts.Any(p => p.Id == b.Id && p.Until is null));
        return added.Count == 0 ? null : Words(known.Count == 0 ? "Placed on" : stays ? "Also placed on" : "Moved to", added, live);
    }

    /// <summary>Cuts the intervals of running shares whose price has changed, at the instant from which the new one holds; answers how many.</summary>
    public async Task<int> RepriceAsync(CancellationToken cancellationToken)
    {
        var book = await prices.GetAsync(cancellationToken);
        var (cut, after) = (0, Guid.Empty);
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var now = await db.NowAsync(cancellationToken);
            // Intervals that began after the newest price have it.
            var due = await db.UsageIntervals.FromSql($"""
                select * from usage_intervals where ended_at is null and part <> '' and started_at < {book.InForceSince} and id > {after} order by id limit {BatchSize} for update skip locked
                """).ToListAsync(cancellationToken);
            if (due.Count == 0) return cut;
            after = due[^1].Id;
            var ids = due.Select(i => i.AllocationId).ToList();
            var allocations = await db.Allocations.Where(a => ids.Contains(a.Id) && a.PartsJson != null).ToDictionaryAsync(a => a.Id, cancellationToken);
            foreach (var interval in due)
                if (allocations.TryGetValue(interval.AllocationId, out var live) && PortalJson.Read<List<PlacedPart>>(live.PartsJson!) is var parts && parts.FirstOrDefault(p => p.Id == interval.Part) is { } part
                    && await CutAsync(db, live, interval, part, book, book.InForceSince, now, cancellationToken))
                {
                    cut++;
                    Describe(live, parts, book);
                }
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static async Task<bool> CutAsync(PortalDbContext db, Allocation live, UsageInterval interval, PlacedPart part, PriceBook book, DateTimeOffset at, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var next = Open(live, part, book, at > interval.StartedAt ? at : now);
        if (next.HourlyPrice == interval.HourlyPrice && next.ListHourlyPrice == interval.ListHourlyPrice && next.CapacityType == interval.CapacityType) return false;
        await UsagePosting.CloseAsync(db, interval, next.StartedAt, now, cancellationToken);
        // One open interval a share is an index's rule, and of two changes the database sees the insert first.
        await db.SaveChangesAsync(cancellationToken);
        db.UsageIntervals.Add(next);
        return true;
    }

    private static UsageInterval Open(Allocation live, PlacedPart part, PriceBook book, DateTimeOffset from)
    {
        var (start, quote) = (Accrual.ToMicroseconds(from), book.For(part));
        return new UsageInterval
        {
            Id = Guid.CreateVersion7(start), AllocationId = live.Id, WorkloadId = live.WorkloadId, Component = "compute", Part = part.Id, StartedAt = start, PostedUntil = start,
            HourlyPrice = Rounded(quote.HourlyPrice), ListHourlyPrice = Rounded(quote.ListHourlyPrice), Currency = quote.Currency, CapacityType = part.Capacity.ToWord(),
        };
    }

    /// <summary>Where it is and what it costs an hour now; of what holds nothing any more, the last of it stays.</summary>
    private static void Describe(Allocation live, IReadOnlyList<PlacedPart> parts, PriceBook book)
    {
        live.PartsJson = PortalJson.Write(parts);
        var held = parts.Where(p => p.Until is null).ToList();
        if (held.Count == 0) held = [.. parts.TakeLast(1)];
        if (held.Count == 0) return;
        (live.Region, live.Zone, live.InstanceType) = (Common(p => p.Region), Common(p => p.Zone), Common(p => p.InstanceType));
        live.Capacity = held.All(p => p.Capacity == held[0].Capacity) ? held[0].Capacity : CapacityType.SpotWithFallback;
        var machines = held.Select(p => p.Machine).Distinct().ToList();
        live.Node = machines.Count == 1 ? machines[0] : string.Create(CultureInfo.InvariantCulture, $"{machines.Count} nodes");
        live.HourlyPrice = Rounded(held.Sum(p => book.For(p).HourlyPrice));
        live.ListHourlyPrice = Rounded(held.Sum(p => book.For(p).ListHourlyPrice));

        string Common(Func<PlacedPart, string> of) => string.Join(", ", held.Select(of).Where(w => w.Length > 0).Distinct().Take(3));
    }

    private static string Words(string how, List<PlacedPart> added, Allocation live)
    {
        var where = string.Join(", ", added.Take(3).Select(p => $"{p.Machine} ({string.Join(", ", new[] { p.InstanceType, p.Zone, p.Capacity.ToWord() }.Where(w => w.Length > 0))})"));
        var more = added.Count > 3 ? $" and {added.Count - 3} more" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{how} {where}{more}; now {live.HourlyPrice:0.####} {live.Currency}/h.");
    }

    // As the ledger keeps it, so that a price is not taken for another because of its last digits.
    private static decimal Rounded(decimal price) => Math.Round(price, 12, MidpointRounding.ToEven);

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
