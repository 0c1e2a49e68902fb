using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Testing.Data;

/// <summary>
/// The promises of the ledger, checked over the whole database: intervals cover each allocation's life without gap or overlap, records cover each interval up to
/// where it is posted, and their costs sum to duration × price rounded once.
/// </summary>
public static class LedgerInvariants
{
    /// <summary>What is broken, in words; empty when all holds.</summary>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(PortalDatabaseFixture database)
    {
        await using var db = database.OpenAsOwner();
        // One snapshot, so that a portal at work is not mistaken for a broken one.
        await using var transaction = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var allocations = await db.Allocations.AsNoTracking().ToListAsync();
        var intervals = (await db.UsageIntervals.AsNoTracking().ToListAsync()).ToLookup(i => i.AllocationId);
        var records = (await db.UsageRecords.AsNoTracking().ToListAsync()).ToLookup(r => r.IntervalId);
        var wrong = new List<string>();
        foreach (var allocation in allocations)
        {
            CheckCover(allocation, [.. intervals[allocation.Id].OrderBy(i => i.StartedAt)], wrong);
            foreach (var interval in intervals[allocation.Id]) CheckRecords(interval, [.. records[interval.Id]], wrong);
        }
        return wrong;
    }

    private static void CheckCover(Allocation allocation, List<UsageInterval> intervals, List<string> wrong)
    {
        var name = $"allocation {allocation.Id} (attempt {allocation.Attempt})";
        if (allocation.StartedAt is null)
        {
            if (intervals.Count > 0) wrong.Add($"{name} never started and has usage");
            return;
        }
        if (allocation.PartsJson is not null)
        {
            CheckParts(name, allocation, intervals, wrong);
            return;
        }
        foreach (var component in intervals.GroupBy(i => i.Component).Select(g => g.ToList()))
        {
            if (component[0].StartedAt != allocation.StartedAt) wrong.Add($"{name}: usage begins at {component[0].StartedAt:O}, it at {allocation.StartedAt:O}");
            for (var i = 1; i < component.Count; i++)
                if (component[i].StartedAt != component[i - 1].EndedAt) wrong.Add($"{name}: gap or overlap at {component[i].StartedAt:O}");
            if (component[^1].EndedAt != allocation.EndedAt) wrong.Add($"{name}: usage ends at {component[^1].EndedAt:O}, it at {allocation.EndedAt:O}");
        }
        if (intervals.All(i => i.Component != "compute")) wrong.Add($"{name} has started and has no usage");
    }

    // Shares of machines begin when they are placed and end by themselves; each is covered once, and inside its allocation.
    private static void CheckParts(string name, Allocation allocation, List<UsageInterval> intervals, List<string> wrong)
    {
        foreach (var part in intervals.GroupBy(i => i.Part).Select(g => g.ToList()))
        {
            if (part[0].Part.Length == 0) wrong.Add($"{name}: billed by parts and as a whole");
            if (part[0].StartedAt < allocation.StartedAt) wrong.Add($"{name}: usage begins at {part[0].StartedAt:O}, it at {allocation.StartedAt:O}");
            for (var i = 1; i < part.Count; i++)
                if (part[i].StartedAt != part[i - 1].EndedAt) wrong.Add($"{name}: gap or overlap at {part[i].StartedAt:O}");
            var last = part[^1];
            if (allocation.EndedAt is { } end && (last.EndedAt is null || (last.EndedAt > end && last.EndedAt > last.StartedAt))) wrong.Add($"{name}: usage ends at {last.EndedAt:O}, it at {end:O}");
        }
    }

    private static void CheckRecords(UsageInterval interval, List<UsageRecord> records, List<string> wrong)
    {
        var name = $"interval {interval.Id}";
        if (interval.EndedAt is not null && interval.PostedUntil != interval.EndedAt) wrong.Add($"{name} has ended and is posted until {interval.PostedUntil:O} only");
        var first = records.Where(r => r.Revision == 0).OrderBy(r => r.PeriodStart).ToList();
        var at = interval.StartedAt;
        foreach (var record in first)
        {
            if (record.PeriodStart != at) wrong.Add($"{name}: gap or overlap between {at:O} and {record.PeriodStart:O}");
            if (record.PeriodStart.UtcDateTime.Date.AddHours(record.PeriodStart.UtcDateTime.Hour + 1) < record.PeriodEnd.UtcDateTime) wrong.Add($"{name}: {record.PeriodStart:O} crosses an hour");
            at = record.PeriodEnd;
        }
        if (at != interval.PostedUntil && records.All(r => r.Revision == 0)) wrong.Add($"{name}: records reach {at:O}, posted until {interval.PostedUntil:O}");
        if (records.GroupBy(r => (r.PeriodStart, r.Revision)).Any(g => g.Count() > 1)) wrong.Add($"{name}: a period is counted twice");
        Sum("cost", records.Sum(r => r.Cost), Accrual.Accrued(interval.StartedAt, interval.PostedUntil, interval.HourlyPrice));
        Sum("list cost", records.Sum(r => r.ListCost), Accrual.Accrued(interval.StartedAt, interval.PostedUntil, interval.ListHourlyPrice));

        void Sum(string what, decimal posted, decimal due)
        {
            if (posted != due) wrong.Add($"{name}: {what} posted {posted}, due {due}");
        }
    }
}
