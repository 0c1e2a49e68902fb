using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Costs;

namespace Portal.Application.Costs;

/// <summary>The price book in force now.</summary>
public sealed class CurrentPrices(IDbContextFactory<PortalDbContext> contexts)
{
    public async Task<PriceBook> GetAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        return new PriceBook(await db.Rates.AsNoTracking().ToListAsync(cancellationToken), now);
    }

    /// <summary>Adds the default rates where a component has none.</summary>
    public async Task SeedAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var known = await db.Rates.Select(r => r.Component).Distinct().ToListAsync(cancellationToken);
        var missing = PriceBook.Defaults.Where(d => !known.Contains(d.Component)).ToList();
        foreach (var (component, price) in missing)
            await db.Database.ExecuteSqlAsync($"""
                insert into rates (id, component, price, currency, effective_from) values ({Guid.CreateVersion7()}, {component}, {price}, 'USD', '2020-01-01T00:00:00Z')
                on conflict do nothing
                """, cancellationToken);
    }
}
