using Portal.Application.Compute;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Costs;

/// <summary>What a workload would cost if it were launched now.</summary>
public sealed class CurrentQuotes(ComputeTargets targets, CurrentPrices prices)
{
    /// <summary>Null when its target is not registered or offers nothing.</summary>
    public Task<Quote?> OfAsync(Workload workload, CancellationToken cancellationToken) => OfAsync(workload.Target, PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson), workload.Capacity, workload.OwnerId, cancellationToken);

    /// <summary>The same for hardware on a target.</summary>
    public async Task<Quote?> OfAsync(string targetName, HardwareProfileSpec hardware, CapacityType capacity, Guid ownerId, CancellationToken cancellationToken)
    {
        if (targets.Find(targetName) is not { } target) return null;
        var offers = await target.GetOffersAsync(new OfferRequest(hardware, [], ownerId), cancellationToken);
        var offer = Offer.Best(offers, capacity) ?? offers.OrderByDescending(o => o.Serves(capacity)).FirstOrDefault();
        return offer is null ? null : (await prices.GetAsync(cancellationToken)).For(offer, hardware);
    }
}
