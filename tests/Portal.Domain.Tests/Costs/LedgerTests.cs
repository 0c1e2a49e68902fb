using AwesomeAssertions;
using Portal.Domain.Costs;
using Xunit;

namespace Portal.Domain.Tests.Costs;

public sealed class LedgerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void RandomCuts_AnyPriceAndMicroseconds_SumToDurationTimesPriceRoundedOnce()
    {
        var random = new Random(20260701);
        for (var story = 0; story < 2000; story++)
        {
            var price = Math.Round((decimal)random.NextDouble() * (story % 3 == 0 ? 0.001m : 40m), 12);
            var start = Noon.AddTicks(random.NextInt64(TimeSpan.TicksPerDay) / 10 * 10);
            var end = start.AddTicks(random.NextInt64(1, TimeSpan.TicksPerDay * 3) / 10 * 10);
            var interval = Interval(start, price);
            var records = new List<UsageRecord>();
            // Posted at random instants, as a worker that comes and goes would, and at the end.
            for (var at = start; at < end; at = at.AddTicks(random.NextInt64(1, TimeSpan.TicksPerHour * 5) / 10 * 10)) Post(interval, records, at);
            interval.EndedAt = end;
            Post(interval, records, end);

            records.Sum(r => r.Cost).Should().Be(Rounded(price, end - start), $"story {story}: {price} from {start:O} to {end:O}");
            records.Select(r => (r.PeriodStart, r.PeriodEnd)).Should().Equal(records.Select((r, i) => (i == 0 ? start : records[i - 1].PeriodEnd, r.PeriodEnd)), "no gap, no overlap");
            records[^1].PeriodEnd.Should().Be(end);
            // Any run of records telescopes, not only all of them.
            var (from, to) = (random.Next(records.Count), random.Next(records.Count));
            if (from <= to)
                records[from..(to + 1)].Sum(r => r.Cost).Should().Be(Rounded(price, records[to].PeriodEnd - start) - Rounded(price, records[from].PeriodStart - start));
        }
    }

    [Fact]
    public void Due_SeveralHours_IsCutAtClockHours()
    {
        var interval = Interval(Noon.AddMinutes(20), 1m);

        var records = LedgerPosting.Due(interval, Noon.AddHours(3), Noon.AddHours(4));

        records.Select(r => (r.PeriodStart.TimeOfDay.TotalHours, r.PeriodEnd.TimeOfDay.TotalHours)).Should().Equal((12 + 20 / 60.0, 13), (13, 14), (14, 15));
        records.Select(r => r.Cost).Should().Equal(0.666667m, 1m, 1m);
        records.Should().AllSatisfy(r => (r.Revision, r.PostedAt).Should().Be((0, Noon.AddHours(4))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-30)]
    public void Due_NothingSinceThen_IsEmpty(int minutes) =>
        LedgerPosting.Due(Interval(Noon, 1m), Noon.AddMinutes(minutes), Noon).Should().BeEmpty();

    [Fact]
    public void Due_Ended_GoesNoFurtherThanTheEnd()
    {
        var interval = Interval(Noon, 2m);
        interval.EndedAt = Noon.AddMinutes(90);

        var records = LedgerPosting.Due(interval, Noon.AddHours(5), Noon.AddHours(5));

        records.Select(r => r.PeriodEnd).Should().Equal(Noon.AddHours(1), Noon.AddMinutes(90));
        records.Sum(r => r.Cost).Should().Be(3m);
    }

    [Fact]
    public void Corrections_EndLearntLate_BringTheSumToTheTruth()
    {
        var random = new Random(7);
        for (var story = 0; story < 500; story++)
        {
            var price = Math.Round((decimal)random.NextDouble() * 10m, 12);
            var start = Noon.AddTicks(random.NextInt64(TimeSpan.TicksPerHour) / 10 * 10);
            var interval = Interval(start, price);
            var records = new List<UsageRecord>();
            Post(interval, records, Noon.AddHours(random.Next(2, 8)));
            // Learnt twice, each time earlier than the last.
            var last = records[^1].PeriodEnd;
            foreach (var share in new[] { 0.8, 0.3 })
            {
                var end = Accrual.ToMicroseconds(start + (last - start) * share * random.NextDouble());
                records.AddRange(LedgerPosting.Corrections(interval, records, end, Noon));
                records.Sum(r => r.Cost).Should().Be(Rounded(price, end - start), $"story {story}");
                last = end;
            }
            records.Select(r => (r.PeriodStart, r.Revision)).Should().OnlyHaveUniqueItems();
            records.Where(r => r.Revision > 0).Should().AllSatisfy(r => r.Cost.Should().BeLessThanOrEqualTo(0));
        }
    }

    [Fact]
    public void Corrections_EndWithinWhatIsPosted_LeavesEarlierHoursAlone()
    {
        var interval = Interval(Noon, 1m);
        var records = new List<UsageRecord>();
        Post(interval, records, Noon.AddHours(3));

        var corrections = LedgerPosting.Corrections(interval, records, Noon.AddMinutes(90), Noon.AddHours(3));

        corrections.Select(c => (c.PeriodStart, c.Revision, c.Cost)).Should().BeEquivalentTo([(Noon.AddHours(1), 1, -0.5m), (Noon.AddHours(2), 1, -1m)]);
    }

    [Fact]
    public void ToMicroseconds_CutsWhatPostgresWouldNotKeep() =>
        Accrual.ToMicroseconds(new DateTimeOffset(2026, 7, 1, 14, 0, 0, TimeSpan.FromHours(2)).AddTicks(19)).Should().Be(Noon.AddTicks(10)).And.Subject!.Value.Offset.Should().Be(TimeSpan.Zero);

    [Theory]
    [InlineData(0.0000005, 0)] // half-even
    [InlineData(0.0000015, 0.000002)]
    public void Accrued_Half_RoundsToEven(double price, double expected) => Accrual.Accrued(Noon, Noon.AddHours(1), (decimal)price).Should().Be((decimal)expected);

    private static decimal Rounded(decimal price, TimeSpan duration) => Math.Round(price * duration.Ticks / TimeSpan.TicksPerHour, 6, MidpointRounding.ToEven);

    private static void Post(UsageInterval interval, List<UsageRecord> records, DateTimeOffset until)
    {
        var due = LedgerPosting.Due(interval, until, until);
        records.AddRange(due);
        if (due.Count > 0) interval.PostedUntil = due[^1].PeriodEnd;
    }

    private static UsageInterval Interval(DateTimeOffset start, decimal price) => new()
    {
        Id = Guid.NewGuid(),
        AllocationId = Guid.NewGuid(),
        WorkloadId = Guid.NewGuid(),
        Component = "compute",
        StartedAt = start,
        PostedUntil = start,
        HourlyPrice = price,
        ListHourlyPrice = price * 2,
        Currency = "USD",
        CapacityType = "on-demand",
    };
}
