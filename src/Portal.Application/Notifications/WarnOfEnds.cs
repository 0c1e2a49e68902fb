using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>Tells of ends that come near: workloads within the hour, grants within three days; and clears what is old. Looks at how things are, so that a missed run is made up by the next; each end is told once.</summary>
public sealed class WarnOfEnds(IDbContextFactory<PortalDbContext> contexts)
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private sealed record Ending(Guid Id, Guid OwnerId, string Name, DateTimeOffset ExpiresAt);

    private sealed record Lapsing(Guid Id, Guid UserId, string Kind, string Slug, DateTimeOffset EndsAt);

    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        await WorkloadsAsync(db, now, cancellationToken);
        await GrantsAsync(db, now, cancellationToken);
        var old = now - Kept;
        await db.Notifications.Where(n => n.CreatedAt < old).ExecuteDeleteAsync(cancellationToken);
    }

    // What was launched for an hour or so ends within the hour from its beginning: that is no news.
    private static async Task WorkloadsAsync(PortalDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ending = await db.Database.SqlQuery<Ending>($"""
            select w.id, w.owner_id, w.name, w.expires_at from workloads w
            where w.desired = 'Running' and w.phase = 'Running' and w.expires_at > {now} and w.expires_at <= {now} + interval '1 hour' and w.expires_at - coalesce(w.started_at, w.queued_at) >= interval '90 minutes'
              and not exists (select 1 from notifications n where n.user_id = w.owner_id and n.key = 'workload:' || w.id || ':ends:' || floor(extract(epoch from w.expires_at))::bigint)
            """).ToListAsync(cancellationToken);
        foreach (var w in ending)
            await db.TellAsync([w.OwnerId], new News(NotificationKind.WorkloadEnding, $"workload:{w.Id}:ends:{w.ExpiresAt.ToUnixTimeSeconds()}", $"“{w.Name}” ends at {w.ExpiresAt:HH:mm} UTC", $"/workloads/{w.Id}", "Extend it on its page, or save what you need."), now, cancellationToken);
    }

    // Three days before, or half of what was given. Nobody is told who has access by another grant that lasts longer, or where everybody has. Of a team's grants its leads are told.
    private static async Task GrantsAsync(PortalDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lapsing = await db.Database.SqlQuery<Lapsing>($"""
            select g.id, p.user_id, g.kind, g.slug, g.ends_at from access_grants g
            join access_restrictions r on r.kind = g.kind and r.slug = g.slug
            cross join lateral (select g.user_id where g.user_id is not null union select m.user_id from team_members m where m.team_id = g.team_id and m.role = 'Lead') p
            where g.revoked_at is null and g.starts_at <= {now} and g.ends_at > {now} and g.ends_at - least(interval '3 days', (g.ends_at - g.starts_at) / 2) <= {now}
              and not exists (select 1 from access_grants o where o.kind = g.kind and o.slug = g.slug and o.revoked_at is null and o.ends_at > g.ends_at
                              and (o.user_id = g.user_id or o.team_id = g.team_id or (g.user_id is not null and o.team_id in (select team_id from team_members where user_id = g.user_id))))
              and not exists (select 1 from notifications n where n.user_id = p.user_id and n.key = 'grant:' || g.id || ':ends')
            """).ToListAsync(cancellationToken);
        foreach (var g in lapsing)
            await db.TellAsync([g.UserId], new News(NotificationKind.AccessEnding, $"grant:{g.Id}:ends", $"Access to {g.Kind.ToLowerInvariant()} {g.Slug} ends on {g.EndsAt:yyyy-MM-dd HH:mm} UTC", "/access", "Ask again if it is still needed."), now, cancellationToken);
    }
}
