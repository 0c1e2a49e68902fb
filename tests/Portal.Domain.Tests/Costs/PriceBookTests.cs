using AwesomeAssertions;
using Portal.Domain.Catalog;
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

    private static PriceBook Book(DateTimeOffset at) => new(Rates(), at);

    private static IEnumerable<Rate> Rates() => PriceBook.Defaults.Select(d => Rate(d.Component, d.Price, Day.AddYears(-1)));

    private static Rate Rate(string component, decimal price, DateTimeOffset from) => new() { Id = Guid.NewGuid(), Component = component, Price = price, Currency = "USD", EffectiveFrom = from };
}
