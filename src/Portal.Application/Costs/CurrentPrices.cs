using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Costs;

namespace Portal.Application.Costs;

/// <summary>The price book in force now.</summary>
public sealed class CurrentPrices(IDbContextFactory<PortalDbContext> contexts, TimeProvider time)
{
    // Every estimate asks, and there are hundreds: machines' prices are read anew once a minute.
    private static readonly TimeSpan MachinesHoldFor = TimeSpan.FromMinutes(1);

    private (DateTimeOffset At, IReadOnlyList<InstancePrice> Prices)? _machines;

    /// <summary>Changed rates count at once, changed prices of machines within a minute.</summary>
    public async Task<PriceBook> GetAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        return new PriceBook(await db.Rates.AsNoTracking().ToListAsync(cancellationToken), await MachinesAsync(db, cancellationToken), now);
    }

    /// <summary>Adds the default rates where a component has none, and the shipped prices of machines that are not there yet.</summary>
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
        var shipped = ShippedPrices.Read().ToList();
        await db.Database.ExecuteSqlAsync($"""
            insert into instance_prices (id, instance_type, region, zone, spot, price, currency, effective_from)
            select * from unnest({shipped.Select(p => p.Id).ToArray()}, {shipped.Select(p => p.InstanceType).ToArray()}, {shipped.Select(p => p.Region).ToArray()}, {shipped.Select(p => p.Zone).ToArray()},
                {shipped.Select(p => p.Spot).ToArray()}, {shipped.Select(p => p.Price).ToArray()}, {shipped.Select(p => p.Currency).ToArray()}, {shipped.Select(p => p.EffectiveFrom).ToArray()})
            on conflict do nothing
            """, cancellationToken);
    }

    // Two that read at once read the same; the later one stays.
    private async Task<IReadOnlyList<InstancePrice>> MachinesAsync(PortalDbContext db, CancellationToken cancellationToken)
    {
        if (_machines is { } held && time.GetUtcNow() - held.At < MachinesHoldFor) return held.Prices;
        var read = await db.InstancePrices.AsNoTracking().ToListAsync(cancellationToken);
        _machines = (time.GetUtcNow(), read);
        return read;
    }
}
