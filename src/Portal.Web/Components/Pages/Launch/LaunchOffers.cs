using Portal.Application.Catalog;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Web.Components.Forms;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>What the targets offer for each hardware of an item, as of one moment, and the choices that follow from it.</summary>
public sealed class LaunchOffers(IReadOnlyList<PricedHardware> hardware, IReadOnlyDictionary<string, IReadOnlyList<PricedOffer>> byHardware)
{
    /// <summary>Hardware of the item that exists, in its order.</summary>
    public IReadOnlyList<PricedHardware> Hardware { get; } = hardware;

    /// <summary>Asks for every hardware the item may have.</summary>
    /// <param name="draft">What the number of replicas depends on.</param>
    public static async Task<LaunchOffers> ReadAsync(EstimateLaunch estimate, CatalogQueries catalog, ItemSpec item, string team, System.Text.Json.JsonElement? draft, Actor actor, CancellationToken cancellationToken)
    {
        var all = await catalog.HardwareAsync(cancellationToken);
        var own = item.Hardware.Select(slug => all.FirstOrDefault(h => h.Spec.Slug == slug)).OfType<PricedHardware>().ToList();
        var offers = new Dictionary<string, IReadOnlyList<PricedOffer>>();
        foreach (var (spec, _) in own)
        {
            var request = new LaunchRequest { Item = item.Slug, Version = item.Version, Team = team, Hardware = spec.Slug, Draft = draft };
            offers[spec.Slug] = await estimate.ExecuteAsync(request, actor, cancellationToken) is EstimateLaunch.Outcome.Estimated estimated ? estimated.Offers : [];
        }
        return new LaunchOffers(own, offers);
    }

    /// <summary>Offers for a hardware, best first.</summary>
    public IReadOnlyList<PricedOffer> For(string hardware) => byHardware.GetValueOrDefault(hardware) ?? [];

    /// <summary>True when some place takes the hardware, now or when there is room.</summary>
    public bool CanHave(string hardware) => For(hardware).Any(o => o.Offer.Available);

    /// <summary>The hardware as cards; what no place takes cannot be chosen and says why.</summary>
    public IReadOnlyList<ChoiceCard<string>> Cards() =>
        [.. Hardware.Select(h => new ChoiceCard<string>(h.Spec.Slug, h.Spec.Name, Detail(h.Spec), MoneyText.Format(h.Quote.HourlyPrice, "h", currency: h.Quote.Currency))
        {
            Disabled = !CanHave(h.Spec.Slug),
            Reason = For(h.Spec.Slug) is [] ? "No target of this portal runs it." : For(h.Spec.Slug).Any(o => o.Available) ? null : For(h.Spec.Slug)[0].Reason,
        })];

    /// <summary>The places for a hardware; those that cannot take it say why.</summary>
    public IReadOnlyList<Choice<string>> Targets(string hardware) =>
        [.. For(hardware).GroupBy(o => o.Offer.Target).Select(g => new Choice<string>(g.Key, g.Key, g.All(o => !o.Offer.Available)) { Reason = g.Any(o => o.Offer.Available) ? null : g.First().Reason })];

    /// <summary>How capacity can be bought at a place.</summary>
    public IReadOnlyList<CapacityType> Capacities(string hardware, string? target)
    {
        var offered = For(hardware).Where(o => o.Offer.Target == target).Select(o => o.Offer.Capacity).Distinct().Order().ToList();
        return offered.Contains(CapacityType.Spot) && offered.Contains(CapacityType.OnDemand) ? [CapacityType.Spot, CapacityType.SpotWithFallback, CapacityType.OnDemand] : offered;
    }

    /// <summary>The best offer at the place and capacity asked for; with neither, the best of all.</summary>
    public PricedOffer? Best(string hardware, string? target, CapacityType? capacity) =>
        For(hardware).Where(o => o.Offer.Available && (target is null || o.Offer.Target == target) && Fits(o.Offer, capacity)).FirstOrDefault();

    private static bool Fits(Offer offer, CapacityType? capacity) => capacity is null || offer.Capacity == capacity || (capacity == CapacityType.SpotWithFallback && offer.Capacity == CapacityType.Spot);

    private static string Detail(HardwareProfileSpec h) =>
        $"{QuantityText.Vcpu(h.Vcpu)} · {QuantityText.Gib(h.MemoryGib)}" + (h.Gpu is { } gpu ? $" · {QuantityText.Gpu(gpu.Count, gpu.Kind, gpu.MemoryGib)}" : "");
}
