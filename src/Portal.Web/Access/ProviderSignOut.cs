using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Portal.Application.Access.SingleSignOn;

namespace Portal.Web.Access;

/// <summary>Signing out here signs out at the provider too, where it has an address for that.</summary>
internal sealed partial class ProviderSignOut(SignInSettings settings, IOptionsMonitor<OpenIdConnectOptions> options, ILogger<ProviderSignOut> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The answer that sends the browser to the provider; null when there is nothing to end there. The session here has ended already.</summary>
    public async Task<IResult?> BeginAsync(HttpContext context, AuthenticationProperties? session)
    {
        if (!settings.HasProvider || !ProviderSession.IsFrom(session) || !await HasAddressAsync(context.RequestAborted)) return null;
        await context.SignOutAsync(ProviderSignIn.Scheme, new AuthenticationProperties { RedirectUri = "/sign-in" });
        var address = context.Response.Headers.Location.ToString();
        context.Response.Headers.Remove("Location");
        // A page that goes on by itself: browsers hold redirects of a form against form-action, and where the provider leads on is not known here.
        return Results.Content(Page(address), "text/html; charset=utf-8", statusCode: StatusCodes.Status200OK);
    }

    private async Task<bool> HasAddressAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var configuration = await options.Get(ProviderSignIn.Scheme).ConfigurationManager!.GetConfigurationAsync(limit.Token);
            return !string.IsNullOrEmpty(configuration.EndSessionEndpoint);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException or OperationCanceledException)
        {
            LogAway(logger, exception.Message);
            return false;
        }
    }

    private string Page(string address)
    {
        var (to, name) = (WebUtility.HtmlEncode(address), WebUtility.HtmlEncode(settings.Oidc.DisplayName));
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Signing out · Portal</title><meta http-equiv="refresh" content="0;url={to}"><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/css/error.css"></head>
            <body><main><h1>You are signed out of the portal</h1><p>Now signing out of {name} as well.</p><p><a href="{to}">Go on</a></p></main></body>
            </html>
            """;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Signed out of the portal only, since the OpenID provider cannot be asked: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
