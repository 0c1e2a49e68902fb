using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Costs;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Costs;

/// <summary>Usage becomes ledger records: once, completely, and never changed.</summary>
public sealed class UsagePostingTests : HostedTests
{
    private async Task<List<UsageRecord>> RecordsAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return await db.UsageRecords.AsNoTracking().Where(r => r.WorkloadId == id).OrderBy(r => r.PeriodStart).ThenBy(r => r.Revision).ToListAsync();
    }

    private Task<int> PostAsync() => Host.Get<UsagePosting>().PostDueAsync(default);

    private async Task LedgerHoldsAsync() => (await LedgerInvariants.ViolationsAsync(Host.Database)).Should().BeEmpty();

    [Fact]
    public async Task Running_ForHours_PostsOneRecordAFinishedHour()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(2));
        await Host.AgeAsync(id, TimeSpan.FromHours(5));

        // Five finished hours, and the begun one they started in unless that was the same.
        (await PostAsync()).Should().BeInRange(4, 6);

        var records = await RecordsAsync(id);
        records.Skip(1).Should().AllSatisfy(r => (r.PeriodEnd - r.PeriodStart, r.PeriodStart.Minute, r.PeriodStart.Second).Should().Be((TimeSpan.FromHours(1), 0, 0)));
        records.Should().AllSatisfy(r => r.CapacityType.Should().Be("on-demand"));
        await LedgerHoldsAsync();
        (await PostAsync()).Should().Be(0, "a rerun posts nothing twice");
        await StopAsync(id);
        (await RecordsAsync(id)).Sum(r => r.Cost).Should().BePositive();
        await LedgerHoldsAsync();
    }

    [Fact]
    public async Task ManyWorkersAtOnce_PostEveryHourOnce()
    {
        await using var other = Host.AnotherProcess();
        for (var i = 0; i < 5; i++)
            await Host.AgeAsync(await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(20)), TimeSpan.FromHours(30 + i));

        var posted = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => (n % 2 == 0 ? Host : other).Get<UsagePosting>().PostDueAsync(default))));

        await using var db = await Host.OpenAsync();
        posted.Sum().Should().Be(await db.UsageRecords.CountAsync()).And.BeGreaterThan(150);
        await LedgerHoldsAsync();
    }

    [Fact]
    public async Task PostingAndEnding_AtOnce_NeitherGapsNorDoubles()
    {
        await using var other = Host.AnotherProcess();
        for (var round = 0; round < 5; round++)
        {
            var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(20));
            await Host.AgeAsync(id, TimeSpan.FromHours(50));
            await Task.WhenAll(Task.Run(() => StopAsync(id)), Task.Run(() => other.Get<UsagePosting>().PostDueAsync(default)), Task.Run(() => other.Get<UsagePosting>().PostDueAsync(default)));
        }
        await AllHoldsAsync();
    }

    [Fact]
    public async Task End_LearntAfterItsHoursWerePosted_IsCorrectedByNewRecords()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(2));
        var live = await Host.LiveAsync(id);
        await Host.AgeAsync(id, TimeSpan.FromHours(6));
        await PostAsync();
        var before = await RecordsAsync(id);
        // It vanished three hours ago: the last sample says so.
        var seenLast = live.StartedAt!.Value.AddHours(-3);
        await Host.Database.ExecuteAsync("update allocations set last_sample_at = $2 where id = $1", live.Id, seenLast);
        await Host.Target.StopAsync(live.Id, TimeSpan.Zero, default);
        await Host.Target.ForgetAsync(live.Id, default);
        await Host.ObserveAsync();

        var first = (await Host.AllocationsAsync(id))[0];
        first.EndedAt.Should().Be(Accrual.ToMicroseconds(seenLast));
        var after = (await RecordsAsync(id)).Where(r => r.AllocationId == first.Id).ToList();
        after.Where(r => r.Revision == 0).Should().BeEquivalentTo(before, "what is posted never changes");
        after.Where(r => r.Revision == 1).Should().HaveCountGreaterThanOrEqualTo(2).And.AllSatisfy(r => r.Cost.Should().BeNegative());
        after.Sum(r => r.Cost).Should().Be(Accrual.Accrued(first.StartedAt!.Value, first.EndedAt!.Value, first.HourlyPrice));
        await LedgerHoldsAsync();
    }

    [Fact]
    public async Task Vanished_WithoutASample_IsBilledUntilItWasReady()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(2));
        var live = await Host.LiveAsync(id);
        await Host.AgeAsync(id, TimeSpan.FromHours(6));
        await Host.Target.StopAsync(live.Id, TimeSpan.Zero, default);
        await Host.Target.ForgetAsync(live.Id, default);
        await Host.ObserveAsync();

        var first = (await Host.AllocationsAsync(id))[0];
        first.EndedAt.Should().Be(first.ReadyAt);
        await LedgerHoldsAsync();
    }

    [Fact]
    public async Task Interval_IsClosedInTheTransactionOfTheEnd()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        (await Host.Get<Portal.Application.Workloads.StopWorkload>().ExecuteAsync(id, Lena, default)).Should().NotBeNull();
        // The ledger refuses: then the end must not be written either.
        await Host.Database.ExecuteAsync("alter table usage_records add constraint ck_test check (false) not valid");
        await FluentActions.Awaiting(Host.PumpAsync).Should().ThrowAsync<InvalidOperationException>();
        (await Host.LiveAsync(id)).EndedAt.Should().BeNull();
        (await PhaseAsync(id)).Should().Be(Portal.Domain.Workloads.WorkloadPhase.Stopping);

        await Host.Database.ExecuteAsync("alter table usage_records drop constraint ck_test");
        await Host.HurryAsync(id);
        (await PhaseAsync(id)).Should().Be(Portal.Domain.Workloads.WorkloadPhase.Stopped);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task CostToDate_PostedAndOpen_IsTheSameEverywhere()
    {
        var id = await Host.LaunchRunningAsync(Lena, hardware: "cpu-medium", lifetime: TimeSpan.FromDays(2));
        await Host.AgeAsync(id, TimeSpan.FromHours(3));
        await PostAsync();
        await StopAsync(id);
        await StartAsync(id);
        await StopAsync(id);

        var total = (await RecordsAsync(id)).Sum(r => r.Cost);
        total.Should().BeGreaterThan(3 * 0.19m);
        (await Host.Get<Portal.Application.Workloads.WorkloadDetailQueries>().FindAsync(id, Lena, default))!.Row.CostToDate.Should().Be(total);
        (await Host.Get<Portal.Application.Workloads.WorkloadDetailQueries>().AllocationsAsync(id, Lena, default))!.Sum(a => a.Cost).Should().Be(total);
        (await Host.Get<CostQueries>().UsageAsync(id, Lena, default))!.Sum(r => r.Cost).Should().Be(total);
        await using var db = await Host.OpenAsync();
        var month = (await db.NowAsync(default)).AddDays(-40);
        (await Host.Get<CostReportQueries>().ReadAsync(new CostQuery { From = month }, null, Lena, default)).Total.Cost.Should().Be(total);
    }

    [Fact]
    public async Task OpenUsage_GrowsAndIsShownAsOpen()
    {
        var id = await Host.LaunchRunningAsync(Lena, hardware: "cpu-medium", lifetime: TimeSpan.FromDays(2));
        await Host.AgeAsync(id, TimeSpan.FromHours(3));
        var unposted = (await Host.Get<CostQueries>().UsageAsync(id, Lena, default))!.Should().ContainSingle().Subject;
        unposted.Open.Should().BeTrue();
        await PostAsync();

        var rows = (await Host.Get<CostQueries>().UsageAsync(id, Lena, default))!;
        rows.Count(r => r.Open).Should().BeLessThanOrEqualTo(1);
        rows.Sum(r => r.Cost).Should().BeGreaterThanOrEqualTo(unposted.Cost).And.BeLessThan(unposted.Cost + 0.01m);
        rows.Select(r => r.PeriodStart).Skip(1).Should().Equal(rows.Select(r => r.PeriodEnd).SkipLast(1));
    }

    [Fact]
    public async Task Checker_BrokenLedger_IsNoticed()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(2));
        await Host.AgeAsync(id, TimeSpan.FromHours(4));
        await PostAsync();
        await Host.Database.ExecuteAsync("alter table usage_records disable trigger user");
        foreach (var (harm, heal) in new[]
        {
            ("update usage_records set cost = cost + 0.000001 where id = (select min(id::text)::uuid from usage_records)", "update usage_records set cost = cost - 0.000001 where id = (select min(id::text)::uuid from usage_records)"),
            ("update usage_intervals set posted_until = posted_until + interval '1 second'", "update usage_intervals set posted_until = posted_until - interval '1 second'"),
            ("update allocations set started_at = started_at - interval '1 second'", "update allocations set started_at = started_at + interval '1 second'"),
            ("update allocations set ended_at = now()", "update allocations set ended_at = null"),
        })
        {
            await LedgerHoldsAsync();
            await Host.Database.ExecuteAsync(harm);
            (await LedgerInvariants.ViolationsAsync(Host.Database)).Should().NotBeEmpty(harm);
            await Host.Database.ExecuteAsync(heal);
        }
        await Host.Database.ExecuteAsync("delete from usage_records where period_start = (select min(period_start) from usage_records)");
        (await LedgerInvariants.ViolationsAsync(Host.Database)).Should().Contain(v => v.Contains("gap or overlap"));
    }
}
