using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <content>Get, list and watch.</content>
internal sealed partial class ApiEndpoint
{
    private async Task ReadAsync(HttpContext context, RequestInfo info, ResourceType type, string? place, FaultRule? rule)
    {
        var stored = type.StoredAs ?? type;
        switch (info.Verb)
        {
            case "get":
                await WriteAsync(context, 200, Shown.Bytes(type, core.Api.Get(stored, place, info.Name)));
                break;
            case "list":
                await WriteAsync(context, 200, type.StoredAs is null ? _pages.List(type, place, context.Request.Query) : ListShown(type, place, context.Request.Query));
                break;
            default:
                await WatchAsync(context, info, type, place, rule);
                break;
        }
    }

    private byte[] ListShown(ResourceType type, string? place, IQueryCollection query)
    {
        var items = core.Store.List(type.StoredAs!, place).Where(e => LabelSelector.Parse(query["labelSelector"]).Matches(e.Labels));
        return System.Text.Encoding.UTF8.GetBytes($"{{\"kind\":\"{type.ListKind}\",\"apiVersion\":\"{type.ApiVersion}\",\"metadata\":{{\"resourceVersion\":\"{core.Store.Revision}\"}},\"items\":[{string.Join(',', items.Select(i => System.Text.Encoding.UTF8.GetString(Shown.Bytes(type, i))))}]}}");
    }

    private async Task WatchAsync(HttpContext context, RequestInfo info, ResourceType type, string? place, FaultRule? rule)
    {
        var query = context.Request.Query;
        if (query["sendInitialEvents"].ToString().Length > 0)
            throw ApiException.Invalid("meta.k8s.io", "ListOptions", "", [FieldProblem.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")]);
        var fields = FieldSelector.Parse(type, info.Name.Length > 0 ? $"metadata.name={info.Name}" : query["fieldSelector"]);
        var stream = new WatchStream(core, faults, type, place, LabelSelector.Parse(query["labelSelector"]), fields)
        {
            Bookmarks = query["allowWatchBookmarks"].ToString() is "true" or "True" or "1",
            Timeout = int.TryParse(query["timeoutSeconds"], out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null,
            CutAfterOne = rule?.Kind == FaultKind.CutStream,
        };
        var revision = query["resourceVersion"].ToString();
        ListPages.CheckRevision(core.Store, revision, out var after);
        context.Response.StatusCode = 200;
        context.Response.ContentType = "application/json";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        log.Add(((RequestEntry)context.Items[typeof(RequestEntry)]!).Done(200));
        // Watchers wait for the answer's head before anything happens.
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await stream.RunAsync(context, revision is "" or "0" ? null : after);
    }
}
