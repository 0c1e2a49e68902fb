using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Nodes;
using Portal.Testing.Kubernetes.Storage;
using Yarp.ReverseProxy.Forwarder;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>The server's proxy to services and pods: HTTP, streams, WebSockets. Like the real one it keeps the caller's Authorization, and it rewrites redirects and the links of pages.</summary>
internal sealed class ServiceProxy(ClusterCore core, NodeAgent agent, IHttpForwarder forwarder) : IDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, UseCookies = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5) });

    public async Task ForwardAsync(HttpContext context, RequestInfo info, ResourceType type)
    {
        var prefix = info.Path[..(info.Path.IndexOf("/proxy", StringComparison.Ordinal) + 6)];
        if (info.Path.Length == prefix.Length && context.Request.Method is "GET" or "HEAD" && !context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = 301;
            context.Response.Headers.Location = prefix + "/" + context.Request.QueryString;
            return;
        }
        var (name, port) = Split(info.Name);
        var (pod, door) = type == ResourceCatalog.Services ? OfService(info, name, port) : OfPod(info, name, port);
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var error = await forwarder.SendAsync(context, $"http://{door}/", _client, new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromMinutes(10) }, new ProxyTransform(prefix, info.Rest, pod));
        if (error is ForwarderError.Request && !context.Response.HasStarted)
        {
            context.Response.Clear();
            throw ApiException.Unavailable($"error trying to reach service: dial tcp {pod}: connect: connection refused");
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary><c>name</c>, <c>name:port</c> or <c>scheme:name:port</c>.</summary>
    private static (string Name, string Port) Split(string name) => name.Split(':') switch
    {
        [var only] => (only, ""),
        [var first, var port] => (first, port),
        [_, var middle, var port] => (middle, port),
        _ => throw ApiException.BadRequest($"invalid service request \"{name}\""),
    };

    private (string Pod, IPEndPoint Door) OfService(RequestInfo info, string name, string port)
    {
        var service = core.Api.Get(ResourceCatalog.Services, info.Namespace, name);
        var ports = service.Json.Objects("spec", "ports");
        var chosen = port.Length == 0 ? ports.Count == 1 ? ports[0] : ports.FirstOrDefault(p => p.Text("name") is null or "") : ports.FirstOrDefault(p => p.Text("name") == port || p.Number("port").ToString() == port);
        if (chosen is null)
            throw ApiException.Unavailable($"no service port \"{port}\" found for service \"{name}\"");
        var selector = LabelSelector.OfMap(service.Json.TextMap("spec", "selector"));
        foreach (var pod in core.Store.List(ResourceCatalog.Pods, info.Namespace).Where(p => !selector.IsEmpty && selector.Matches(p.Labels) && !p.IsTerminating && Controllers.Conditions.Is(p.Json, "Ready")))
        {
            if (agent.Find(pod.Uid) is { } runner && agent.IsAlive(runner.Node) && DoorOf(runner, chosen.At("targetPort") ?? chosen.At("port")) is { } door)
                return door;
        }
        throw ApiException.Unavailable($"no endpoints available for service \"{name}\"");
    }

    private (string Pod, IPEndPoint Door) OfPod(RequestInfo info, string name, string port)
    {
        var pod = core.Api.Get(ResourceCatalog.Pods, info.Namespace, name);
        var wanted = int.TryParse(port, out var number) ? System.Text.Json.Nodes.JsonValue.Create(number) : pod.Json.Objects("spec", "containers").SelectMany(c => c.Objects("ports")).FirstOrDefault()?.At("containerPort") ?? System.Text.Json.Nodes.JsonValue.Create(80);
        if (agent.Find(pod.Uid) is not { } runner || DoorOf(runner, wanted) is not { } door)
            throw ApiException.Unavailable($"error trying to reach service: dial tcp: connect: connection refused");
        return door;
    }

    private static (string, IPEndPoint)? DoorOf(PodRunner runner, System.Text.Json.Nodes.JsonNode? wanted)
    {
        foreach (var container in runner.Containers)
        {
            if (container.Run is { } run && PodAddresses.Port(run, wanted) is { } port)
                return ($"{runner.Ip}:{port}", run.Doors.GetValueOrDefault(port) ?? new IPEndPoint(IPAddress.Loopback, 1));
        }
        return null;
    }
}

/// <summary>Rewrites one proxied request and its answer.</summary>
internal sealed partial class ProxyTransform(string prefix, string rest, string pod) : HttpTransformer
{
    public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destination, CancellationToken cancellation)
    {
        await base.TransformRequestAsync(context, request, destination, cancellation);
        request.RequestUri = new Uri(destination + rest + context.Request.QueryString, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        request.Headers.Host = pod;
        request.Headers.Remove("Authorization");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        request.Headers.TryAddWithoutValidation("X-Forwarded-Uri", prefix + "/" + rest);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", context.Request.Host.Value);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext context, HttpResponseMessage? answer, CancellationToken cancellation)
    {
        var goesOn = await base.TransformResponseAsync(context, answer, cancellation);
        if (answer is null)
            return goesOn;
        if (answer.Headers.Location is { } location && (!location.IsAbsoluteUri || location.Authority == pod) && location.OriginalString is var text)
            context.Response.Headers.Location = location.IsAbsoluteUri ? prefix + location.PathAndQuery : text.StartsWith('/') ? prefix + text : text;
        if (answer.Content.Headers.ContentType?.MediaType != "text/html" || answer.Content.Headers.ContentEncoding.Count > 0 || context.Request.Method == "HEAD")
            return goesOn;
        var page = await answer.Content.ReadAsStringAsync(cancellation);
        var rewritten = System.Text.Encoding.UTF8.GetBytes(Link().Replace(page, match => $"{match.Groups[1].Value}{prefix}{match.Groups[2].Value}"));
        context.Response.ContentLength = rewritten.Length;
        await context.Response.Body.WriteAsync(rewritten, cancellation);
        return false;
    }

    [GeneratedRegex("""(\s(?:href|src|action|cite|data|poster|longdesc|background|codebase|profile|usemap|manifest|icon|formaction)=["'])(/(?!/)[^"']*)""", RegexOptions.IgnoreCase)]
    private static partial Regex Link();
}
