using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Costs;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Costs;

/// <summary>What waits for machines is billed by the shares it gets: from when each is placed, at the price of the machine it is on.</summary>
public sealed class PartMeteringTests : HostedTests
{
    private static readonly ResourceAmount Share = new(0.5m, 2, 0), Machine = new(2, 8, 0);

    [Fact]
    public async Task Placed_IsBilledFromThen_ByItsShareOfItsMachinesPrice()
    {
        var (id, live) = await RunningAsync();
        (await IntervalsAsync(id)).Should().BeEmpty("nothing is held yet");
        var placed = Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow());
        await SeeAsync(live, Part("pod-1", placed));

        var interval = (await IntervalsAsync(id)).Should().ContainSingle().Subject;
        (interval.Part, interval.StartedAt, interval.CapacityType).Should().Be(("pod-1", placed, "on-demand"));
        // A quarter of what an m6i.large costs on demand in us-east-1.
        interval.HourlyPrice.Should().BeApproximately(0.096m / 4, 1e-9m);
        var allocation = await Host.LiveAsync(id);
        (allocation.Node, allocation.InstanceType, allocation.Zone, allocation.HourlyPrice).Should().Be(("node-1", "m6i.large", "us-east-1a", interval.HourlyPrice));
        (await ReasonsAsync(id)).Should().ContainSingle(r => r.StartsWith("Placed on node-1 (m6i.large, us-east-1a, on-demand)", StringComparison.Ordinal));
        await HoldsAsync();
    }

    [Fact]
    public async Task Moved_EndsOneInterval_AndBeginsTheNextAtTheNewMachinesPrice()
    {
        var (id, live) = await RunningAsync();
        var first = Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow());
        await SeeAsync(live, Part("pod-1", first));
        var second = first.AddMilliseconds(5);
        await SeeAsync(live, Part("pod-2", second) with { Machine = "node-2", Capacity = CapacityType.Spot });

        var intervals = await IntervalsAsync(id);
        intervals.Select(i => (i.Part, i.CapacityType, i.StartedAt, i.EndedAt)).Should().Equal(("pod-1", "on-demand", first, second), ("pod-2", "spot", second, null));
        intervals[1].HourlyPrice.Should().BeLessThan(intervals[1].ListHourlyPrice);
        (await Host.LiveAsync(id)).Capacity.Should().Be(CapacityType.Spot);
        (await ReasonsAsync(id)).Should().ContainSingle(r => r.StartsWith("Moved to node-2", StringComparison.Ordinal));
        await StopAsync(id);
        (await IntervalsAsync(id)).Should().OnlyContain(i => i.EndedAt != null);
        await HoldsAsync();
    }

    [Fact]
    public async Task Replicas_AreBilledEachForItsOwnTime()
    {
        var (id, live) = await RunningAsync();
        var (one, two) = (Part("pod-1", TimeProvider.System.GetUtcNow()), Part("pod-2", TimeProvider.System.GetUtcNow().AddMilliseconds(1)) with { Machine = "node-2" });
        await SeeAsync(live, one, two);
        (await Host.LiveAsync(id)).Node.Should().Be("2 nodes");
        (await Host.LiveAsync(id)).HourlyPrice.Should().BeApproximately(2 * 0.096m / 4, 1e-9m);
        var left = Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow());
        await SeeAsync(live, one, two with { Until = left });

        (await IntervalsAsync(id)).Select(i => (i.Part, i.EndedAt)).Should().Equal(("pod-1", null), ("pod-2", left));
        await StopAsync(id);
        await HoldsAsync();
    }

    [Fact]
    public async Task PlacedAndEnded_BetweenTwoLooks_IsBilledAllTheSame()
    {
        var (id, live) = await RunningAsync();
        var (from, until) = (Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow()), Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow().AddMilliseconds(3)));
        Host.Target.SetParts(live, Part("pod-1", from) with { Until = until });
        await Task.Delay(10, TestContext.Current.CancellationToken);
        Host.Target.Exit(live, 1);
        await Host.ObserveAsync();

        (await IntervalsAsync(id)).Where(i => i.AllocationId == live).Should().ContainSingle().Which.Should().Match<UsageInterval>(i => i.StartedAt == from && i.EndedAt == until && i.PostedUntil == until);
        await HoldsAsync();
    }

    [Fact]
    public async Task Missed_AfterAnEndThatIsLearntLater_IsBilledUntilThatEnd()
    {
        var (id, live) = await RunningAsync();
        await SeeAsync(live, Part("pod-1", TimeProvider.System.GetUtcNow()));
        var ended = Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow());
        await Task.Delay(20, TestContext.Current.CancellationToken);
        // Its pod is gone, and how it ended is not known yet.
        await SeeAsync(live);
        (await IntervalsAsync(id))[0].EndedAt.Should().BeAfter(ended);
        await Host.Database.ExecuteAsync("update allocations set last_sample_at = $2 where id = $1", live, ended);
        await Host.Target.StopAsync(live, TimeSpan.Zero, default);
        await Host.Target.ForgetAsync(live, default);
        await Host.ObserveAsync();

        var first = (await Host.AllocationsAsync(id))[0];
        (await IntervalsAsync(id))[0].EndedAt.Should().Be(first.EndedAt);
        await HoldsAsync();
    }

    [Fact]
    public async Task ChangedPrice_CutsTheInterval_WhereTheNewOneBegins()
    {
        var (id, live) = await RunningAsync();
        await SeeAsync(live, Part("pod-1", TimeProvider.System.GetUtcNow()));
        await Host.AgeAsync(id, TimeSpan.FromHours(3));
        var from = Accrual.ToMicroseconds(TimeProvider.System.GetUtcNow().AddHours(-1));
        await Host.Database.ExecuteAsync("insert into instance_prices (id, instance_type, region, zone, spot, price, currency, effective_from) values (gen_random_uuid(), 'm6i.large', 'us-east-1', '', false, 0.2, 'USD', $1)", from);
        // The prices of machines are read anew once a minute; another process has not read them yet.
        await using var other = Host.AnotherProcess();

        (await other.Get<PartMetering>().RepriceAsync(default)).Should().Be(1);
        (await other.Get<PartMetering>().RepriceAsync(default)).Should().Be(0, "a rerun changes nothing");

        var intervals = await IntervalsAsync(id);
        intervals.Select(i => (i.HourlyPrice, i.EndedAt)).Should().Equal((0.096m / 4, from), (0.2m / 4, null));
        intervals[1].StartedAt.Should().Be(from);
        (await Host.LiveAsync(id)).HourlyPrice.Should().Be(0.05m);
        await StopAsync(id);
        await HoldsAsync();
    }

    [Fact]
    public async Task NeverPlaced_CostsNothing()
    {
        var (id, _) = await RunningAsync();
        await StopAsync(id);
        (await IntervalsAsync(id)).Should().BeEmpty();
        await HoldsAsync();
    }

    private async Task<(Guid Workload, Guid Allocation)> RunningAsync()
    {
        Host.Target.BillsByParts = true;
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(2));
        return (id, (await Host.LiveAsync(id)).Id);
    }

    private async Task SeeAsync(Guid allocation, params PlacedPart[] parts)
    {
        Host.Target.SetParts(allocation, parts);
        await Host.ObserveAsync();
    }

    private static PlacedPart Part(string id, DateTimeOffset since) => new(id, "node-1", "us-east-1", "us-east-1a", "m6i.large", CapacityType.OnDemand, Share, Machine, since, null);

    private async Task<List<UsageInterval>> IntervalsAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return await db.UsageIntervals.AsNoTracking().Where(i => i.WorkloadId == id).OrderBy(i => i.StartedAt).ThenBy(i => i.Part).ToListAsync();
    }

    private async Task<List<string>> ReasonsAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return await db.WorkloadEvents.Where(e => e.WorkloadId == id).Select(e => e.Reason).ToListAsync();
    }

    private async Task HoldsAsync() => (await LedgerInvariants.ViolationsAsync(Host.Database)).Should().BeEmpty();
}
