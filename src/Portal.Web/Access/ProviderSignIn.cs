using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Portal.Application.Access;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Data;
using Portal.Web.Hosting;

namespace Portal.Web.Access;

/// <summary>Signing in with the organisation's OpenID provider: authorization code with PKCE, nonce and state; the answer comes back in the query.</summary>
internal static partial class ProviderSignIn
{
    public const string Scheme = "Provider";
    public const string Path = "/account/oidc/sign-in";
    public const string CallbackPath = "/account/oidc/callback";
    public const string SignedOutPath = "/account/oidc/signed-out";

    private const string EmailVerified = "email_verified";
    private const string Issuer = "issuer", IdToken = "id_token";

    public static void AddProvider(this AuthenticationBuilder authentication, OidcSettings settings)
    {
        authentication.AddOpenIdConnect(Scheme, settings.DisplayName, options => Configure(options, settings));
        authentication.Services.AddOptions<OpenIdConnectOptions>(Scheme).Configure<IOptions<PortalOptions>>((options, portal) => UsePublicUrl(options, portal.Value.PublicUrl));
    }

    /// <summary>Sends the browser to the provider.</summary>
    public static async Task<IResult> BeginAsync(string? returnUrl, HttpContext context, SignInSettings settings, IOptions<PortalOptions> portal, ILogger<SignInFromProvider> logger)
    {
        if (!settings.HasProvider) return SignIn.Again("none", returnUrl);
        var safe = SignIn.Safe(returnUrl);
        // The provider answers to the public address; the cookies of this try must lie there too.
        if (portal.Value.Url is null && context.Request.Host.Value != portal.Value.PublicUrl.Authority) return Results.Redirect($"{portal.Value.PublicUrl.GetLeftPart(UriPartial.Authority)}{Path}?returnUrl={Uri.EscapeDataString(safe)}");
        try
        {
            await context.ChallengeAsync(Scheme, new AuthenticationProperties { RedirectUri = safe });
            return Results.Empty;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            LogAway(logger, exception.Message);
            return SignIn.Again("away", safe);
        }
    }

    private static void Configure(OpenIdConnectOptions options, OidcSettings settings)
    {
        options.Authority = settings.Authority;
        options.RequireHttpsMetadata = !(Uri.TryCreate(settings.Authority, UriKind.Absolute, out var authority) && SignInSettingsValidator.IsHere(authority));
        options.ClientId = settings.ClientId;
        options.ClientSecret = string.IsNullOrEmpty(settings.ClientSecretFile) ? settings.ClientSecret : File.Exists(settings.ClientSecretFile) ? File.ReadAllText(settings.ClientSecretFile).Trim() : null;
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.SaveTokens = false;
        options.MapInboundClaims = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.BackchannelTimeout = TimeSpan.FromSeconds(15);
        options.SignInScheme = options.SignOutScheme = IdentityConstants.ApplicationScheme;
        (options.CallbackPath, options.SignedOutCallbackPath, options.SignedOutRedirectUri) = (CallbackPath, SignedOutPath, "/sign-in");
        // Without the session's cookie, which other sites do not get, the provider's frame could end nothing: no address for it.
        options.RemoteSignOutPath = default;
        options.Scope.Clear();
        foreach (var scope in settings.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)) options.Scope.Add(scope);
        options.ClaimActions.Clear();
        foreach (var claim in new[] { settings.NameClaim, settings.EmailClaim, EmailVerified, settings.GroupsClaim }.Distinct()) options.ClaimActions.MapJsonKey(claim, claim);
        foreach (var cookie in new[] { options.NonceCookie, options.CorrelationCookie }) (cookie.SameSite, cookie.SecurePolicy) = (SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest);
        options.Events = new OpenIdConnectEvents { OnTokenValidated = Keep, OnTicketReceived = context => EnterAsync(context, settings), OnAccessDenied = context => Refuse(context, "denied"), OnRemoteFailure = Fail };
    }

    private static void UsePublicUrl(OpenIdConnectOptions options, Uri portal)
    {
        var origin = portal.GetLeftPart(UriPartial.Authority);
        options.Events.OnRedirectToIdentityProvider = context => Task.FromResult(context.ProtocolMessage.RedirectUri = origin + CallbackPath);
        options.Events.OnRedirectToIdentityProviderForSignOut = context => Task.FromResult(context.ProtocolMessage.PostLogoutRedirectUri = origin + SignedOutPath);
    }

    private static Task Keep(TokenValidatedContext context)
    {
        context.Properties!.Items[Issuer] = context.SecurityToken.Issuer;
        context.Properties.Items[IdToken] = context.TokenEndpointResponse?.IdToken;
        return Task.CompletedTask;
    }

    private static async Task EnterAsync(TicketReceivedContext context, OidcSettings settings)
    {
        context.HandleResponse();
        var services = context.HttpContext.RequestServices;
        var (principal, properties, aborted) = (context.Principal!, context.Properties!, context.HttpContext.RequestAborted);
        string? One(string type) => principal.Claims.FirstOrDefault(c => c.Type == type)?.Value;
        // A provider that cannot fit the groups in says where to ask instead; that is no list without groups.
        var isCut = principal.HasClaim(c => c.Type is "hasgroups" || (c.Type == "_claim_names" && c.Value.Contains($"\"{settings.GroupsClaim}\"", StringComparison.Ordinal)));
        var identity = new ProviderIdentity(
            properties.Items[Issuer]!, One("sub")!, One(settings.EmailClaim), string.Equals(One(EmailVerified), "true", StringComparison.OrdinalIgnoreCase), One(settings.NameClaim),
            isCut ? null : [.. principal.FindAll(settings.GroupsClaim).Select(c => c.Value).Distinct()]);
        var logger = services.GetRequiredService<ILogger<SignInFromProvider>>();
        if (isCut) LogCut(logger, settings.GroupsClaim);
        switch (await services.GetRequiredService<SignInFromProvider>().ExecuteAsync(identity, aborted))
        {
            case SignInFromProvider.Outcome.SignedIn signedIn:
                var manager = services.GetRequiredService<SignInManager<PortalUser>>();
                var user = await manager.UserManager.FindByIdAsync(signedIn.UserId.ToString()) ?? throw new InvalidOperationException("The account that signed in is gone.");
                var session = await services.GetRequiredService<BrowserSessions>().BeginAsync(user.Id, ProviderSession.Longest, aborted);
                await manager.SignInWithClaimsAsync(user, ProviderSession.New(properties.Items[IdToken]), [new Claim(BrowserSessions.Claim, session.ToString())]);
                await services.GetRequiredService<NoteSession>().ExecuteAsync(NoteSession.Step.SignedIn, user.Id, CircuitSource.Of(context.HttpContext), aborted);
                context.Response.Redirect(SignIn.Safe(context.ReturnUri));
                return;
            case SignInFromProvider.Outcome.Refused refused:
                LogRefused(logger, refused.Why);
                context.Response.Redirect($"/sign-in?error={refused.Why}&returnUrl={Uri.EscapeDataString(SignIn.Safe(context.ReturnUri))}");
                return;
            case var other:
                throw new InvalidOperationException(other.GetType().Name);
        }
    }

    private static Task Fail(RemoteFailureContext context)
    {
        LogFailed(context.HttpContext.RequestServices.GetRequiredService<ILogger<SignInFromProvider>>(), context.Failure?.Message ?? "no reason");
        return Refuse(context, "failed");
    }

    private static Task Refuse(HandleRequestContext<RemoteAuthenticationOptions> context, string error)
    {
        context.HandleResponse();
        context.Response.Redirect($"/sign-in?error={error}");
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The OpenID provider cannot be asked: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sign-in with the OpenID provider failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Somebody whom the OpenID provider vouches for stays out: {Why}")]
    private static partial void LogRefused(ILogger logger, SignInFromProvider.Refusal why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The OpenID provider left out claim {Claim} because a person has too many groups; their roles and teams stay as they are")]
    private static partial void LogCut(ILogger logger, string claim);
}
