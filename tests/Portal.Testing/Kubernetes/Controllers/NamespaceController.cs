using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Gives every namespace its default account, and empties those that are being deleted.</summary>
internal sealed class NamespaceController(ClusterCore core) : Controller(core)
{
    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Namespaces)
            return change.IsDeletion ? [] : [change.After.Key];
        var isSeed = change.After.Type == ResourceCatalog.ServiceAccounts && change.After.Name == "default";
        return change.After.Namespace is { } place && (change.IsDeletion || change.After.IsTerminating) && (isSeed || Store.Find(ResourceCatalog.Namespaces, null, place)?.IsTerminating == true) ? [new ObjectKey("namespaces", null, place)] : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { } place)
            return null;
        if (!place.IsTerminating)
        {
            Seed(place);
            return null;
        }
        foreach (var item in Store.InNamespace(place.Name).Where(i => !i.IsTerminating))
        {
            try
            {
                Core.Api.Delete(ApiCall.By("namespace-controller"), item.Type, item.Namespace, item.Name, new DeleteOptions { Propagation = "Background" });
            }
            catch (ApiException gone) when (gone.Code is 404 or 409)
            {
                // It went by itself, or changed meanwhile; then the next look finds it again.
            }
        }
        var left = Store.InNamespace(place.Name);
        if (left.Count == 0)
            Core.Api.FinalizeNamespace(Store.Find(key) ?? place);
        else
            Report(place, left);
        return null;
    }

    private void Seed(StoredObject place)
    {
        if (Store.Find(ResourceCatalog.ServiceAccounts, place.Name, "default") is null)
            Core.Api.Create(ApiCall.By("kube-controller-manager"), ResourceCatalog.ServiceAccounts, place.Name, new JsonObject { ["kind"] = "ServiceAccount", ["apiVersion"] = "v1", ["metadata"] = new JsonObject { ["name"] = "default" } });
        if (Store.Find(ResourceCatalog.ConfigMaps, place.Name, "kube-root-ca.crt") is null)
            Core.Api.Create(ApiCall.By("kube-controller-manager"), ResourceCatalog.ConfigMaps, place.Name, new JsonObject { ["kind"] = "ConfigMap", ["apiVersion"] = "v1", ["metadata"] = new JsonObject { ["name"] = "kube-root-ca.crt" }, ["data"] = new JsonObject { ["ca.crt"] = Core.CaCertificatePem } });
    }

    private void Report(StoredObject place, IReadOnlyList<StoredObject> left)
    {
        var kinds = string.Join(", ", left.GroupBy(i => i.Type.GroupResource).Select(g => $"{(g.Key.Contains('.') ? g.Key : g.Key + ".")} has {g.Count()} resource instances"));
        var finalizers = string.Join(", ", left.SelectMany(i => i.Json.Texts("metadata", "finalizers")).GroupBy(f => f).Select(g => $"{g.Key} in {g.Count()} resource instances"));
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), place, json =>
        {
            Conditions.Set(json, "NamespaceContentRemaining", "True", "SomeResourcesRemain", $"Some resources are remaining: {kinds}", Core.Now);
            if (finalizers.Length > 0)
                Conditions.Set(json, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {finalizers}", Core.Now);
        });
    }
}
