using Microsoft.EntityFrameworkCore;
using Portal.Application;
using Portal.Application.Catalog;
using Portal.Application.Data;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Testing.Hosting;

/// <summary>Items of a test's own, beside the default catalog.</summary>
public static class HostCatalog
{
    /// <summary>A run that takes any hardware and is never tried again unless the test says so.</summary>
    public static ItemSpec Run(string slug) => new()
    {
        Slug = slug,
        Name = slug,
        Kind = WorkloadKind.TrainingRun,
        Category = "training",
        Summary = "An item of a test",
        Version = "1.0.0",
        Hardware = ["cpu-tiny", "cpu-small", "cpu-medium", "cpu-large"],
        Retry = new RetrySpec { On = [] },
        Deployments = [new DeploymentSpec { Target = "local", Command = ["true"] }],
    };

    /// <summary>As <see cref="Run"/>, but with a port, and meant to stay.</summary>
    public static ItemSpec Server(string slug) => Run(slug) with { Kind = WorkloadKind.Service, Ports = [new PortSpec()] };

    /// <summary>Publishes the item and answers the id of its version.</summary>
    public static async Task<Guid> AddItemAsync(this ApplicationHost host, ItemSpec spec)
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        var item = await db.CatalogItems.SingleOrDefaultAsync(i => i.Slug == spec.Slug);
        if (item is null) db.CatalogItems.Add(item = new CatalogItem { Id = Guid.CreateVersion7(now), Slug = spec.Slug, CategorySlug = spec.Category, Lifecycle = ItemLifecycle.Published, CreatedAt = now });
        var version = new ItemVersion
        {
            Id = Guid.CreateVersion7(now),
            ItemId = item.Id,
            Version = spec.Version,
            SpecJson = PortalJson.Write(spec),
            FilesJson = "{}",
            SourceHash = "",
            SourceText = "",
            PublishedAt = now,
        };
        db.ItemVersions.Add(version);
        await db.SaveChangesAsync();
        return version.Id;
    }
}
