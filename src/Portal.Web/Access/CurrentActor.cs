using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Portal.Application.Access;
using Portal.Domain.Access;

namespace Portal.Web.Access;

/// <summary>The actor behind this circuit. Looked up anew for every action, so that rights taken away and sessions that ended are gone at once.</summary>
public sealed class CurrentActor(AuthenticationStateProvider authentication, ActorDirectory actors, CircuitSource source)
{
    /// <summary>Throws <see cref="SignedOutException"/> when nobody is signed in, the session is over or the account was disabled.</summary>
    public async Task<Actor> GetAsync(CancellationToken cancellationToken = default)
    {
        var state = await authentication.GetAuthenticationStateAsync();
        return await OfAsync(actors, state.User, cancellationToken) is { } actor ? actor with { Source = source.Address } : throw new SignedOutException();
    }

    /// <summary>The actor a principal stands for; null when there is none.</summary>
    public static async Task<Actor?> OfAsync(ActorDirectory actors, ClaimsPrincipal principal, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id)) return null;
        if (principal.Identity?.AuthenticationType != TokenAuthentication.SchemeName)
            return Guid.TryParse(principal.FindFirstValue(BrowserSessions.Claim), out var session) ? await actors.InSessionAsync(id, session, cancellationToken) : null;
        if (!Guid.TryParse(principal.FindFirstValue(TokenAuthentication.TokenClaim), out var token)) return null;
        return await actors.FindAsync(id, principal.FindAll(TokenAuthentication.ScopeClaim).Select(c => c.Value), cancellationToken) is { } actor ? actor with { TokenId = token } : null;
    }
}

/// <summary>Nobody is signed in (any more); the page sends the person to sign in.</summary>
public sealed class SignedOutException() : Exception("You are signed out.");
