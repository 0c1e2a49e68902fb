using Portal.Application.Access;
using Portal.Domain.Catalog;
using Yarp.ReverseProxy.Forwarder;

namespace Portal.Web.Apps;

/// <summary>What crosses the border: inbound nothing of the portal's and nothing that pretends to come from a proxy; outbound nothing that reaches beyond the workload's own host.</summary>
internal sealed class AppsTransformer(Guid workloadId, WorkloadEntrance.Outcome.Open open, bool onOwnHost) : HttpTransformer
{
    private static readonly HashSet<string> Forwarding = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Proxy-Authorization", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Original-URL", "X-Original-Host", "X-Rewrite-URL", "X-Scheme", "X-Scheme-Override",
        "X-HTTP-Method-Override", "X-Remote-User", "Remote-User", "X-Forwarded",
    };

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        // The rest of the path goes on as it was sent: decoding and encoding it again would change it.
        if (open.Root && httpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget is { } raw && raw.StartsWith($"/w/{workloadId}/", StringComparison.Ordinal))
            proxyRequest.RequestUri = new Uri(destinationPrefix.TrimEnd('/') + raw[$"/w/{workloadId}".Length..]);
        var headers = proxyRequest.Headers;
        foreach (var name in headers.Select(h => h.Key).Where(IsStripped).ToList()) headers.Remove(name);
        headers.Remove("Cookie");
        if (onOwnHost && AppsCookie.WithoutReserved(httpContext.Request.Headers.Cookie) is { } cookies) headers.TryAddWithoutValidation("Cookie", cookies);
        // The program must see the address the browser used: it compares it with Origin and builds links from it.
        headers.Host = httpContext.Request.Host.Value;
        headers.TryAddWithoutValidation("X-Forwarded-Proto", httpContext.Request.Scheme);
        headers.TryAddWithoutValidation("X-Forwarded-Host", httpContext.Request.Host.Value);
        headers.Authorization = PortCredential.Header(open.Auth, open.Credential);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var forward = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        var headers = httpContext.Response.Headers;
        var cookies = headers.SetCookie.Select(c => onOwnHost && c is not null ? AppsCookie.Confine(c, workloadId) : null).OfType<string>().ToArray();
        headers.Remove("Set-Cookie");
        if (cookies.Length > 0) headers.SetCookie = cookies;
        if (headers.Location.ToString() is { Length: > 0 } location) headers.Location = Relative(location, httpContext.Request.Host.Host);
        headers.Remove("Server");
        // Framing by anybody but itself would let another page trick its user; policies add up, so the program's own stays.
        headers.Append("Content-Security-Policy", "frame-ancestors 'self'");
        return forward;
    }

    private static bool IsStripped(string name) => Forwarding.Contains(name) || name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-Portal-", StringComparison.OrdinalIgnoreCase);

    /// <summary>A redirect to the program's own inner address, as the browser must see it: by path. Others stay.</summary>
    public static string Relative(string location, string publicHost) =>
        Uri.TryCreate(location, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && (uri.IsLoopback || uri.Host.EndsWith(AllocationConnections.Suffix, StringComparison.Ordinal) || string.Equals(uri.Host, publicHost, StringComparison.OrdinalIgnoreCase))
            ? uri.PathAndQuery + uri.Fragment : location;
}
