using AwesomeAssertions;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Costs;

public sealed class PriceBookTests
{
    private static readonly DateTimeOffset Day = new(2026, 7, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HardwareProfileSpec Small = new() { Slug = "cpu-small", Name = "CPU small", Vcpu = 1, MemoryGib = 2 };
    private static readonly HardwareProfileSpec Gpu = new() { Slug = "gpu", Name = "GPU", Vcpu = 4, MemoryGib = 16, Gpu = new GpuSpec("T4", 2, 16) };

    [Fact]
    public void ForShare_OnDemand_IsCoresMemoryAndGpusAtTheirRates()
    {
        var quote = Book(Day).ForShare(Gpu, CapacityType.OnDemand);

        quote.Should().Be(new Quote(4 * 0.031611m + 16 * 0.004237m + 2 * 0.95m, 4 * 0.031611m + 16 * 0.004237m + 2 * 0.95m, "USD"));
        quote.Saving.Should().Be(0);
    }

    [Fact]
    public void ForShare_Spot_SaysWhatTheSameCostsOnDemand()
    {
        var quote = Book(Day).ForShare(Small, CapacityType.Spot);

        quote.HourlyPrice.Should().Be(0.006655m + 2 * 0.000892m);
        quote.ListHourlyPrice.Should().Be(0.031611m + 2 * 0.004237m);
        quote.Saving.Should().BeApproximately(0.7895m, 0.0001m);
    }

    [Fact]
    public void Quote_Month_Is730Hours() => new Quote(0.1m, 0.1m, "USD").MonthlyPrice.Should().Be(73m);

    [Fact]
    public void Price_Changed_IsInForceFromItsInstantOn()
    {
        Rate[] rates = [.. Rates(), Rate("cpu", 1m, Day.AddDays(1)), Rate("cpu", 9m, Day.AddDays(9))];
        var free = Small with { MemoryGib = 0 };

        new PriceBook(rates, Day.AddDays(1).AddTicks(-1)).ForShare(free, CapacityType.OnDemand).HourlyPrice.Should().Be(0.031611m);
        new PriceBook(rates, Day.AddDays(1)).ForShare(free, CapacityType.OnDemand).HourlyPrice.Should().Be(1m);
    }

    [Fact]
    public void Price_Missing_IsSaidByName()
    {
        var book = new PriceBook(Rates().Where(r => r.Component != "memory"), Day);

        FluentActions.Invoking(() => book.ForShare(Small, CapacityType.OnDemand)).Should().Throw<InvalidOperationException>().WithMessage("*'memory'*");
    }

    [Fact]
    public void Shares_OfAFullMachine_AddUpToItsPrice()
    {
        var book = new PriceBook(Rates(), [Machine("g4dn.xlarge", 0.526m), Machine("g4dn.xlarge", 0.158m, zone: "use1-az1"), Machine("g4dn.xlarge", 0.162m, zone: "use1-az2")], Day);
        var whole = new ResourceAmount(4, 16, 1);

        book.For(Part("g4dn.xlarge", whole, whole)).HourlyPrice.Should().Be(0.526m);
        var parts = new[] { new ResourceAmount(3, 12, 1), new ResourceAmount(1, 4, 0) }.Select(share => book.For(Part("g4dn.xlarge", share, whole))).ToList();
        parts.Sum(q => q.HourlyPrice).Should().BeApproximately(0.526m, 1e-12m);
        parts[0].HourlyPrice.Should().BeGreaterThan(parts[1].HourlyPrice * 5, "most of the machine's price is its GPU's");
    }

    [Fact]
    public void Share_OfASpotMachine_CostsItsZonesPrice_ElseTheRegionsAverage()
    {
        var book = new PriceBook(Rates(), [Machine("m5.large", 0.10m), Machine("m5.large", 0.03m, "use1-az1"), Machine("m5.large", 0.05m, "use1-az2")], Day);
        var half = Part("m5.large", new ResourceAmount(1, 4, 0), new ResourceAmount(2, 8, 0)) with { Capacity = CapacityType.Spot };

        book.For(half with { Zone = "use1-az1" }).Should().Be(new Quote(0.015m, 0.05m, "USD"));
        book.For(half with { Zone = "us-east-1c" }).Should().Be(new Quote(0.02m, 0.05m, "USD"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("unheard.of")]
    public void Share_OfAMachineWithoutAPrice_IsBilledByRates(string type)
    {
        var book = new PriceBook(Rates(), [Machine("m5.large", 0.10m)], Day);

        book.For(Part(type, new ResourceAmount(1, 2, 0), new ResourceAmount(2, 8, 0))).Should().Be(book.ForShare(Small, CapacityType.OnDemand));
        book.For(Part("m5.large", new ResourceAmount(1, 2, 0), null)).Should().Be(book.ForShare(Small, CapacityType.OnDemand));
    }

    [Fact]
    public void MachinesPrice_Changed_IsInForceFromItsInstantOn()
    {
        InstancePrice[] machines = [Machine("m5.large", 0.10m), Machine("m5.large", 0.20m, from: Day.AddDays(1))];
        var whole = Part("m5.large", new ResourceAmount(2, 8, 0), new ResourceAmount(2, 8, 0));

        new PriceBook(Rates(), machines, Day).For(whole).HourlyPrice.Should().Be(0.10m);
        new PriceBook(Rates(), machines, Day.AddDays(1)).For(whole).HourlyPrice.Should().Be(0.20m);
        new PriceBook(Rates(), machines, Day.AddDays(1)).InForceSince.Should().Be(Day.AddDays(1));
    }

    private static PlacedPart Part(string type, ResourceAmount share, ResourceAmount? size) => new("uid", "node-1", "us-east-1", "", type, CapacityType.OnDemand, share, size, Day, null);

    private static InstancePrice Machine(string type, decimal price, string zone = "", DateTimeOffset? from = null) =>
        new() { Id = Guid.NewGuid(), InstanceType = type, Region = "us-east-1", Zone = zone, Spot = zone.Length > 0, Price = price, Currency = "USD", EffectiveFrom = from ?? Day.AddYears(-1) };

    private static PriceBook Book(DateTimeOffset at) => new(Rates(), at);

    private static IEnumerable<Rate> Rates() => PriceBook.Defaults.Select(d => Rate(d.Component, d.Price, Day.AddYears(-1)));

    private static Rate Rate(string component, decimal price, DateTimeOffset from) => new() { Id = Guid.NewGuid(), Component = component, Price = price, Currency = "USD", EffectiveFrom = from };
}
