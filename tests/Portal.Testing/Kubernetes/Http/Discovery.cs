using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>What is served, and whether the server is well.</summary>
internal sealed class Discovery(ClusterCore core)
{
    public async Task AnswerAsync(HttpContext context, RequestInfo info)
    {
        if (info.Verb != "get")
            throw ApiException.MethodNotAllowed();
        var path = info.Path.TrimEnd('/');
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (path)
        {
            case "/healthz" or "/livez" or "/readyz":
                context.Response.ContentType = "text/plain; charset=utf-8";
                await context.Response.WriteAsync("ok");
                return;
            case "/openapi/v2":
                // An empty document in the binary form: Helm and kubectl find no kind in it and leave the checks to the server.
                context.Response.ContentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
                return;
            case "/version":
                await ApiEndpoint.WriteAsync(context, 200, Version());
                return;
            case "/api":
                await ApiEndpoint.WriteAsync(context, 200, new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1"), ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = context.Request.Host.Value }) });
                return;
            case "/apis":
                await ApiEndpoint.WriteAsync(context, 200, new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Select(g => (JsonNode)Group(g))]) });
                return;
        }
        if (parts is ["api", "v1"])
            await ApiEndpoint.WriteAsync(context, 200, Resources("", "v1"));
        else if (parts is ["apis", var name] && Groups().FirstOrDefault(g => g.Key == name) is { } group)
            await ApiEndpoint.WriteAsync(context, 200, With(Group(group), "APIGroup"));
        else if (parts is ["apis", var owner, var version] && core.Catalog.Types.Any(t => t.Group == owner && t.Version == version))
            await ApiEndpoint.WriteAsync(context, 200, Resources(owner, version));
        else
            throw ApiException.NoSuchPath();
    }

    private JsonObject Version()
    {
        var numbers = core.Options.Version.TrimStart('v').Split('.');
        return new JsonObject { ["major"] = numbers[0], ["minor"] = numbers[1], ["gitVersion"] = core.Options.Version, ["gitCommit"] = "0000000000000000000000000000000000000000", ["gitTreeState"] = "clean", ["buildDate"] = "2025-01-01T00:00:00Z", ["goVersion"] = "go1.23.4", ["compiler"] = "gc", ["platform"] = "linux/amd64" };
    }

    private IEnumerable<IGrouping<string, ResourceType>> Groups() => core.Catalog.Types.Where(t => t.Group.Length > 0).OrderBy(t => t.Group, StringComparer.Ordinal).GroupBy(t => t.Group);

    private static JsonObject Group(IGrouping<string, ResourceType> group)
    {
        var versions = group.Select(t => t.Version).Distinct().Select(v => new JsonObject { ["groupVersion"] = $"{group.Key}/{v}", ["version"] = v }).ToList();
        return new JsonObject { ["name"] = group.Key, ["versions"] = new JsonArray([.. versions]), ["preferredVersion"] = versions[0].DeepClone() };
    }

    private static JsonObject With(JsonObject group, string kind)
    {
        group.Insert(0, "kind", kind);
        group.Insert(1, "apiVersion", "v1");
        return group;
    }

    private JsonObject Resources(string group, string version)
    {
        var list = new JsonArray();
        foreach (var type in core.Catalog.Types.Where(t => t.Group == group && t.Version == version).OrderBy(t => t.Plural, StringComparer.Ordinal))
        {
            list.Add(Resource(type));
            if (type.HasStatus)
                list.Add(Below(type, "status", type.Kind, "get", "patch", "update"));
            if (type.HasScale)
                list.Add(Below(type, "scale", "Scale", "get", "patch", "update"));
            foreach (var name in type.Connects)
                list.Add(Below(type, name, type.Kind, name == "log" ? ["get"] : name == "eviction" ? ["create"] : name == "finalize" ? ["update"] : ["create", "delete", "get", "patch", "update"]));
        }
        return new JsonObject { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}", ["resources"] = list };
    }

    private static JsonObject Resource(ResourceType type)
    {
        string[] verbs = type.IsReview ? ["create"] : type.IsMeasured ? ["get", "list"] : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
        var json = new JsonObject { ["name"] = type.Plural, ["singularName"] = type.IsMeasured ? "" : type.Singular, ["namespaced"] = type.Namespaced, ["kind"] = type.Kind, ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode?)v)]) };
        if (type.ShortNames.Count > 0)
            json["shortNames"] = new JsonArray([.. type.ShortNames.Select(n => (JsonNode?)n)]);
        if (type.Categories.Count > 0)
            json["categories"] = new JsonArray([.. type.Categories.Select(n => (JsonNode?)n)]);
        return json;
    }

    private static JsonObject Below(ResourceType type, string name, string kind, params string[] verbs)
    {
        var json = new JsonObject { ["name"] = $"{type.Plural}/{name}", ["singularName"] = "", ["namespaced"] = type.Namespaced, ["kind"] = kind, ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode?)v)]) };
        if (kind == "Scale")
        {
            json["group"] = "autoscaling";
            json["version"] = "v1";
        }
        return json;
    }
}
