using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Access;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <content>Create, update, patch, delete.</content>
internal sealed partial class ApiEndpoint
{
    private const int BodyLimit = 3 * 1024 * 1024;

    private async Task ChangeAsync(HttpContext context, RequestInfo info, ClusterUser user, ResourceType type, string? place)
    {
        if (info.Verb is "create" or "update" && MediaType(context) is not ("" or "application/json" or "application/yaml"))
            throw ApiException.UnsupportedMediaType(MediaType(context), "application/json, application/yaml");
        var body = await BodyAsync(context);
        var call = CallOf(context, user, info);
        switch (info.Verb)
        {
            case "create" when info.Name.Length == 0:
                await AnswerAsync(context, call, 201, type, core.Api.Create(call, type.StoredAs ?? type, place, Shown.ToStored(type, Decode(call, type, body))));
                break;
            case "update":
                await AnswerAsync(context, call, 200, type, core.Api.Update(call, type.StoredAs ?? type, place, info.Name, Shown.ToStored(type, Decode(call, type, body))));
                break;
            case "patch":
                var known = core.Store.Find(type, place, info.Name);
                // Applying what is not there makes it: whoever may only patch may not.
                if (known is null && MediaType(context).StartsWith("application/apply-patch", StringComparison.Ordinal))
                    Authorize(user, info with { Verb = "create" });
                var patched = core.Api.Patch(call, type, place, info.Name, MediaType(context), body);
                await AnswerAsync(context, call, known is null ? 201 : 200, type, patched);
                break;
            case "delete":
                await DeleteAsync(context, call, type, place, info.Name, body);
                break;
            case "deletecollection":
                await DeleteCollectionAsync(context, call, type, place, body);
                break;
            default:
                throw ApiException.MethodNotAllowed();
        }
    }

    private static string MediaType(HttpContext context) => (context.Request.ContentType ?? "").Split(';')[0].Trim();

    private static JsonObject Decode(ApiCall call, ResourceType type, byte[] body)
    {
        var duplicates = new List<string>();
        return ObjectDecoder.Decode(call, type, JsonDocumentReader.Read(body, yamlAllowed: true, duplicates), duplicates);
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        return buffer.Length <= BodyLimit ? buffer.ToArray() : throw new ApiException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {BodyLimit}");
    }

    private static ApiCall CallOf(HttpContext context, ClusterUser user, RequestInfo info)
    {
        var query = context.Request.Query;
        if (query["dryRun"].ToString() is not ("" or "All"))
            throw ApiException.Invalid("meta.k8s.io", "CreateOptions", "", [FieldProblem.NotSupported("dryRun", query["dryRun"].ToString(), "All")]);
        if (query["fieldValidation"].ToString() is not ("" or "Strict" or "Warn" or "Ignore"))
            throw ApiException.Invalid("meta.k8s.io", "CreateOptions", "", [FieldProblem.NotSupported("fieldValidation", query["fieldValidation"].ToString(), "", "Ignore", "Strict", "Warn")]);
        var manager = query["fieldManager"].ToString();
        if (manager.Length > 128)
            throw ApiException.Invalid("meta.k8s.io", "PatchOptions", "", [FieldProblem.TooLong("fieldManager", 128)]);
        var isApply = info.Verb == "patch" && MediaType(context).StartsWith("application/apply-patch", StringComparison.Ordinal);
        if (manager.Length == 0 && !isApply)
            manager = context.Request.Headers.UserAgent.ToString().Split('/', ' ')[0] is { Length: > 0 } agent ? agent : "unknown";
        return new ApiCall(user, manager)
        {
            Subresource = info.Subresource,
            IsDryRun = query["dryRun"] == "All",
            FieldValidation = query["fieldValidation"].ToString() is { Length: > 0 } validation ? validation : "Warn",
            Force = query["force"].ToString() is "true" or "True" or "1",
        };
    }

    private static async Task AnswerAsync(HttpContext context, ApiCall call, int status, ResourceType type, StoredObject stored)
    {
        Warn(context, call);
        await WriteAsync(context, status, Shown.Bytes(type, stored));
    }

    private static void Warn(HttpContext context, ApiCall call)
    {
        foreach (var warning in call.Warnings.Distinct())
            context.Response.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
    }

    private static DeleteOptions OptionsOf(HttpContext context, byte[] body)
    {
        var query = context.Request.Query;
        var given = body.Length > 0 ? JsonDocumentReader.Read(body, yamlAllowed: false, []) : null;
        var propagation = given.Text("propagationPolicy") ?? (query["propagationPolicy"].ToString() is { Length: > 0 } named ? named : null);
        if (propagation is not (null or "Foreground" or "Background" or "Orphan"))
            throw ApiException.Invalid("meta.k8s.io", "DeleteOptions", "", [FieldProblem.NotSupported("propagationPolicy", propagation, "Foreground", "Background", "Orphan", "nil")]);
        return new DeleteOptions
        {
            GracePeriodSeconds = given.Number("gracePeriodSeconds") ?? (long.TryParse(query["gracePeriodSeconds"], out var seconds) ? seconds : null),
            Propagation = propagation,
            Uid = given.Text("preconditions", "uid"),
            ResourceVersion = given.Text("preconditions", "resourceVersion"),
            IsDryRun = given.Texts("dryRun").Contains("All"),
        };
    }

    private async Task DeleteAsync(HttpContext context, ApiCall call, ResourceType type, string? place, string name, byte[] body)
    {
        var options = OptionsOf(context, body);
        var (stored, isGone) = core.Api.Delete(call, type.StoredAs ?? type, place, name, options);
        Warn(context, call);
        var showsObject = !isGone || type.GroupResource is "pods" or "services" or "persistentvolumeclaims" or "persistentvolumes" or "serviceaccounts" or "resourcequotas";
        if (showsObject)
        {
            await WriteAsync(context, !isGone && options.Propagation == "Foreground" ? 202 : 200, Shown.Bytes(type, stored));
            return;
        }
        var details = new JsonObject { ["name"] = name };
        if (type.Group.Length > 0)
            details["group"] = type.Group;
        details["kind"] = type.Plural;
        details["uid"] = stored.Uid;
        await WriteAsync(context, 200, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details });
    }

    private async Task DeleteCollectionAsync(HttpContext context, ApiCall call, ResourceType type, string? place, byte[] body)
    {
        var options = OptionsOf(context, body);
        var (labels, fields) = (LabelSelector.Parse(context.Request.Query["labelSelector"]), FieldSelector.Parse(type, context.Request.Query["fieldSelector"]));
        var answer = _pages.List(type, place, context.Request.Query);
        foreach (var item in core.Store.List(type, place).Where(i => labels.Matches(i.Labels) && fields.Matches(i)))
        {
            try
            {
                core.Api.Delete(call, type, item.Namespace, item.Name, options);
            }
            catch (ApiException refusal) when (refusal.Code is 404 or 409)
            {
                // Gone since the collection was read, which is what was asked for.
            }
        }
        Warn(context, call);
        await WriteAsync(context, 200, answer);
    }
}
