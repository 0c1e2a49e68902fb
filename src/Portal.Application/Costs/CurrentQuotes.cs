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
    public async Task<Quote?> OfAsync(Workload workload, CancellationToken cancellationToken)
    {
        if (targets.Find(workload.Target) is not { } target) return null;
        var hardware = PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson);
        var offers = await target.GetOffersAsync(new OfferRequest(hardware, [], workload.OwnerId), cancellationToken);
        var offer = offers.FirstOrDefault(o => o.Available) ?? (offers.Count > 0 ? offers[0] : null);
        return offer is null ? null : (await prices.GetAsync(cancellationToken)).For(offer, hardware);
    }
}
