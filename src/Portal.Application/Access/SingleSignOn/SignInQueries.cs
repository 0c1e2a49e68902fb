using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access.SingleSignOn;

/// <summary>The ways in which a person can sign in.</summary>
/// <param name="Password">With a password that the portal keeps.</param>
/// <param name="Provider">The provider that vouches for them; null: none yet.</param>
public sealed record SignInWays(bool Password, string? Provider);

/// <summary>Reads how people sign in.</summary>
public sealed class SignInQueries(IDbContextFactory<PortalDbContext> contexts, SignInSettings settings)
{
    /// <summary>The actor's own ways.</summary>
    public async Task<SignInWays> MineAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var hasPassword = await db.Users.AnyAsync(u => u.Id == actor.UserId && u.PasswordHash != null, cancellationToken);
        var isLinked = settings.HasProvider && await db.UserLogins.AnyAsync(l => l.UserId == actor.UserId, cancellationToken);
        return new SignInWays(hasPassword && settings.LocalAccounts, isLinked ? settings.Oidc.DisplayName : null);
    }
}
