using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Domain.Costs;

/// <summary>A rate in force from an instant on. Changing a price adds a row; the past keeps its own.</summary>
public sealed class Rate
{
    public required Guid Id { get; init; }
    /// <summary><c>cpu</c> per core-hour, <c>memory</c> per GiB-hour, <c>gpu</c> per GPU-hour, <c>storage</c> per GiB-hour; <c>spot-cpu</c>, <c>spot-memory</c>.</summary>
    public required string Component { get; init; }
    public required decimal Price { get; init; }
    public required string Currency { get; init; }
    public required DateTimeOffset EffectiveFrom { get; init; }
}

/// <summary>The price per hour of an offer and what the same costs on demand.</summary>
public sealed record Quote(decimal HourlyPrice, decimal ListHourlyPrice, string Currency)
{
    /// <summary>Hours of an average month, as clouds quote it: 365 × 24 ÷ 12.</summary>
    public const decimal HoursPerMonth = 730m;

    public decimal MonthlyPrice => Math.Round(HourlyPrice * HoursPerMonth, 2);

    /// <summary>Share of the list price that is not paid, 0–1.</summary>
    public decimal Saving => ListHourlyPrice == 0 ? 0 : Math.Round(1 - HourlyPrice / ListHourlyPrice, 4);
}

/// <summary>Rates in force at one instant.</summary>
public sealed class PriceBook(IEnumerable<Rate> rates, DateTimeOffset at)
{
    /// <summary>OpenCost's published default rates, in USD.</summary>
    public static IReadOnlyList<(string Component, decimal Price)> Defaults { get; } =
    [
        ("cpu", 0.031611m), ("memory", 0.004237m), ("gpu", 0.95m), ("storage", 0.00005479452m), ("spot-cpu", 0.006655m), ("spot-memory", 0.000892m),
    ];

    private readonly Dictionary<string, Rate> _inForce = rates.Where(r => r.EffectiveFrom <= at)
        .GroupBy(r => r.Component).ToDictionary(g => g.Key, g => g.OrderBy(r => r.EffectiveFrom).Last());

    /// <summary>vCPU × core rate + GiB × memory rate + GPUs × GPU rate, for places that bill by share.</summary>
    public Quote ForShare(HardwareProfileSpec hardware, CapacityType capacity)
    {
        var list = hardware.Vcpu * Price("cpu") + hardware.MemoryGib * Price("memory") + (hardware.Gpu?.Count ?? 0) * Price("gpu");
        var paid = capacity == CapacityType.Spot
            ? hardware.Vcpu * Price("spot-cpu") + hardware.MemoryGib * Price("spot-memory") + (hardware.Gpu?.Count ?? 0) * Price("gpu")
            : list;
        return new Quote(paid, list, _inForce.Values.Select(r => r.Currency).FirstOrDefault("USD"));
    }

    /// <summary>The quote for an offer.</summary>
    public Quote For(Offer offer, HardwareProfileSpec hardware) => ForShare(hardware, offer.Capacity);

    private decimal Price(string component) => _inForce.TryGetValue(component, out var rate) ? rate.Price
        : throw new InvalidOperationException($"The price book has no rate for '{component}'.");
}
