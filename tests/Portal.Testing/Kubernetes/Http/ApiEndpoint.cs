using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Access;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>Answers requests: who asks, may they, what goes wrong, what it is.</summary>
internal sealed partial class ApiEndpoint(ClusterCore core, ClusterFaults faults, RequestLog log, PodStreams streams, ServiceProxy proxy)
{
    private readonly ListPages _pages = new(core.Store, faults);
    private readonly Discovery _discovery = new(core);

    public async Task AnswerAsync(HttpContext context)
    {
        var info = RequestInfo.Of(context.Request);
        var user = Authenticate(context.Request);
        var entry = new RequestEntry(info, user?.Name ?? "", core.Now);
        context.Items[typeof(RequestEntry)] = entry;
        try
        {
            context.Response.Headers["Audit-Id"] = Guid.NewGuid().ToString();
            if (user is null)
                throw ApiException.Unauthorized();
            // The server keeps the caller's token to itself: what it proxies to never sees it.
            context.Request.Headers.Authorization = default;
            var rule = faults.Take(info.Verb, info.Group, info.Resource, info.Subresource, info.Verb == "watch" || info.Subresource == "log");
            if (rule is not null && await GoesWrongAsync(context, rule))
                return;
            Authorize(user, info);
            if (rule?.Kind == FaultKind.LoseAnswer)
                await LoseAsync(context, info, user, rule);
            else
                await ServeAsync(context, info, user, rule);
        }
        catch (ApiException refusal)
        {
            await RefuseAsync(context, refusal);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: there is nobody to answer.
        }
        finally
        {
            log.Add(entry.Done(context.Response.StatusCode));
        }
    }

    private async Task<bool> GoesWrongAsync(HttpContext context, FaultRule rule)
    {
        switch (rule.Kind)
        {
            case FaultKind.Status:
                throw rule.Status switch
                {
                    429 => ApiException.TooManyRequests("the server has received too many requests and has asked us to try again later", rule.RetryAfter ?? 1),
                    503 => ApiException.Unavailable("the server is currently unable to handle the request"),
                    504 => new ApiException(504, "Timeout", "Timeout: request did not complete within the allotted timeout", []),
                    500 => ApiException.Internal("etcdserver: request timed out"),
                    var status => new ApiException(status, "", $"the server answered {status}"),
                };
            case FaultKind.Hang:
                await Task.Delay(rule.Time, context.RequestAborted);
                context.Abort();
                context.Response.StatusCode = 0;
                return true;
            case FaultKind.Delay:
                await Task.Delay(rule.Time, context.RequestAborted);
                return false;
            default:
                return false;
        }
    }

    private async Task LoseAsync(HttpContext context, RequestInfo info, ClusterUser user, FaultRule rule)
    {
        var body = context.Response.Body;
        context.Response.Body = Stream.Null;
        await ServeAsync(context, info, user, null);
        await Task.Delay(rule.Time, CancellationToken.None);
        context.Response.Body = body;
        context.Abort();
    }

    private ClusterUser? Authenticate(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
            return ClusterUser.Anonymous;
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? core.Users.Find(header[7..].Trim()) : null;
    }

    private void Authorize(ClusterUser user, RequestInfo info)
    {
        if (core.Authorizer.Allows(user, info.ToAccess()))
            return;
        var refusal = info.ToAccess().Refusal(user);
        if (!info.IsResource)
            throw new ApiException(403, "Forbidden", $"forbidden: {refusal}", []);
        var type = core.Catalog.Find(info.Group, info.Version, info.Resource) ?? new ResourceType(info.Group, info.Version, info.Resource, info.Resource, Schema.SchemaNode.Anything);
        throw ApiException.Forbidden(type, info.Name, refusal);
    }

    private async Task ServeAsync(HttpContext context, RequestInfo info, ClusterUser user, FaultRule? rule)
    {
        if (!info.IsResource)
        {
            await _discovery.AnswerAsync(context, info);
            return;
        }
        var type = core.Catalog.Find(info.Group, info.Version, info.Resource) ?? throw ApiException.NoSuchPath();
        var place = type.Namespaced ? info.Namespace : null;
        if (type.Namespaced && place is null && info.Verb is not ("list" or "watch"))
            throw type.IsReview ? ApiException.NoSuchPath() : ApiException.MethodNotAllowed();
        if (info.Subresource.Length > 0)
            await ServeSubresourceAsync(context, info, user, type, rule);
        else if (type.IsMeasured)
            await WriteAsync(context, 200, streams.Measured(type, place, info.Name, LabelSelector.Parse(context.Request.Query["labelSelector"])));
        else if (type.IsReview)
            await ReviewAsync(context, user, type);
        else if (info.Verb is "get" or "list" or "watch")
            await ReadAsync(context, info, type, place, rule);
        else
            await ChangeAsync(context, info, user, type, place);
    }

    private static async Task RefuseAsync(HttpContext context, ApiException refusal)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        if (refusal.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (refusal.Code == 401)
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"kubernetes-master\"";
        await WriteAsync(context, refusal.Code, refusal.ToStatus());
    }

    public static async Task WriteAsync(HttpContext context, int status, JsonObject body) =>
        await WriteAsync(context, status, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body, JsonReading.Relaxed));

    public static async Task WriteAsync(HttpContext context, int status, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
