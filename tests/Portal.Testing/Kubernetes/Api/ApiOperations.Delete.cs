using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Api;

/// <content>Deleting: grace of pods, finalizers, propagation, namespaces.</content>
internal sealed partial class ApiOperations
{
    /// <summary>Deletes; the answer says whether the object is gone at once.</summary>
    public (StoredObject Object, bool IsGone) Delete(ApiCall call, ResourceType type, string? @namespace, string name, DeleteOptions options)
    {
        lock (core.Store.Gate)
        {
            var old = Get(type, @namespace, name);
            if (options.Uid is { } uid && uid != old.Uid)
                throw ApiException.Conflict(type, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid}");
            if (options.ResourceVersion is { } version && version != old.Json.Text("metadata", "resourceVersion"))
                throw ApiException.Conflict(type, name, $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {old.Json.Text("metadata", "resourceVersion")}");
            if (options.IsDryRun || call.IsDryRun)
                return (old, true);
            return type.GroupResource == "namespaces" ? DeleteNamespace(old) : DeleteOne(call, old, options);
        }
    }

    private (StoredObject, bool) DeleteOne(ApiCall call, StoredObject old, DeleteOptions options)
    {
        var propagation = options.Propagation ?? (old.Type == ResourceCatalog.Jobs ? "Orphan" : "Background");
        if (old.Type == ResourceCatalog.Jobs && options.Propagation is null)
            call.Warnings.Add("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning");
        var finalizers = old.Json.Texts("metadata", "finalizers").Where(f => f is not ("orphan" or "foregroundDeletion")).ToList();
        var owns = core.Store.OwnedBy(old.Uid);
        if (propagation == "Foreground")
            finalizers.Add("foregroundDeletion");
        else if (propagation == "Orphan" && owns.Count > 0)
            finalizers.Add("orphan");
        var grace = Grace(old, options);
        if (finalizers.Count == 0 && grace == 0)
            return (Remove(old), true);
        var earlier = old.Json.Number("metadata", "deletionGracePeriodSeconds");
        if (old.IsTerminating && earlier is not null && grace >= earlier && SameFinalizers(old, finalizers))
            return (old, false);
        var next = old.Json.Copy();
        var metadata = next.Ensure("metadata");
        metadata.Remove("finalizers");
        if (finalizers.Count > 0)
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode?)f)]);
        if (!old.IsTerminating || grace < earlier)
        {
            metadata["deletionTimestamp"] = JsonReading.Stamp(core.Now.AddSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = (long)grace;
        }
        if (!old.IsTerminating && metadata.Number("generation") is { } generation)
            metadata["generation"] = generation + 1;
        return (core.Store.Put(old.Type, old.Namespace, old.Name, next), false);
    }

    private static bool SameFinalizers(StoredObject old, List<string> finalizers) => old.Json.Texts("metadata", "finalizers").ToHashSet().SetEquals(finalizers);

    /// <summary>Only pods have a grace, and only those that somebody runs.</summary>
    private static long Grace(StoredObject old, DeleteOptions options)
    {
        if (old.Type != ResourceCatalog.Pods || old.Json.Text("spec", "nodeName") is null or "" || old.Json.Text("status", "phase") is "Succeeded" or "Failed")
            return 0;
        return options.GracePeriodSeconds ?? old.Json.Number("spec", "terminationGracePeriodSeconds") ?? 30;
    }

    private (StoredObject, bool) DeleteNamespace(StoredObject old)
    {
        if (old.Name is "default" or "kube-system" or "kube-public")
            throw ApiException.Forbidden(old.Type, old.Name, "this namespace may not be deleted");
        if (old.IsTerminating)
            throw ApiException.Conflict(old.Type, old.Name, "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.");
        var next = old.Json.Copy();
        next.Ensure("metadata")["deletionTimestamp"] = JsonReading.Stamp(core.Now);
        next.Ensure("status")["phase"] = "Terminating";
        return (core.Store.Put(old.Type, null, old.Name, next), false);
    }

    /// <summary>Ends the namespace once it is empty.</summary>
    public StoredObject FinalizeNamespace(StoredObject old) => Remove(old);

    private StoredObject Remove(StoredObject old)
    {
        if (old.Type == ResourceCatalog.Definitions)
        {
            foreach (var type in core.Catalog.Remove(old.Json.Text("spec", "group")!, old.Json.Text("spec", "names", "plural")!).DistinctBy(t => t.GroupResource))
            {
                foreach (var instance in core.Store.List(type))
                    core.Store.Remove(instance);
            }
        }
        return core.Store.Remove(old);
    }
}
