using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Portal.Application.Access;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Data;
using Portal.Web.Api;

namespace Portal.Web.Access;

/// <summary>Who may come in and how: a session cookie for browsers, bearer tokens for scripts.</summary>
internal static class PortalAccess
{
    /// <summary>Picks the token scheme when an Authorization header is there, the cookie otherwise.</summary>
    public const string Scheme = "Portal";

    /// <summary>Characters that a password must have; nothing is asked about which.</summary>
    public const int ShortestPassword = 12;

    public static IServiceCollection AddPortalAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SignInSettings>().Bind(configuration.GetSection(SignInSettings.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SignInSettings>, SignInSettingsValidator>().AddSingleton(provider => provider.GetRequiredService<IOptions<SignInSettings>>().Value);
        var settings = configuration.GetSection(SignInSettings.Section).Get<SignInSettings>() ?? new SignInSettings();
        services.AddOptions<RateOptions>().Bind(configuration.GetSection(RateOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PasswordTries>().AddHttpContextAccessor();
        var authentication = services.AddAuthentication(Scheme)
            .AddPolicyScheme(Scheme, null, options => options.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 ? TokenAuthentication.SchemeName : IdentityConstants.ApplicationScheme)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null)
            .AddCookie(IdentityConstants.ApplicationScheme, ConfigureCookie);
        if (settings.HasProvider) authentication.AddProvider(settings.Oidc);
        services.AddIdentityCore<PortalUser>(identity =>
            {
                identity.User.RequireUniqueEmail = true;
                // The name is the e-mail address, and addresses hold more than Identity's default lets through, such as an apostrophe.
                identity.User.AllowedUserNameCharacters = "";
                identity.Password.RequiredLength = ShortestPassword;
                identity.Password.RequireNonAlphanumeric = identity.Password.RequireUppercase = identity.Password.RequireLowercase = identity.Password.RequireDigit = false;
                identity.Lockout.MaxFailedAccessAttempts = 5;
                identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
                identity.SignIn.RequireConfirmedAccount = false;
            })
            .AddRoles<IdentityRole<Guid>>().AddEntityFrameworkStores<PortalDbContext>().AddSignInManager();
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "portal_antiforgery";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        services.AddScoped<CurrentActor>().AddScoped<CircuitSource>().AddSingleton<ProviderSignOut>();
        return services;
    }

    private static void ConfigureCookie(CookieAuthenticationOptions cookie)
    {
        cookie.Cookie.Name = "portal_session";
        cookie.Cookie.HttpOnly = true;
        // Lax, not Strict: the way back from a workload's own site must find the session.
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.ExpireTimeSpan = TimeSpan.FromDays(14);
        cookie.SlidingExpiration = true;
        cookie.LoginPath = "/sign-in";
        cookie.ReturnUrlParameter = "returnUrl";
        cookie.Events.OnValidatePrincipal = ValidateAsync;
        cookie.Events.OnRedirectToLogin = context => ForApi(context, StatusCodes.Status401Unauthorized);
        cookie.Events.OnRedirectToAccessDenied = context => ForApi(context, StatusCodes.Status403Forbidden);
    }

    /// <summary>Each request looks whether the session still counts and whether the person's rights were changed since the cookie was made.</summary>
    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        if (ProviderSession.Counts(context.Properties, services.GetRequiredService<SignInSettings>())
            && Guid.TryParse(context.Principal?.FindFirstValue(ClaimTypes.NameIdentifier), out var person) && Guid.TryParse(context.Principal.FindFirstValue(BrowserSessions.Claim), out var session)
            && await services.GetRequiredService<BrowserSessions>().HoldsAsync(session, person, context.HttpContext.RequestAborted)
            && await services.GetRequiredService<SignInManager<PortalUser>>().ValidateSecurityStampAsync(context.Principal) is { Disabled: false }) return;
        // Identity's own validator signs out of schemes that are not used here, and fails.
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(IdentityConstants.ApplicationScheme);
    }

    private static Task ForApi(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (!context.Request.Path.StartsWithSegments("/api")) context.Response.Redirect(context.RedirectUri);
        else context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    public static void MapPortalAccess(this IEndpointRouteBuilder routes) => routes.MapSignIn();
}
