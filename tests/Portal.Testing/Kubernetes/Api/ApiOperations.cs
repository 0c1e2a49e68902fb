using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Apply;
using Portal.Testing.Kubernetes.Defaults;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;
using Portal.Testing.Kubernetes.Validation;

namespace Portal.Testing.Kubernetes.Api;

/// <summary>What the API does with objects: defaults, admission, validation, field ownership, storage. Used by the HTTP side and, as their own users, by the controllers.</summary>
internal sealed partial class ApiOperations(ClusterCore core)
{
    /// <summary>The object, or 404.</summary>
    public StoredObject Get(ResourceType type, string? @namespace, string name) => core.Store.Find(type, @namespace, name) ?? throw ApiException.NotFound(type, name);

    /// <summary>Creates from a decoded body.</summary>
    public StoredObject Create(ApiCall call, ResourceType type, string? @namespace, JsonObject given)
    {
        lock (core.Store.Gate)
        {
            var next = given.Copy();
            Place(type, @namespace, next);
            var metadata = next.Ensure("metadata");
            if (metadata.Text("resourceVersion") is { Length: > 0 })
                throw new ApiException(500, "", "resourceVersion should not be set on objects to be created");
            var name = Name(metadata);
            StartMetadata(type, metadata);
            if (type.HasStatus)
                next.Remove("status");
            DefaultValues.Apply(type, next);
            FieldOwnership.Update([], next, type, Writer(call, type, isApply: false), isCreate: true);
            return Finish(call, type, @namespace, name, next);
        }
    }

    /// <summary>What follows on a create once the fields have their owners.</summary>
    private StoredObject Finish(ApiCall call, ResourceType type, string? @namespace, string name, JsonObject next)
    {
        PrepareForCreate(type, next);
        core.Admission.Change(call, type, next, null);
        DefaultValues.Apply(type, next);
        ObjectValidator.ThrowIfInvalid(type, next, ObjectValidator.Create(type, next));
        core.Admission.Check(call, type, next, null);
        if (core.Store.Find(type, @namespace, name) is not null)
            throw ApiException.AlreadyExists(type, name);
        AllocateOnCreate(type, next);
        return Store(call, type, @namespace, name, next, null);
    }

    private StoredObject Store(ApiCall call, ResourceType type, string? @namespace, string name, JsonObject next, StoredObject? old)
    {
        if (call.IsDryRun)
            return new StoredObject(type, @namespace, name, old?.Revision ?? 0, next);
        var stored = core.Store.Put(type, @namespace, name, next);
        if (type.GroupResource == ResourceCatalog.Definitions.GroupResource)
            Establish(stored);
        return stored;
    }

    private static void Place(ResourceType type, string? @namespace, JsonObject next)
    {
        var metadata = next.Ensure("metadata");
        if (!type.Namespaced)
            return;
        if (metadata.Text("namespace") is { Length: > 0 } named && named != @namespace)
            throw ApiException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        metadata["namespace"] = @namespace;
    }

    private static string Name(JsonObject metadata)
    {
        if (metadata.Text("name") is not { Length: > 0 } name)
        {
            // Without either the validation that follows says so.
            name = metadata.Text("generateName") is { Length: > 0 } prefix ? (prefix.Length > 58 ? prefix[..58] : prefix) + ClusterCore.Suffix() : "";
            if (name.Length > 0)
                metadata["name"] = name;
        }
        return name;
    }

    private void StartMetadata(ResourceType type, JsonObject metadata)
    {
        foreach (var name in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "resourceVersion"])
            metadata.Remove(name);
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = JsonReading.Stamp(core.Now);
        if (type.HasGeneration)
            metadata["generation"] = 1L;
    }

    private ManagerEntry Writer(ApiCall call, ResourceType type, bool isApply) => new(call.FieldManager, isApply, type.ApiVersion, call.Subresource, JsonReading.Stamp(core.Now), new FieldSet());

    /// <summary>A definition is served from the moment it is accepted.</summary>
    private void Establish(StoredObject definition)
    {
        core.Catalog.Remove(definition.Json.Text("spec", "group")!, definition.Json.Text("spec", "names", "plural")!);
        foreach (var type in ResourceCatalog.OfDefinition(definition.Json))
            core.Catalog.Add(type);
        if (definition.Json.At("status", "acceptedNames") is not null)
            return;
        var next = definition.Json.Copy();
        var now = JsonReading.Stamp(core.Now);
        next["status"] = new JsonObject
        {
            ["acceptedNames"] = JsonReading.CopyOf(next.At("spec", "names")),
            ["conditions"] = new JsonArray(
                new JsonObject { ["type"] = "NamesAccepted", ["status"] = "True", ["lastTransitionTime"] = now, ["reason"] = "NoConflicts", ["message"] = "no conflicts found" },
                new JsonObject { ["type"] = "Established", ["status"] = "True", ["lastTransitionTime"] = now, ["reason"] = "InitialNamesAccepted", ["message"] = "the initial names have been accepted" }),
            ["storedVersions"] = new JsonArray([.. definition.Json.Objects("spec", "versions").Where(v => v.Flag("storage") == true).Select(v => (JsonNode?)v.Text("name"))]),
        };
        core.Store.Put(definition.Type, null, definition.Name, next);
    }
}
