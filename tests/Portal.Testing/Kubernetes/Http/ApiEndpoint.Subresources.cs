using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Access;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <content>What stands below an object: status, scale, logs, proxies, evictions, and the question what one may do.</content>
internal sealed partial class ApiEndpoint
{
    private async Task ServeSubresourceAsync(HttpContext context, RequestInfo info, ClusterUser user, ResourceType type, FaultRule? rule)
    {
        var place = type.Namespaced ? info.Namespace : null;
        switch (info.Subresource)
        {
            case "status" when type.HasStatus && info.Verb == "get":
                await WriteAsync(context, 200, core.Api.Get(type, place, info.Name).Bytes);
                break;
            case "status" when type.HasStatus && info.Verb is "update" or "patch":
                await ChangeAsync(context, info, user, type, place);
                break;
            case "scale" when type.HasScale:
                await ScaleAsync(context, info, user, type);
                break;
            case "log" when type == ResourceCatalog.Pods && info.Verb == "get":
                await streams.LogAsync(context, core.Api.Get(type, place, info.Name), rule?.Kind == FaultKind.CutStream, () => log.Add(((RequestEntry)context.Items[typeof(RequestEntry)]!).Done(200)));
                break;
            case "proxy" when type == ResourceCatalog.Services || type == ResourceCatalog.Pods:
                await proxy.ForwardAsync(context, info, type);
                break;
            case "portforward" when type == ResourceCatalog.Pods && info.Verb is "get" or "create":
                await streams.PortForwardAsync(context, core.Api.Get(type, place, info.Name));
                break;
            case "eviction" when type == ResourceCatalog.Pods && info.Verb == "create":
                await EvictAsync(context, info, user);
                break;
            case "finalize" when type == ResourceCatalog.Namespaces && info.Verb == "update":
                await WriteAsync(context, 200, core.Api.Get(type, null, info.Name).Bytes);
                break;
            default:
                throw ApiException.NoSuchPath();
        }
    }

    private async Task ScaleAsync(HttpContext context, RequestInfo info, ClusterUser user, ResourceType type)
    {
        var stored = core.Api.Get(type, info.Namespace, info.Name);
        if (info.Verb != "get")
        {
            var call = CallOf(context, user, info);
            var body = await BodyAsync(context);
            var patch = JsonDocumentReader.Read(body, yamlAllowed: true, []) ?? throw ApiException.BadRequest("the body is empty");
            var scale = info.Verb == "update" ? (JsonObject)patch : MediaType(context) == "application/json-patch+json" ? Patches.JsonPatch.Apply(ScaleOf(stored), patch) : Patches.MergePatch.Apply(ScaleOf(stored), (JsonObject)patch);
            if (scale.Text("metadata", "resourceVersion") is { Length: > 0 } version && version != stored.Json.Text("metadata", "resourceVersion"))
                throw ApiException.Modified(type, info.Name);
            var replicas = scale.Number("spec", "replicas") ?? 0;
            if (replicas < 0)
                throw ApiException.Invalid("autoscaling", "Scale", info.Name, [FieldProblem.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
            stored = core.Api.Change(call, stored, json => json.Ensure("spec")["replicas"] = replicas);
        }
        await WriteAsync(context, 200, ScaleOf(stored));
    }

    private static JsonObject ScaleOf(StoredObject stored)
    {
        var metadata = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
            metadata[name] = stored.Json.At("metadata", name)?.DeepClone();
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = stored.Json.Number("spec", "replicas") ?? 0 },
            ["status"] = new JsonObject { ["replicas"] = stored.Json.Number("status", "replicas") ?? 0, ["selector"] = string.Join(",", stored.Json.TextMap("spec", "selector", "matchLabels").Select(l => $"{l.Key}={l.Value}")) },
        };
    }

    private async Task EvictAsync(HttpContext context, RequestInfo info, ClusterUser user)
    {
        var eviction = JsonDocumentReader.Read(await BodyAsync(context), yamlAllowed: true, []);
        var pod = core.Api.Get(ResourceCatalog.Pods, info.Namespace, info.Name);
        Controllers.Evictions.Evict(core, CallOf(context, user, info) with { Subresource = "" }, pod, eviction.Number("deleteOptions", "gracePeriodSeconds"));
        await WriteAsync(context, 201, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 });
    }

    private async Task ReviewAsync(HttpContext context, ClusterUser user, ResourceType type)
    {
        var info = RequestInfo.Of(context.Request);
        if (info.Verb != "create")
            throw ApiException.MethodNotAllowed();
        var review = Decode(CallOf(context, user, info), type, await BodyAsync(context));
        var (resource, other) = (review.At("spec", "resourceAttributes"), review.At("spec", "nonResourceAttributes"));
        if ((resource is null) == (other is null))
            throw ApiException.Invalid(type.Group, type.Kind, "", [FieldProblem.Invalid("spec", review.At("spec"), "exactly one of nonResourceAttributes or resourceAttributes must be specified")]);
        var asked = resource is null
            ? new AccessRequest(other.Text("verb") ?? "", "", "", "", null, "", other.Text("path") ?? "")
            : new AccessRequest(resource.Text("verb") ?? "", resource.Text("group") ?? "", resource.Text("resource") ?? "", resource.Text("subresource") ?? "", resource.Text("namespace") is { Length: > 0 } place ? place : null, resource.Text("name") ?? "");
        review["status"] = new JsonObject { ["allowed"] = core.Authorizer.Allows(user, asked) };
        await WriteAsync(context, 201, review);
    }
}
