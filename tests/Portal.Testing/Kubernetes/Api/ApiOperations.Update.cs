using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Apply;
using Portal.Testing.Kubernetes.Defaults;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Patches;
using Portal.Testing.Kubernetes.Storage;
using Portal.Testing.Kubernetes.Validation;

namespace Portal.Testing.Kubernetes.Api;

/// <content>Changing what exists: replace, the four patches.</content>
internal sealed partial class ApiOperations
{
    /// <summary>Replaces from a decoded body.</summary>
    public StoredObject Update(ApiCall call, ResourceType type, string? @namespace, string name, JsonObject given)
    {
        lock (core.Store.Gate)
        {
            var next = given.Copy();
            Place(type, @namespace, next);
            if (next.Text("metadata", "name") is not { Length: > 0 } named)
                next.Ensure("metadata")["name"] = named = name;
            if (named != name)
                throw ApiException.BadRequest($"the name of the object ({named}) does not match the name on the URL ({name})");
            var old = Get(type, @namespace, name);
            if (type.RequiresVersionOnUpdate && next.Text("metadata", "resourceVersion") is null or "")
                throw ApiException.Invalid(type.Group, type.Kind, name, [new FieldProblem("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update")]);
            return Replace(call, old, next, Writer(call, type, isApply: false));
        }
    }

    /// <summary>Changes a copy of the object; for components of the cluster.</summary>
    public StoredObject Change(ApiCall call, StoredObject old, Action<JsonObject> change)
    {
        lock (core.Store.Gate)
        {
            var current = core.Store.Find(old.Key);
            if (current is null || current.Uid != old.Uid)
                throw ApiException.NotFound(old.Type, old.Name);
            var next = current.Json.Copy();
            change(next);
            return Replace(call, current, next, Writer(call, old.Type, isApply: false));
        }
    }

    /// <summary>Patches by media type.</summary>
    public StoredObject Patch(ApiCall call, ResourceType type, string? @namespace, string name, string mediaType, byte[] body)
    {
        lock (core.Store.Gate)
        {
            if (mediaType.StartsWith("application/apply-patch", StringComparison.Ordinal))
                return ApplyPatch(call, type, @namespace, name, body);
            if (call.Force)
                throw ApiException.Invalid("meta.k8s.io", "PatchOptions", "", [FieldProblem.Forbidden("force", "may not be specified for non-apply patch")]);
            var old = Get(type, @namespace, name);
            var duplicates = new List<string>();
            var patch = JsonDocumentReader.Read(body, yamlAllowed: false, duplicates);
            var patched = mediaType switch
            {
                "application/json-patch+json" => JsonPatch.Apply(old.Json, patch),
                "application/merge-patch+json" => MergePatch.Apply(old.Json, Map(patch)),
                "application/strategic-merge-patch+json" when !type.IsCustom => StrategicMergePatch.Apply(old.Json, Map(patch), type.Schema),
                _ => throw ApiException.UnsupportedMediaType(mediaType, "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml" + (type.IsCustom ? "" : ", application/strategic-merge-patch+json")),
            };
            var next = ObjectDecoder.DecodePatched(call, type, patched, duplicates);
            if (next.Text("metadata", "name") != name)
                throw ApiException.BadRequest($"the name of the object ({next.Text("metadata", "name")}) does not match the name on the URL ({name})");
            return Replace(call, old, next, Writer(call, type, isApply: false));
        }
    }

    private static JsonObject Map(JsonNode? patch) => patch as JsonObject ?? throw ApiException.BadRequest("error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");

    private StoredObject ApplyPatch(ApiCall call, ResourceType type, string? @namespace, string name, byte[] body)
    {
        if (call.FieldManager.Length == 0)
            throw ApiException.Invalid("meta.k8s.io", "PatchOptions", "", [FieldProblem.Required("fieldManager", "is required for apply patch")]);
        var duplicates = new List<string>();
        var config = Map(JsonDocumentReader.Read(body, yamlAllowed: true, duplicates)).Copy();
        if (duplicates.Count > 0 && call.FieldValidation == "Strict")
            throw ApiException.BadRequest($"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  key \"{duplicates[0].Split('.')[^1]}\" already set in map");
        call.Warnings.AddRange(call.FieldValidation == "Warn" ? duplicates.Select(d => $"key \"{d}\" already set in map") : []);
        CheckConfig(type, @namespace, name, config);
        Place(type, @namespace, config);
        var old = core.Store.Find(type, @namespace, name);
        if (config.Text("metadata", "uid") is { } uid && uid != old?.Uid)
            throw ApiException.Conflict(type, name, old is null ? "uid mismatch: the provided object specified uid " + uid + ", and no existing object was found" : $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid}");
        StripUnwritable(call, type, config);
        var live = old?.Json ?? new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } };
        var applier = Writer(call, type, isApply: true);
        var applied = FieldOwnership.Apply(live, config, type, applier, call.Force);
        var next = ObjectDecoder.DecodeApplied(type, applied);
        if (old is null && call.Subresource.Length > 0)
            throw ApiException.NotFound(type, name);
        return old is null ? CreateApplied(call, type, @namespace, name, next) : Replace(call, old, next, null);
    }

    private static void CheckConfig(ResourceType type, string? @namespace, string name, JsonObject config)
    {
        if (config.Text("kind") is null or "")
            throw ApiException.BadRequest($"invalid object type: /, Kind=");
        if (config.Text("apiVersion") != type.ApiVersion)
            throw ApiException.BadRequest($"Incorrect version specified in apply patch. Specified patch version: {config.Text("apiVersion")}, expected: {type.ApiVersion}");
        if (config.Text("kind") != type.Kind)
            throw ApiException.BadRequest($"failed to create typed patch object ({@namespace}/{name}; {type.Group}/{type.Version}, Kind={config.Text("kind")}): the kind does not match the resource");
        if (config.At("metadata", "managedFields") is not null)
            throw ApiException.BadRequest("metadata.managedFields must be nil");
        if (config.Text("metadata", "name") is { Length: > 0 } named && named != name)
            throw ApiException.BadRequest($"the name of the object ({named}) does not match the name on the URL ({name})");
        RemoveNulls(config);
        config.Ensure("metadata")["name"] = name;
        if (TypedValidation.Problem(config, type.Schema) is { } problem)
            throw ApiException.Unclassified($"failed to create typed patch object ({@namespace}/{name}; {type.Group}/{type.Version}, Kind={type.Kind}): {problem}");
    }

    private static void RemoveNulls(JsonNode? node)
    {
        if (node is JsonObject map)
        {
            foreach (var name in map.Where(m => m.Value is null).Select(m => m.Key).ToList())
                map.Remove(name);
            foreach (var (_, value) in map)
                RemoveNulls(value);
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
                RemoveNulls(item);
        }
    }

    /// <summary>What this address does not write is nobody's: status by the object itself, everything else by its status.</summary>
    private static void StripUnwritable(ApiCall call, ResourceType type, JsonObject config)
    {
        if (call.Subresource == "status")
        {
            foreach (var name in config.Select(m => m.Key).Where(k => k is not ("status" or "kind" or "apiVersion" or "metadata")).ToList())
                config.Remove(name);
        }
        else if (type.HasStatus)
        {
            config.Remove("status");
        }
    }

    private StoredObject CreateApplied(ApiCall call, ResourceType type, string? @namespace, string name, JsonObject next)
    {
        var managers = next.At("metadata", "managedFields")?.DeepClone();
        StartMetadata(type, next.Ensure("metadata"));
        DefaultValues.Apply(type, next);
        next.Ensure("metadata")["managedFields"] = managers;
        return Finish(call, type, @namespace, name, next);
    }

    /// <param name="writer">Who takes over what changes; null when apply has settled that already.</param>
    private StoredObject Replace(ApiCall call, StoredObject old, JsonObject next, ManagerEntry? writer)
    {
        var type = old.Type;
        CheckVersion(old, next);
        KeepMetadata(old, next);
        KeepOtherHalf(call, old, next);
        if (call.Subresource != "status" || type.IsCustom)
            DefaultValues.Apply(type, next);
        KeepAllocated(type, old, next);
        if (writer is not null)
            FieldOwnership.Update(old.Json, next, type, writer, isCreate: false);
        if (call.Subresource.Length == 0)
            core.Admission.Change(call, type, next, old);
        ObjectValidator.ThrowIfInvalid(type, next, ObjectValidator.Update(type, next, old, call.Subresource));
        core.Admission.Check(call, type, next, old);
        if (type.HasGeneration && call.Subresource != "status" && SpecChanged(old.Json, next))
            next.Ensure("metadata")["generation"] = (old.Json.Number("metadata", "generation") ?? 0) + 1;
        if (SameButTimes(old.Json, next))
            return old;
        if (old.IsTerminating && next.Texts("metadata", "finalizers").Count == 0 && next.Number("metadata", "deletionGracePeriodSeconds") is null or 0 && type.GroupResource != "namespaces")
            return call.IsDryRun ? old : Remove(old);
        return Store(call, type, old.Namespace, old.Name, next, old);
    }

    private static void CheckVersion(StoredObject old, JsonObject next)
    {
        if (next.Text("metadata", "resourceVersion") is { Length: > 0 } version && version != old.Json.Text("metadata", "resourceVersion"))
            throw ApiException.Modified(old.Type, old.Name);
        if (next.Text("metadata", "uid") is { Length: > 0 } uid && uid != old.Uid)
            throw ApiException.Conflict(old.Type, old.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid}");
    }

    private static void KeepMetadata(StoredObject old, JsonObject next)
    {
        var metadata = next.Ensure("metadata");
        foreach (var name in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName", "resourceVersion"])
        {
            metadata.Remove(name);
            if (old.Json.At("metadata", name) is { } value)
                metadata[name] = value.DeepClone();
        }
    }

    private static void KeepOtherHalf(ApiCall call, StoredObject old, JsonObject next)
    {
        if (call.Subresource == "status")
        {
            foreach (var name in next.Select(m => m.Key).Union(old.Json.Select(m => m.Key)).Where(k => k is not ("status" or "kind" or "apiVersion" or "metadata")).ToList())
                next[name] = old.Json[name]?.DeepClone();
            foreach (var name in next.Where(m => m.Value is null).Select(m => m.Key).ToList())
                next.Remove(name);
        }
        else if (old.Type.HasStatus)
        {
            next.Remove("status");
            if (old.Json["status"] is { } status)
                next["status"] = status.DeepClone();
        }
    }

    private static bool SpecChanged(JsonObject old, JsonObject next)
    {
        foreach (var name in old.Select(m => m.Key).Union(next.Select(m => m.Key)))
        {
            if (name is not ("metadata" or "status" or "kind" or "apiVersion") && !JsonReading.Same(old[name], next[name]))
                return true;
        }
        return false;
    }

    private static bool SameButTimes(JsonObject old, JsonObject next)
    {
        if (!ManagedFields.SameContent(old, next))
            return false;
        var (before, after) = (ManagedFields.Read(old), ManagedFields.Read(next));
        return before.Count == after.Count && before.All(b => after.Any(a => a.Is(b) && a.Fields.SameAs(b.Fields)));
    }
}
