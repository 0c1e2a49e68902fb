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

/// <summary>The price of a whole machine, in force from an instant on.</summary>
public sealed class InstancePrice
{
    public required Guid Id { get; init; }
    public required string InstanceType { get; init; }
    public required string Region { get; init; }
    /// <summary>Empty for a whole region.</summary>
    public required string Zone { get; init; }
    public required bool Spot { get; init; }
    /// <summary>Per hour.</summary>
    public required decimal Price { get; init; }
    public required string Currency { get; init; }
    public required DateTimeOffset EffectiveFrom { get; init; }
}

/// <summary>The price per hour of an offer and what the same costs on demand.</summary>
public sealed record Quote(decimal HourlyPrice, decimal ListHourlyPrice, string Currency)
{
    /// <summary>Hours of an average month, as clouds quote it: 365 × 24 ÷ 12.</summary>
    public const decimal HoursPerMonth = 730m;

    /// <summary>The same for several of them.</summary>
    public Quote Times(int count) => this with { HourlyPrice = HourlyPrice * count, ListHourlyPrice = ListHourlyPrice * count };

    public decimal MonthlyPrice => Math.Round(HourlyPrice * HoursPerMonth, 2);

    /// <summary>Share of the list price that is not paid, 0–1.</summary>
    public decimal Saving => ListHourlyPrice == 0 ? 0 : Math.Round(1 - HourlyPrice / ListHourlyPrice, 4);
}

/// <summary>Rates in force at one instant.</summary>
public sealed class PriceBook
{
    /// <summary>OpenCost's published default rates, in USD.</summary>
    public static IReadOnlyList<(string Component, decimal Price)> Defaults { get; } =
    [
        ("cpu", 0.031611m), ("memory", 0.004237m), ("gpu", 0.95m), ("storage", 0.00005479452m), ("spot-cpu", 0.006655m), ("spot-memory", 0.000892m),
    ];

    private readonly Dictionary<string, Rate> _inForce;
    private readonly ILookup<(string Type, string Region, bool Spot), InstancePrice> _machines;

    public PriceBook(IEnumerable<Rate> rates, DateTimeOffset at)
        : this(rates, [], at)
    {
    }

    public PriceBook(IEnumerable<Rate> rates, IEnumerable<InstancePrice> machines, DateTimeOffset at)
    {
        _inForce = rates.Where(r => r.EffectiveFrom <= at).GroupBy(r => r.Component).ToDictionary(g => g.Key, g => g.OrderBy(r => r.EffectiveFrom).Last());
        _machines = machines.Where(m => m.EffectiveFrom <= at).GroupBy(m => (m.InstanceType, m.Region, m.Zone, m.Spot)).Select(g => g.OrderBy(m => m.EffectiveFrom).Last())
            .ToLookup(m => (m.InstanceType, m.Region, m.Spot));
        InForceSince = _inForce.Values.Select(r => r.EffectiveFrom).Concat(_machines.SelectMany(g => g).Select(m => m.EffectiveFrom)).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
    }

    /// <summary>When the newest of its prices came into force.</summary>
    public DateTimeOffset InForceSince { get; }

    private string Currency => _inForce.Values.Select(r => r.Currency).FirstOrDefault("USD");

    /// <summary>vCPU × core rate + GiB × memory rate + GPUs × GPU rate, for places that bill by share.</summary>
    public Quote ForShare(HardwareProfileSpec hardware, CapacityType capacity) => ForShare(AmountOf(hardware), capacity).Times(hardware.Replicas);

    /// <summary>The quote for an offer: its share of a machine whose price is known, else by rates; for all replicas that there may be.</summary>
    public Quote For(Offer offer, HardwareProfileSpec hardware) => ForShareOf(offer.InstanceType, offer.Region, offer.Zone, offer.Capacity, AmountOf(hardware), offer.Machine).Times(hardware.Replicas);

    /// <summary>What a placed share costs now.</summary>
    public Quote For(PlacedPart part) => ForShareOf(part.InstanceType, part.Region, part.Zone, part.Capacity, part.Share, part.Size);

    /// <summary>
    /// The share's part of its machine's price. A machine's price is spread over its cores, memory and GPUs in the proportion of their rates, so that the shares of a full machine add up to its price, as OpenCost does.
    /// By rates where type, size or price of the machine is not known.
    /// </summary>
    private Quote ForShareOf(string type, string region, string zone, CapacityType capacity, ResourceAmount share, ResourceAmount? machine)
    {
        if (machine is null || type.Length == 0 || OnDemandPrice(type, region) is not { } list) return ForShare(share, capacity);
        var part = AtRates(machine) is > 0 and var whole ? AtRates(share) / whole : 0;
        // A machine's reserve for its system takes room, and never makes a share dearer than the machine.
        part = Math.Min(part, 1);
        return new Quote(part * (capacity == CapacityType.Spot ? SpotPrice(type, region, zone) ?? list : list), part * list, Currency);
    }

    private Quote ForShare(ResourceAmount share, CapacityType capacity)
    {
        var list = AtRates(share);
        return new Quote(capacity == CapacityType.Spot ? share.Vcpu * Price("spot-cpu") + share.MemoryGib * Price("spot-memory") + share.Gpus * Price("gpu") : list, list, Currency);
    }

    private decimal AtRates(ResourceAmount amount) => amount.Vcpu * Price("cpu") + amount.MemoryGib * Price("memory") + amount.Gpus * Price("gpu");

    private static ResourceAmount AmountOf(HardwareProfileSpec hardware) => new(hardware.Vcpu, hardware.MemoryGib, hardware.Gpu?.Count ?? 0);

    private decimal? OnDemandPrice(string type, string region) => _machines[(type, region, false)].Select(m => (decimal?)m.Price).FirstOrDefault();

    // Zones have other names in each account: one that the book does not name costs what its region's zones cost on average.
    private decimal? SpotPrice(string type, string region, string zone)
    {
        var zones = _machines[(type, region, true)].ToList();
        return zones.FirstOrDefault(z => z.Zone == zone)?.Price ?? (zones.Count == 0 ? null : zones.Average(z => z.Price));
    }

    private decimal Price(string component) => _inForce.TryGetValue(component, out var rate) ? rate.Price
        : throw new InvalidOperationException($"The price book has no rate for '{component}'.");
}
