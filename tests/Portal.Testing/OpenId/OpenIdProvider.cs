using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portal.Testing.OpenId;

/// <summary>
/// A real OpenID provider on a port of this machine: discovery, signing keys, authorization code with PKCE, user info and end of session, all by OpenIddict. Instead of asking for a password it
/// takes the word of the browser: <c>/be/lena</c> makes it Lena's.
/// </summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "portal", ClientSecret = "a secret of the tests";

    private const string Cookie = "provider_person";

    private readonly WebApplication _app;

    private OpenIdProvider(WebApplication app) => _app = app;

    /// <summary>By subject.</summary>
    public ConcurrentDictionary<string, ProviderPerson> People { get; } = new();

    /// <summary>Whose sessions were ended by a sign-out with a valid id_token_hint.</summary>
    public ConcurrentQueue<string> SignedOut { get; } = new();

    /// <summary>Query of every authorization request.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public Uri Url { get; private set; } = null!;

    /// <summary>The portal's settings for it.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["SignIn:Oidc:Authority"] = Url.ToString(), ["SignIn:Oidc:ClientId"] = ClientId, ["SignIn:Oidc:ClientSecret"] = ClientSecret, ["SignIn:Oidc:Scopes"] = "openid profile email groups", ["SignIn:Oidc:DisplayName"] = "Example Corp",
    };

    /// <param name="portal">The portal's origin; everything else is refused as an address to come back to.</param>
    public static async Task<OpenIdProvider> StartAsync(Uri portal)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var origin = portal.GetLeftPart(UriPartial.Authority);
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token").SetUserInfoEndpointUris("connect/userinfo").SetEndSessionEndpointUris("connect/end");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange().RegisterScopes(Scopes.Profile, Scopes.Email, "groups");
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
            // No database: codes and tokens carry what they say, encrypted; the one client is known here.
            server.EnableDegradedMode();
            server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough().EnableUserInfoEndpointPassthrough().EnableEndSessionEndpointPassthrough().DisableTransportSecurityRequirement();
            server.AddEventHandler<ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId) context.Reject(Errors.InvalidClient, "Unknown client.");
                else if (context.RedirectUri != origin + "/account/oidc/callback") context.Reject(Errors.InvalidRequest, "Unknown redirect_uri.");
                return ValueTask.CompletedTask;
            }));
            server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.ClientSecret != ClientSecret) context.Reject(Errors.InvalidClient, "Wrong client or secret.");
                return ValueTask.CompletedTask;
            }));
            server.AddEventHandler<ValidateEndSessionRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.PostLogoutRedirectUri != origin + "/account/oidc/signed-out") context.Reject(Errors.InvalidRequest, "Unknown post_logout_redirect_uri.");
                return ValueTask.CompletedTask;
            }));
        });
        builder.Services.AddAuthentication();
        var provider = new OpenIdProvider(builder.Build());
        provider.Map();
        await provider._app.StartAsync();
        provider.Url = new Uri(provider._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return provider;
    }

    /// <summary>A person who is made when missing.</summary>
    public ProviderPerson Person(string subject, params string[] groups)
    {
        var person = People.GetOrAdd(subject, s => new ProviderPerson(s));
        person.Groups = [.. groups];
        return person;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private void Map()
    {
        _app.UseAuthentication();
        _app.MapGet("/be/{subject}", (string subject, HttpContext context) =>
        {
            context.Response.Cookies.Append(Cookie, subject);
            return $"You are {subject}.";
        });
        _app.MapGet("/connect/authorize", Authorize);
        _app.MapPost("/connect/token", (Delegate)TokenAsync);
        _app.MapGet("/connect/userinfo", (Delegate)UserInfoAsync);
        _app.MapGet("/connect/end", (Delegate)EndAsync);
    }

    private IResult Authorize(HttpContext context)
    {
        Asked.Enqueue(context.Request.QueryString.Value!);
        if (!context.Request.Cookies.TryGetValue(Cookie, out var subject) || !People.TryGetValue(subject, out var person))
        {
            var denied = new AuthenticationProperties(new Dictionary<string, string?> { [OpenIddictServerAspNetCoreConstants.Properties.Error] = Errors.AccessDenied });
            return Results.Forbid(denied, [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
        }
        var identity = new ClaimsIdentity("provider", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, person.Subject).SetClaim(Claims.Name, person.Name).SetClaim(Claims.Email, person.Email).SetClaim(Claims.EmailVerified, person.IsEmailVerified);
        identity.SetScopes(context.GetOpenIddictServerRequest()!.GetScopes());
        identity.SetDestinations(claim => claim.Type is Claims.Subject or Claims.Name or Claims.Email or Claims.EmailVerified ? [Destinations.AccessToken, Destinations.IdentityToken] : [Destinations.AccessToken]);
        return Results.SignIn(new ClaimsPrincipal(identity), null, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    private static async Task<IResult> TokenAsync(HttpContext context)
    {
        var code = await context.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        return Results.SignIn(code.Principal!, null, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    // Groups are told here and not in the id_token, as many providers do.
    private async Task<IResult> UserInfoAsync(HttpContext context)
    {
        var token = await context.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        return token.Principal?.GetClaim(Claims.Subject) is { } subject && People.TryGetValue(subject, out var person) ? Results.Json(new { sub = subject, groups = person.Groups }) : Results.NotFound();
    }

    private async Task<IResult> EndAsync(HttpContext context)
    {
        var hint = await context.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        if (hint.Principal?.GetClaim(Claims.Subject) is { } subject) SignedOut.Enqueue(subject);
        context.Response.Cookies.Delete(Cookie);
        return Results.SignOut(new AuthenticationProperties { RedirectUri = "/" }, [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
    }
}
