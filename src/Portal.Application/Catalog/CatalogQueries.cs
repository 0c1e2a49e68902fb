using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Grants;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Grants;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Catalog;

/// <summary>A category with how many items it has.</summary>
public sealed record CategoryRow(string Slug, string Name, string Purpose, string Icon, int Order, int Items);

/// <summary>A target an item can run on, and whether it can now.</summary>
public sealed record ItemTarget(string Target, string Kind, bool Available, string? Reason);

/// <summary>An item on its card.</summary>
public sealed record ItemCard(string Slug, string Name, WorkloadKind Kind, string Category, string Icon, string Summary, IReadOnlyList<string> Tags, string Version, Quote FromPrice, IReadOnlyList<ItemTarget> Targets)
{
    /// <summary>The item or its category needs a grant.</summary>
    public bool IsRestricted { get; init; }

    /// <summary>The caller has what it needs.</summary>
    public bool IsGranted { get; init; } = true;
}

/// <summary>Hardware with its price on share-billed places.</summary>
public sealed record PricedHardware(HardwareProfileSpec Spec, Quote Quote);

/// <summary>What past workloads of an item cost and how they went, over the last 90 days.</summary>
/// <param name="MedianReady">From placed to ready; null when nothing ever became ready.</param>
public sealed record ItemTrackRecord(int Launches, int BecameReady, decimal? MedianCost, decimal? LowCost, decimal? HighCost, TimeSpan? MedianReady, IReadOnlyList<decimal> Costs);

/// <summary>An item in full.</summary>
public sealed record ItemDetail(
    ItemCard Card, CategoryRow Category, ItemSpec Spec, IReadOnlyList<PublishedVersion> Versions, IReadOnlyList<PricedHardware> Hardware, ItemTrackRecord TrackRecord, string Lifecycle,
    IReadOnlyList<string> SupportedBy);

/// <summary>Reads the catalog.</summary>
public sealed class CatalogQueries(IDbContextFactory<PortalDbContext> contexts, PublishedItems items, ComputeTargets targets, CurrentPrices prices, GrantQueries grants)
{
    public async Task<IReadOnlyList<CategoryRow>> CategoriesAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Categories.OrderBy(c => c.Order).ThenBy(c => c.Slug)
            .Select(c => new CategoryRow(c.Slug, c.Name, c.Purpose, c.Icon, c.Order, db.CatalogItems.Count(i => i.CategorySlug == c.Slug && i.Lifecycle == ItemLifecycle.Published)))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Published items that match all given words and filters, in the order of their categories.</summary>
    public async Task<IReadOnlyList<ItemCard>> ItemsAsync(string? category, WorkloadKind? kind, string? q, string? target, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var slugs = await db.CatalogItems.Where(i => i.Lifecycle == ItemLifecycle.Published && (category == null || i.CategorySlug == category))
            .Join(db.Categories, i => i.CategorySlug, c => c.Slug, (i, c) => new { i.Slug, c.Order }).OrderBy(x => x.Order).ThenBy(x => x.Slug).Select(x => x.Slug).ToListAsync(cancellationToken);
        var hardware = await HardwareAsync(db, cancellationToken);
        var book = await prices.GetAsync(cancellationToken);
        var restrictions = await grants.RestrictionsAsync(actor, cancellationToken);
        var cards = new List<ItemCard>();
        foreach (var slug in slugs)
        {
            if (await items.FindAsync(slug, null, cancellationToken) is not { } version || !Matches(version.Spec, kind, q)) continue;
            var card = await CardAsync(version, hardware, book, restrictions, actor, cancellationToken);
            if (target is null || card.Targets.Any(t => t.Target == target)) cards.Add(card);
        }
        return cards;
    }

    public async Task<ItemDetail?> FindAsync(string slug, Actor actor, CancellationToken cancellationToken)
    {
        if (await items.FindAsync(slug, null, cancellationToken) is not { } newest) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var hardware = await HardwareAsync(db, cancellationToken);
        var book = await prices.GetAsync(cancellationToken);
        var ids = await db.ItemVersions.Where(v => v.ItemId == newest.ItemId).OrderByDescending(v => v.PublishedAt).ThenByDescending(v => v.Id).Select(v => v.Id).ToListAsync(cancellationToken);
        var versions = new List<PublishedVersion>();
        foreach (var id in ids) versions.Add(await items.GetAsync(id, cancellationToken));
        var priced = newest.Spec.Hardware.Where(hardware.ContainsKey).Select(h => new PricedHardware(hardware[h], book.ForShare(hardware[h], CapacityType.OnDemand))).ToList();
        var category = (await CategoriesAsync(cancellationToken)).Single(c => c.Slug == newest.Spec.Category);
        var support = await db.TeamMembers.Where(m => m.Role == Domain.Teams.TeamRole.Lead && db.Teams.Any(t => t.Id == m.TeamId && t.Slug == newest.Spec.Owner))
            .Join(db.Users, m => m.UserId, u => u.Id, (_, u) => u.DisplayName).Take(5).ToListAsync(cancellationToken);
        return new ItemDetail(await CardAsync(newest, hardware, book, await grants.RestrictionsAsync(actor, cancellationToken), actor, cancellationToken), category, newest.Spec, versions, priced,
            await TrackRecordAsync(db, newest.ItemId, cancellationToken), ItemLifecycle.Published, support);
    }

    /// <summary>Items that work on a finished run of an item, and can run on some target of this portal: name by slug.</summary>
    public async Task<IReadOnlyDictionary<string, string>> UsersOfRunsAsync(string itemSlug, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var slugs = await db.CatalogItems.Where(i => i.Lifecycle == ItemLifecycle.Published).Select(i => i.Slug).ToListAsync(cancellationToken);
        var kinds = (await Task.WhenAll(targets.All.Select(t => t.DescribeAsync(cancellationToken)))).Select(d => d.Kind).ToHashSet(StringComparer.Ordinal);
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var slug in slugs)
            if (await items.FindAsync(slug, null, cancellationToken) is { Spec: { } spec } && spec.FindRunParameter() is { } run && run.Constraints.Items?.Contains(itemSlug) != false && kinds.Any(k => spec.DeploymentFor(k) is not null))
                found[slug] = spec.Name;
        return found;
    }

    /// <summary>All hardware profiles in catalog order, with prices.</summary>
    public async Task<IReadOnlyList<PricedHardware>> HardwareAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var book = await prices.GetAsync(cancellationToken);
        return [.. (await db.HardwareProfiles.AsNoTracking().OrderBy(h => h.Order).Select(h => h.SpecJson).ToListAsync(cancellationToken)).Select(PortalJson.Read<HardwareProfileSpec>)
            .Select(h => new PricedHardware(h, book.ForShare(h, CapacityType.OnDemand)))];
    }

    private static async Task<Dictionary<string, HardwareProfileSpec>> HardwareAsync(PortalDbContext db, CancellationToken cancellationToken) =>
        (await db.HardwareProfiles.AsNoTracking().Select(h => h.SpecJson).ToListAsync(cancellationToken)).Select(PortalJson.Read<HardwareProfileSpec>).ToDictionary(h => h.Slug);

    private async Task<ItemCard> CardAsync(PublishedVersion version, Dictionary<string, HardwareProfileSpec> hardware, PriceBook book, IReadOnlyList<RestrictionRow> restrictions, Actor actor, CancellationToken cancellationToken)
    {
        var spec = version.Spec;
        var profiles = spec.Hardware.Where(hardware.ContainsKey).Select(h => hardware[h]).ToList();
        var cheapest = profiles.Select(h => book.ForShare(h, CapacityType.OnDemand)).MinBy(q => q.HourlyPrice) ?? new Quote(0, 0, "USD");
        var places = new List<ItemTarget>();
        foreach (var target in targets.All)
        {
            var description = await target.DescribeAsync(cancellationToken);
            if (spec.DeploymentFor(description.Kind) is not { } deployment || profiles.Count == 0) continue;
            Offer? best = null;
            foreach (var profile in profiles)
            {
                var offers = await target.GetOffersAsync(OfferRequest.For(spec, deployment, profile, actor.UserId), cancellationToken);
                best ??= offers.Count > 0 ? offers[0] : null;
                if (offers.FirstOrDefault(o => o.Available) is { } available) { best = available; break; }
            }
            places.Add(new ItemTarget(target.Name, description.Kind, best?.Available == true, best?.Available == true ? null : best?.Reason ?? description.Reason));
        }
        var doors = restrictions.Where(r => (r.Kind == RestrictedKind.Item && r.Slug == spec.Slug) || (r.Kind == RestrictedKind.Category && r.Slug == spec.Category)).ToList();
        return new ItemCard(spec.Slug, spec.Name, spec.Kind, spec.Category, spec.Icon, spec.Summary, spec.Tags, version.Version, cheapest, places) { IsRestricted = doors.Count > 0, IsGranted = doors.TrueForAll(d => d.Granted) };
    }

    private static bool Matches(ItemSpec spec, WorkloadKind? kind, string? q)
    {
        if (kind is not null && spec.Kind != kind) return false;
        var words = (q ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var text = string.Join(' ', spec.Slug, spec.Name, spec.Summary, spec.Category, string.Join(' ', spec.Tags), spec.Kind);
        return words.All(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<ItemTrackRecord> TrackRecordAsync(PortalDbContext db, Guid itemId, CancellationToken cancellationToken)
    {
        var since = (await db.NowAsync(cancellationToken)).AddDays(-90);
        var of = db.Workloads.Where(w => w.CreatedAt > since && db.ItemVersions.Any(v => v.Id == w.ItemVersionId && v.ItemId == itemId));
        var launches = await of.CountAsync(cancellationToken);
        var ready = await db.Allocations.Where(a => a.ReadyAt != null && of.Any(w => w.Id == a.WorkloadId)).Select(a => new { a.WorkloadId, a.CreatedAt, a.ReadyAt }).Take(1000).ToListAsync(cancellationToken);
        var costs = (await db.UsageRecords.Where(r => of.Any(w => w.Id == r.WorkloadId)).GroupBy(r => r.WorkloadId).Select(g => g.Sum(r => r.Cost)).ToListAsync(cancellationToken)).Order().ToList();
        var times = ready.Select(r => r.ReadyAt!.Value - r.CreatedAt).Order().ToList();
        return new ItemTrackRecord(launches, ready.Select(r => r.WorkloadId).Distinct().Count(), At(0.5), At(0.1), At(0.9), times.Count == 0 ? null : times[times.Count / 2], costs);

        decimal? At(double quantile) => costs.Count == 0 ? null : costs[(int)Math.Min(costs.Count - 1, Math.Floor(costs.Count * quantile))];
    }
}
