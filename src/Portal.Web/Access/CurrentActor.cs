using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Portal.Application.Access;
using Portal.Domain.Access;

namespace Portal.Web.Access;

/// <summary>The actor behind this circuit. Looked up anew for every action, so that rights taken away are gone at once.</summary>
public sealed class CurrentActor(AuthenticationStateProvider authentication, ActorDirectory actors, CircuitSource source)
{
    /// <summary>Throws <see cref="SignedOutException"/> when nobody is signed in or the account was disabled.</summary>
    public async Task<Actor> GetAsync(CancellationToken cancellationToken = default)
    {
        var state = await authentication.GetAuthenticationStateAsync();
        return await OfAsync(actors, state.User, cancellationToken) is { } actor ? actor with { Source = source.Address } : throw new SignedOutException();
    }

    /// <summary>The actor a principal stands for; null when there is none.</summary>
    public static async Task<Actor?> OfAsync(ActorDirectory actors, ClaimsPrincipal principal, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id)) return null;
        var scopes = principal.Identity?.AuthenticationType == TokenAuthentication.SchemeName ? principal.FindAll(TokenAuthentication.ScopeClaim).Select(c => c.Value) : null;
        return await actors.FindAsync(id, scopes, cancellationToken) is { } actor
            ? actor with { TokenId = scopes is not null && Guid.TryParse(principal.FindFirstValue(TokenAuthentication.TokenClaim), out var token) ? token : null } : null;
    }
}

/// <summary>Nobody is signed in (any more); the page sends the person to sign in.</summary>
public sealed class SignedOutException() : Exception("You are signed out.");
