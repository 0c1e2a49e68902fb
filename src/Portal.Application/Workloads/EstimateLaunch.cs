using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Catalog;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Costs;

namespace Portal.Application.Workloads;

/// <summary>An offer with its price and whether it can be had now.</summary>
public sealed record PricedOffer(Offer Offer, Quote Quote, bool Available, string? Reason)
{
    /// <summary>For how many replicas the quote is.</summary>
    public int Replicas { get; init; } = 1;
}

/// <summary>What a launch would cost and whether it would be allowed; nothing is created.</summary>
public sealed class EstimateLaunch(
    IDbContextFactory<PortalDbContext> contexts, LaunchTermsReader terms, Placements placements, PublishedItems items, ComputeTargets targets, CurrentPrices prices, LaunchPolicy policy)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>Offers: those that can be had before those that cannot, of the wished capacity before others, cheapest first.</summary>
        /// <param name="Ruling">What the policies in force say to the first offer; null when there is none.</param>
        public sealed record Estimated(IReadOnlyList<PricedOffer> Offers, HardwareProfileSpec Hardware, LaunchRuling? Ruling) : Outcome
        {
            /// <summary>The paying team's budget as it is; null: it has none.</summary>
            public BudgetState? Budget { get; init; }

            /// <summary>What would be left of it after the first offer.</summary>
            public decimal? LeftAfter { get; init; }
        }

        public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : Outcome;

        public sealed record Forbidden(string Reason) : Outcome;
    }

    public async Task<Outcome> ExecuteAsync(LaunchRequest request, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.EstimateLaunch) is { } refusal) return new Outcome.Forbidden(refusal);
        var (read, errors) = await terms.ReadAsync(request, actor, checkParameters: false, cancellationToken);
        if (read is null) return new Outcome.Invalid(errors);
        var book = await prices.GetAsync(cancellationToken);
        var priced = new List<PricedOffer>();
        // As many machines as the deployment of each place wants.
        var wanted = new Dictionary<string, HardwareProfileSpec>();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var target in request.Target is null ? targets.All : [read.Target])
        {
            var deployment = read.Version.Spec.DeploymentFor((await target.DescribeAsync(cancellationToken)).Kind);
            if (deployment is null) continue;
            var hardware = wanted[target.Name] = LaunchTermsReader.Of(read.Hardware, deployment, request.Draft is { } draft ? LaunchTermsReader.Read(draft) : read.Parameters);
            var missing = (await placements.RoomAsync(db, target, cancellationToken)).Missing(hardware);
            foreach (var offer in await target.GetOffersAsync(OfferRequest.For(read.Version.Spec, deployment, hardware, actor.UserId), cancellationToken))
                priced.Add(new PricedOffer(offer, book.For(offer, hardware), offer.Available && missing is null, offer.Reason ?? (missing is null ? null : $"Full now: it would wait for {missing}.")) { Replicas = hardware.Replicas });
        }
        List<PricedOffer> ranked = [.. priced.OrderByDescending(o => o.Available).ThenByDescending(o => o.Offer.Serves(read.Capacity)).ThenBy(o => o.Quote.HourlyPrice)];
        var first = ranked.Count == 0 ? read.Hardware : wanted[ranked[0].Offer.Target];
        var lifetime = request.Lifetime ?? read.Version.Spec.Defaults.Lifetime;
        var ruling = ranked.Count == 0 ? null
            : await policy.RuleAsync(db, new LaunchPlan(read.Version.Spec, first, ranked[0].Offer.Target, read.Capacity, ranked[0].Quote.HourlyPrice, lifetime, actor.UserId, read.Team.Id, read.Team.Slug), actor, cancellationToken);
        return new Outcome.Estimated(ranked, first, ruling)
        {
            Budget = await TeamBudgets.OfAsync(db, read.Team.Id, null, cancellationToken),
            LeftAfter = ranked.Count == 0 ? null : await TeamBudgets.LeftAfterAsync(db, read.Team.Id, ranked[0].Quote.HourlyPrice, lifetime, null, cancellationToken),
        };
    }

    /// <summary>The lowest hourly price of an item's newest version over its allowed hardware, with on-demand local rates; null when it has none.</summary>
    public async Task<Quote?> FromPriceAsync(string item, IReadOnlyDictionary<string, HardwareProfileSpec> hardware, PriceBook book, CancellationToken cancellationToken)
    {
        var version = await items.FindAsync(item, null, cancellationToken);
        return version?.Spec.Hardware.Where(hardware.ContainsKey).Select(h => book.ForShare(hardware[h], Domain.Workloads.CapacityType.OnDemand)).MinBy(q => q.HourlyPrice);
    }
}
