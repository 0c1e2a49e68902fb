using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access.Grants;
using Portal.Domain.Catalog;

namespace Portal.Application.Access.Grants;

/// <summary>Something restricted that a person has no grant for.</summary>
/// <param name="Name">How people know it.</param>
public sealed record ClosedDoor(AccessRestriction Restriction, string Name)
{
    /// <summary>Why nothing can be launched, and where to ask.</summary>
    public string Words => $"{Word(Restriction.Kind)} '{Restriction.Slug}' is restricted{(Restriction.Reason is { } reason ? $": {reason.TrimEnd('.')}" : "")}. Ask for access to it under Access, or on the item's page.";

    /// <summary>item, category or hardware.</summary>
    public static string Word(RestrictedKind kind) => kind.ToString().ToLowerInvariant();
}

/// <summary>Answers whether a person, by a grant of their own or of a team, may use what is restricted. Asked in the transaction that uses it.</summary>
public sealed class AccessRights
{
    /// <summary>What keeps the person out of launching this item on this hardware; empty: nothing.</summary>
    public async Task<IReadOnlyList<ClosedDoor>> LocksAsync(PortalDbContext db, ItemSpec item, string hardware, Guid userId, Guid teamId, CancellationToken cancellationToken)
    {
        var locks = new List<ClosedDoor>();
        foreach (var restriction in await RestrictionsAsync(db, item, hardware, cancellationToken))
            if (!await HoldAsync(db, restriction, userId, teamId, cancellationToken)) locks.Add(new ClosedDoor(restriction, restriction.Slug));
        return locks;
    }

    /// <summary>Notes that grants were needed now, so that unused ones can be found.</summary>
    public async Task NoteUseAsync(PortalDbContext db, ItemSpec item, string hardware, Guid userId, Guid teamId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var restriction in await RestrictionsAsync(db, item, hardware, cancellationToken))
            await Holding(db, restriction, userId, teamId).ExecuteUpdateAsync(g => g.SetProperty(x => x.LastUsedAt, now), cancellationToken);
    }

    /// <summary>
    /// True with a grant, which is held until the transaction ends: a revocation at the same moment comes before or after, not in between. Held as strongly as <see cref="NoteUseAsync"/>
    /// needs it later: two that share it and then both want to write would wait for each other.
    /// </summary>
    private static async Task<bool> HoldAsync(PortalDbContext db, AccessRestriction restriction, Guid userId, Guid teamId, CancellationToken cancellationToken)
    {
        var kind = restriction.Kind.ToString();
        var held = await db.Database.SqlQuery<Guid>($"""
            select id as "Value" from access_grants where kind = {kind} and slug = {restriction.Slug} and (user_id = {userId} or team_id = {teamId})
              and revoked_at is null and starts_at <= clock_timestamp() and ends_at > clock_timestamp() order by id for no key update
            """).ToListAsync(cancellationToken);
        return held.Count > 0;
    }

    private static Task<List<AccessRestriction>> RestrictionsAsync(PortalDbContext db, ItemSpec item, string hardware, CancellationToken cancellationToken) =>
        db.AccessRestrictions.AsNoTracking().Where(r => (r.Kind == RestrictedKind.Item && r.Slug == item.Slug) || (r.Kind == RestrictedKind.Category && r.Slug == item.Category) || (r.Kind == RestrictedKind.Hardware && r.Slug == hardware)).OrderBy(r => r.Kind).ToListAsync(cancellationToken);

    /// <summary>Grants that open the door now, by the database's clock.</summary>
    internal static IQueryable<AccessGrant> Holding(PortalDbContext db, AccessRestriction restriction, Guid userId, Guid teamId) =>
        db.AccessGrants.FromSql($"select g.* from access_grants g where g.revoked_at is null and g.starts_at <= clock_timestamp() and g.ends_at > clock_timestamp()")
            .Where(g => g.Kind == restriction.Kind && g.Slug == restriction.Slug && (g.UserId == userId || g.TeamId == teamId));
}
