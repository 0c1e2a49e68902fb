namespace Portal.Domain.Costs;

/// <summary>A stretch of time in which one component of an allocation has one price. Open until <see cref="EndedAt"/> is set; a new price or another machine closes it and opens the next.</summary>
public sealed class UsageInterval
{
    public required Guid Id { get; init; }
    public required Guid AllocationId { get; init; }
    public required Guid WorkloadId { get; init; }
    /// <summary><c>compute</c>; later <c>storage</c>, <c>tokens</c> …</summary>
    public required string Component { get; init; }
    /// <summary>Which share of which machine (<see cref="Compute.PlacedPart.Id"/>); empty where an allocation is one thing from its start to its end.</summary>
    public string Part { get; init; } = "";
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
    public required decimal HourlyPrice { get; init; }
    public required decimal ListHourlyPrice { get; init; }
    public required string Currency { get; init; }
    public required string CapacityType { get; init; }
    /// <summary>Up to where records exist.</summary>
    public required DateTimeOffset PostedUntil { get; set; }
}

/// <summary>One allocation's use over one period at one price. Append-only; corrections are new rows with a higher <see cref="Revision"/>.</summary>
public sealed class UsageRecord
{
    public required Guid Id { get; init; }
    public required Guid IntervalId { get; init; }
    public required Guid AllocationId { get; init; }
    public required Guid WorkloadId { get; init; }
    public required string Component { get; init; }
    public required DateTimeOffset PeriodStart { get; init; }
    /// <summary>Exclusive.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }
    public int Revision { get; init; }
    public required decimal HourlyPrice { get; init; }
    public required decimal ListHourlyPrice { get; init; }
    /// <summary>6 decimals; telescopes: any run of records of one interval sums to duration × price rounded once.</summary>
    public required decimal Cost { get; init; }
    public required decimal ListCost { get; init; }
    public required string Currency { get; init; }
    public required string CapacityType { get; init; }
    public required DateTimeOffset PostedAt { get; init; }
}

/// <summary>The arithmetic of the ledger.</summary>
public static class Accrual
{
    /// <summary>Decimals of an amount.</summary>
    public const int AmountDecimals = 6;

    private const decimal TicksPerHour = TimeSpan.TicksPerHour;

    /// <summary>An instant in whole microseconds, as PostgreSQL keeps it.</summary>
    public static DateTimeOffset ToMicroseconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>Price × time since the interval's start, rounded half-even to <see cref="AmountDecimals"/>.</summary>
    public static decimal Accrued(DateTimeOffset start, DateTimeOffset at, decimal hourlyPrice) =>
        Math.Round(hourlyPrice * (at.UtcTicks - start.UtcTicks) / TicksPerHour, AmountDecimals, MidpointRounding.ToEven);

    /// <summary>Cost of a period inside an interval: rounded accrued at its end less rounded accrued at its start, so that cuts never change the sum.</summary>
    public static decimal Between(DateTimeOffset start, DateTimeOffset from, DateTimeOffset to, decimal hourlyPrice) =>
        to <= from ? 0m : Accrued(start, to, hourlyPrice) - Accrued(start, from, hourlyPrice);
}

/// <summary>Cuts an interval into records.</summary>
public static class LedgerPosting
{
    /// <summary>The records that are due up to an instant (an hour's start, or the interval's end): one a clock hour (UTC).</summary>
    public static IReadOnlyList<UsageRecord> Due(UsageInterval interval, DateTimeOffset until, DateTimeOffset now)
    {
        var end = interval.EndedAt < until ? interval.EndedAt.Value : until;
        var records = new List<UsageRecord>();
        for (var from = interval.PostedUntil; from < end;)
        {
            var nextHour = HourOf(from).AddHours(1);
            var to = nextHour < end ? nextHour : end;
            records.Add(Record(interval, from, to, Accrual.Between(interval.StartedAt, from, to, interval.HourlyPrice),
                Accrual.Between(interval.StartedAt, from, to, interval.ListHourlyPrice), 0, now));
            from = to;
        }
        return records;
    }

    /// <summary>What must be added when an end was learnt after its hour had been posted: a negative correction for each record that reaches past it.</summary>
    public static IReadOnlyList<UsageRecord> Corrections(UsageInterval interval, IEnumerable<UsageRecord> posted, DateTimeOffset endedAt, DateTimeOffset now) =>
        posted.Where(r => r.IntervalId == interval.Id && r.PeriodEnd > endedAt).GroupBy(r => r.PeriodStart).Select(period =>
        {
            var first = period.First();
            var until = endedAt > first.PeriodStart ? endedAt : first.PeriodStart;
            var cost = Accrual.Between(interval.StartedAt, first.PeriodStart, until, interval.HourlyPrice) - period.Sum(r => r.Cost);
            var listCost = Accrual.Between(interval.StartedAt, first.PeriodStart, until, interval.ListHourlyPrice) - period.Sum(r => r.ListCost);
            return Record(interval, first.PeriodStart, first.PeriodEnd, cost, listCost, period.Max(r => r.Revision) + 1, now);
        }).ToList();

    private static UsageRecord Record(UsageInterval interval, DateTimeOffset from, DateTimeOffset to, decimal cost, decimal listCost, int revision, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        IntervalId = interval.Id,
        AllocationId = interval.AllocationId,
        WorkloadId = interval.WorkloadId,
        Component = interval.Component,
        PeriodStart = from,
        PeriodEnd = to,
        HourlyPrice = interval.HourlyPrice,
        ListHourlyPrice = interval.ListHourlyPrice,
        Revision = revision,
        Cost = cost,
        ListCost = listCost,
        Currency = interval.Currency,
        CapacityType = interval.CapacityType,
        PostedAt = now,
    };

    private static DateTimeOffset HourOf(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);
}
