using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Catalog;

namespace Portal.Application.Catalog;

/// <summary>A version as it was published; never changes, so it is kept in memory once read.</summary>
public sealed record PublishedVersion(Guid Id, Guid ItemId, string Version, DateTimeOffset PublishedAt, ItemSpec Spec, IReadOnlyDictionary<string, byte[]> Files);

/// <summary>Reads item versions.</summary>
public sealed class PublishedItems(IDbContextFactory<PortalDbContext> contexts)
{
    private readonly ConcurrentDictionary<Guid, PublishedVersion> _byId = new();

    /// <summary>The version by id.</summary>
    public async Task<PublishedVersion> GetAsync(Guid versionId, CancellationToken cancellationToken)
    {
        if (_byId.TryGetValue(versionId, out var known)) return known;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.ItemVersions.AsNoTracking().SingleAsync(v => v.Id == versionId, cancellationToken);
        return _byId[versionId] = Read(row);
    }

    /// <summary>A published version of an item by slug, the newest when none is named; null when there is none.</summary>
    public async Task<PublishedVersion?> FindAsync(string itemSlug, string? version, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var id = await db.ItemVersions
            .Where(v => db.CatalogItems.Any(i => i.Id == v.ItemId && i.Slug == itemSlug && i.Lifecycle == ItemLifecycle.Published) && (version == null || v.Version == version))
            .OrderByDescending(v => v.PublishedAt).ThenByDescending(v => v.Id).Select(v => (Guid?)v.Id).FirstOrDefaultAsync(cancellationToken);
        return id is null ? null : await GetAsync(id.Value, cancellationToken);
    }

    private static PublishedVersion Read(ItemVersion row) => new(row.Id, row.ItemId, row.Version, row.PublishedAt, PortalJson.Read<ItemSpec>(row.SpecJson),
        PortalJson.Read<Dictionary<string, byte[]>>(row.FilesJson));
}

/// <summary>Words of <c>CatalogItem.Lifecycle</c>.</summary>
public static class ItemLifecycle
{
    public const string Published = "published";
    public const string Retired = "retired";
}
