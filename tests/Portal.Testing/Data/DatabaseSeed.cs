using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Testing.Hosting;

namespace Portal.Testing.Data;

/// <summary>What a first start of the portal leaves in the database: installation, roles, rates and the default catalog.</summary>
internal static class DatabaseSeed
{
    public static async Task FillAsync(string connectionString, CancellationToken ct)
    {
        await using var services = new ServiceCollection().AddLogging().AddPortalDatabase(connectionString)
            .AddSingleton(TimeProvider.System).AddSingleton<CurrentPrices>().AddSingleton<ImportCatalog>().BuildServiceProvider();
        await using (var db = await services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(ct))
        {
            var now = await db.NowAsync(ct);
            db.Installations.Add(new Installation { Id = Guid.CreateVersion7(now), CreatedAt = now });
            foreach (var role in PortalRoles.All)
                db.Roles.Add(new IdentityRole<Guid> { Id = Guid.CreateVersion7(now), Name = role, NormalizedName = role.ToUpperInvariant() });
            await db.SaveChangesAsync(ct);
        }
        await services.GetRequiredService<CurrentPrices>().SeedAsync(ct);
        var outcome = await services.GetRequiredService<ImportCatalog>().ExecuteAsync(RepositoryFolder.Catalog, ct);
        if (outcome is ImportCatalog.Outcome.Refused refused)
            throw new InvalidOperationException($"The default catalog was refused:\n{string.Join('\n', refused.Problems)}");
    }
}
