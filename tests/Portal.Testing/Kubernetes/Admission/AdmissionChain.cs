using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>What stands between a valid request and the store: first what changes the object, then what refuses it.</summary>
internal sealed class AdmissionChain
{
    private readonly ClusterCore _core;
    private readonly QuotaAdmission _quota;
    private readonly PodDefaulting _pods;

    public AdmissionChain(ClusterCore core)
    {
        _core = core;
        Usage = new UsageLedger(core.Store);
        _quota = new QuotaAdmission(core.Store, Usage);
        _pods = new PodDefaulting(core.Store);
    }

    /// <summary>What each namespace uses.</summary>
    public UsageLedger Usage { get; }

    /// <summary>Fills in what admission fills in.</summary>
    public void Change(ApiCall call, ResourceType type, JsonObject next, StoredObject? old)
    {
        if (type.Namespaced && old is null)
            NamespaceLifecycle(type, next);
        if (old is not null)
            return;
        if (type == ResourceCatalog.Pods)
        {
            _pods.Apply(type, next);
            LimitRanges.ApplyDefaults(_core.Store, next);
        }
        else if (type == ResourceCatalog.Claims)
        {
            DefaultClass(next);
        }
        _ = call;
    }

    /// <summary>Refuses what the namespace does not allow.</summary>
    public void Check(ApiCall call, ResourceType type, JsonObject next, StoredObject? old)
    {
        if (call.Subresource.Length > 0)
            return;
        LimitRanges.Check(_core.Store, type, next, old);
        PodSecurity.Check(_core.Store, call, type, next, old);
        _quota.Check(type, next, old);
        if (type == ResourceCatalog.Claims && old is not null)
            Growth(next, old);
    }

    private void NamespaceLifecycle(ResourceType type, JsonObject next)
    {
        var name = next.Text("metadata", "namespace") ?? "";
        var place = _core.Store.Find(ResourceCatalog.Namespaces, null, name) ?? throw ApiException.NotFound(ResourceCatalog.Namespaces, name);
        if (place.IsTerminating)
        {
            throw ApiException.Forbidden(type, next.Text("metadata", "name") ?? "", $"unable to create new content in namespace {name} because it is being terminated",
                new JsonObject { ["reason"] = "NamespaceTerminating", ["message"] = $"namespace {name} is being terminated", ["field"] = "metadata.namespace" });
        }
    }

    private void DefaultClass(JsonObject claim)
    {
        if (claim.At("spec", "storageClassName") is not null)
            return;
        var standard = _core.Store.List(ResourceCatalog.StorageClasses).FirstOrDefault(c => c.Json.Text("metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true");
        if (standard is not null)
            claim.Ensure("spec")["storageClassName"] = standard.Name;
    }

    private void Growth(JsonObject next, StoredObject old)
    {
        var (before, after) = (Quantity.Parse(old.Json.Text("spec", "resources", "requests", "storage")), Quantity.Parse(next.Text("spec", "resources", "requests", "storage")));
        if (!(after > before))
            return;
        var kind = next.Text("spec", "storageClassName") is { } name ? _core.Store.Find(ResourceCatalog.StorageClasses, null, name) : null;
        if (kind?.Json.Flag("allowVolumeExpansion") != true)
            throw ApiException.Forbidden(old.Type, old.Name, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
    }
}
