using Microsoft.Extensions.Options;
using Portal.Web.Api;
using Portal.Web.Hosting;

namespace Portal.Web.Access;

/// <summary>
/// Workloads are programs of other people in the same browser. Every unsafe request and every WebSocket that carries a cookie must come from the portal's own origin, and the portal
/// answers under its own names only.
/// </summary>
internal sealed class OriginGuard(RequestDelegate next, IOptions<PortalOptions> options)
{
    private readonly HashSet<string> _hosts = HostsOf(options.Value);

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!_hosts.Contains(request.Host.Value ?? ""))
        {
            await ApiProblems.WriteAsync(context, StatusCodes.Status400BadRequest, "Unknown host", $"The portal answers at {options.Value.PublicUrl} only.");
            return;
        }
        var upgrade = context.WebSockets.IsWebSocketRequest || request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(request.Method);
        var safe = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method) || HttpMethods.IsTrace(request.Method);
        if ((!safe || upgrade) && request.Headers.Cookie.Count > 0 && !IsOwn(request))
        {
            await ApiProblems.WriteAsync(context, StatusCodes.Status403Forbidden, "Foreign origin", "A request with the browser's session must come from the portal's own pages (its Origin header was missing or another). Scripts use an access token.");
            return;
        }
        await next(context);
    }

    private static bool IsOwn(HttpRequest request) => string.Equals(request.Headers.Origin.ToString(), $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    private static HashSet<string> HostsOf(PortalOptions options)
    {
        var hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { options.PublicUrl.Authority };
        if (options.Url is null) hosts.UnionWith([$"localhost:{options.Port}", $"127.0.0.1:{options.Port}", $"[::1]:{options.Port}"]);
        // Probes inside a cluster ask by address.
        if (options.PublicUrl.IsDefaultPort) hosts.Add(options.PublicUrl.Host);
        hosts.UnionWith([$"127.0.0.1:{options.Port}", $"localhost:{options.Port}"]);
        return hosts;
    }
}

/// <summary>Headers on everything the portal serves: no framing, no sniffing, nothing from elsewhere.</summary>
internal sealed class SecurityHeaders(RequestDelegate next, IOptions<PortalOptions> options)
{
    // Blazor's and MudBlazor's inline styles need 'unsafe-inline' for styles; scripts are the portal's files only.
    private const string Policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self' ";

    // Signing in on the way into a workload ends with a redirect to the workload's origin, and browsers hold redirects of a form against form-action.
    private readonly string _policy = Policy + options.Value.AppsOrigin(Guid.Empty).Replace(Guid.Empty.ToString(), "*", StringComparison.Ordinal);

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        // Workloads' origins may lie below this one and be somebody else's to decide, so it does not speak for them.
        if (options.Value.PublicUrl.Scheme == Uri.UriSchemeHttps) headers.StrictTransportSecurity = "max-age=31536000";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return next(context);
    }
}
