using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Portal.Application.Audit;
using Portal.Application.Catalog.Files;
using Portal.Application.Access.Grants;
using Portal.Application.Data;
using Portal.Domain.Access.Grants;
using Portal.Domain.Catalog;

namespace Portal.Application.Catalog;

/// <summary>
/// Brings a folder of catalog files into the database: categories and hardware are updated, a new item version is published, a published one never changes. All or nothing.
/// </summary>
public sealed partial class ImportCatalog(IDbContextFactory<PortalDbContext> contexts, ILogger<ImportCatalog> logger)
{
    public abstract record Outcome
    {
        private Outcome() { }

        public sealed record Imported(int NewVersions, IReadOnlyList<CatalogProblem> Warnings) : Outcome;

        /// <summary>Nothing was changed; every problem names file, line, path and what is allowed.</summary>
        public sealed record Refused(IReadOnlyList<CatalogProblem> Problems) : Outcome;
    }

    public async Task<Outcome> ExecuteAsync(string folder, CancellationToken cancellationToken)
    {
        var load = CatalogFolder.Read(folder);
        foreach (var warning in load.Warnings) LogWarning(logger, warning.ToString());
        if (load.Problems.Count > 0) return new Outcome.Refused(load.Problems);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Two portals starting at once import one after the other.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('catalog-import', 0))", cancellationToken);
        await SaveShelvesAsync(db, load, cancellationToken);
        var (added, problems) = await SaveItemsAsync(db, load, cancellationToken);
        if (problems.Count > 0) return new Outcome.Refused(problems);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogImported(logger, load.Items.Count, added);
        return new Outcome.Imported(added, load.Warnings);
    }

    private static async Task SaveShelvesAsync(PortalDbContext db, CatalogLoad load, CancellationToken cancellationToken)
    {
        var categories = await db.Categories.ToDictionaryAsync(c => c.Slug, cancellationToken);
        foreach (var spec in load.Categories)
        {
            if (categories.TryGetValue(spec.Slug, out var category))
                (category.Name, category.Purpose, category.Icon, category.Order) = (spec.Name, spec.Purpose, spec.Icon, spec.Order);
            else db.Categories.Add(new Category { Slug = spec.Slug, Name = spec.Name, Purpose = spec.Purpose, Icon = spec.Icon, Order = spec.Order });
        }
        var hardware = await db.HardwareProfiles.ToDictionaryAsync(h => h.Slug, cancellationToken);
        foreach (var (spec, order) in load.Hardware.Select((h, i) => (h, i)))
        {
            if (hardware.TryGetValue(spec.Slug, out var profile)) (profile.SpecJson, profile.Order) = (PortalJson.Write(spec), order);
            else
            {
                db.HardwareProfiles.Add(new HardwareProfile { Slug = spec.Slug, SpecJson = PortalJson.Write(spec), Order = order });
                // As the file has it at first; from then on it is an administrator's to change.
                if (spec.Restricted && !await db.AccessRestrictions.AnyAsync(r => r.Kind == RestrictedKind.Hardware && r.Slug == spec.Slug, cancellationToken))
                    db.AccessRestrictions.Add(new AccessRestriction { Kind = RestrictedKind.Hardware, Slug = spec.Slug, StepsJson = ManageGrants.AdminStep, LongestGrant = TimeSpan.FromDays(30), OnEnd = OnGrantEnd.Keep, Grace = TimeSpan.Zero, CreatedAt = await db.NowAsync(cancellationToken) });
            }
        }
        await db.SaveChangesAsync(cancellationToken);
    }

    private static async Task<(int Added, IReadOnlyList<CatalogProblem> Problems)> SaveItemsAsync(PortalDbContext db, CatalogLoad load, CancellationToken cancellationToken)
    {
        var now = await db.NowAsync(cancellationToken);
        var items = await db.CatalogItems.ToDictionaryAsync(i => i.Slug, cancellationToken);
        var versions = await db.ItemVersions.Select(v => new { v.ItemId, v.Version, v.SourceHash }).ToListAsync(cancellationToken);
        var (added, problems) = (0, new List<CatalogProblem>());
        foreach (var loaded in load.Items)
        {
            if (!items.TryGetValue(loaded.Spec.Slug, out var item))
                db.CatalogItems.Add(item = new CatalogItem { Id = Guid.CreateVersion7(now), Slug = loaded.Spec.Slug, CategorySlug = loaded.Spec.Category, Lifecycle = ItemLifecycle.Published, CreatedAt = now });
            item.CategorySlug = loaded.Spec.Category;
            var known = versions.SingleOrDefault(v => v.ItemId == item.Id && v.Version == loaded.Spec.Version);
            if (known?.SourceHash == loaded.SourceHash) continue;
            if (known is not null)
            {
                problems.Add(new CatalogProblem($"{loaded.Spec.Category}/{loaded.Spec.Slug}.yaml", 1, 1, "version",
                    $"Version {loaded.Spec.Version} is published already with another content, and a published version never changes. Raise `version` to publish this."));
                continue;
            }
            db.ItemVersions.Add(new ItemVersion
            {
                Id = Guid.CreateVersion7(now),
                ItemId = item.Id,
                Version = loaded.Spec.Version,
                SpecJson = PortalJson.Write(loaded.Spec),
                FilesJson = PortalJson.Write(loaded.Files),
                SourceHash = loaded.SourceHash,
                SourceText = loaded.SourceText,
                PublishedAt = now,
            });
            db.Audit(null, now, "catalog.publish", "item", loaded.Spec.Slug, loaded.Spec.Name, new { loaded.Spec.Version });
            added++;
        }
        return (added, problems);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Catalog: {Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Information, Message = "Catalog: {Items} items, {Added} new versions")]
    private static partial void LogImported(ILogger logger, int items, int added);
}
