using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;

namespace Portal.Application.Compute;

/// <summary>One process at a time does a named job; the others try again. By the database's clock.</summary>
public sealed class LeaderElection(IDbContextFactory<PortalDbContext> contexts)
{
    private readonly Guid _self = Guid.NewGuid();

    /// <summary>True when this process leads for the next <paramref name="duration"/>.</summary>
    public async Task<bool> LeadAsync(string name, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.ExecuteSqlAsync($"""
            insert into leader_leases (name, holder, expires_at) values ({name}, {_self}, clock_timestamp() + {duration})
            on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
            where leader_leases.holder = excluded.holder or leader_leases.expires_at < clock_timestamp()
            """, cancellationToken) == 1;
    }

    /// <summary>Gives the job up, so that another takes over at once.</summary>
    public async Task ResignAsync(string name, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.LeaderLeases.Where(l => l.Name == name && l.Holder == _self).ExecuteDeleteAsync(cancellationToken);
    }
}
