using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access;

/// <summary>Turns a person's id into an <see cref="Actor"/> with the roles and teams of this moment, so that a change of rights works at once.</summary>
public sealed class ActorDirectory(IDbContextFactory<PortalDbContext> contexts, BrowserSessions sessions)
{
    /// <summary>The same person by the same way, with the rights of this moment; null when the person was disabled, their token ended or their session did. For what stays open longer than one action.</summary>
    public async Task<Actor?> AgainAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (actor.TokenId is { } token)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var now = await db.NowAsync(cancellationToken);
            if (!await db.AccessTokens.AnyAsync(t => t.Id == token && t.RevokedAt == null && (t.ExpiresAt == null || t.ExpiresAt > now), cancellationToken)) return null;
        }
        if (actor.SessionId is { } session) return await InSessionAsync(actor.UserId, session, cancellationToken) is { } signedIn ? signedIn with { Source = actor.Source } : null;
        return await FindAsync(actor.UserId, actor.Scopes, cancellationToken) is { } found ? found with { TokenId = actor.TokenId, Source = actor.Source } : null;
    }

    /// <summary>The actor in a browser session; null when it is over, or the person unknown or disabled.</summary>
    public async Task<Actor?> InSessionAsync(Guid userId, Guid session, CancellationToken cancellationToken) =>
        await sessions.HoldsAsync(session, userId, cancellationToken) && await FindAsync(userId, null, cancellationToken) is { } actor ? actor with { SessionId = session } : null;

    /// <summary>The actor with the given token scopes (null: all, as in a browser session); null when the person is unknown or disabled.</summary>
    public async Task<Actor?> FindAsync(Guid userId, IEnumerable<string>? scopes, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var user = await db.Users.Where(u => u.Id == userId && !u.Disabled).Select(u => new { u.Id, u.DisplayName, u.Email }).SingleOrDefaultAsync(cancellationToken);
        if (user is null) return null;
        var roles = await db.UserRoles.Where(r => r.UserId == userId).Join(db.Roles, r => r.RoleId, r => r.Id, (_, r) => r.Name!).ToListAsync(cancellationToken);
        var teams = await db.TeamMembers.Where(m => m.UserId == userId)
            .Join(db.Teams, m => m.TeamId, t => t.Id, (m, t) => new ActorTeam(t.Id, t.Slug, t.Name, m.Role)).ToListAsync(cancellationToken);
        return new Actor(user.Id, user.DisplayName, user.Email ?? "", roles.ToHashSet(), [.. teams.OrderBy(t => t.Slug, StringComparer.Ordinal)], (scopes ?? TokenScopes.All).ToHashSet());
    }
}
