using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Shows in each quota what is used of it.</summary>
internal sealed class QuotaController(ClusterCore core) : Controller(core)
{
    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Quotas)
            return change.IsDeletion ? [] : [change.After.Key];
        var counts = change.IsAddition || change.IsDeletion || (change.After.Type == ResourceCatalog.Pods && OwnedPods.IsEnded(change.After)) || change.After.Type == ResourceCatalog.Claims;
        return counts && change.After.Namespace is { } place && change.After.Type != ResourceCatalog.Events ? Store.List(ResourceCatalog.Quotas, place).Select(q => q.Key) : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { IsTerminating: false } quota)
            return null;
        lock (Store.Gate)
        {
            var used = new JsonObject();
            foreach (var (name, _) in quota.Json.TextMap("spec", "hard"))
                used[name] = Quantity.FormatFor(name, Core.Admission.Usage.Used(quota.Namespace!, name));
            Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), quota, json =>
            {
                json["status"] = new JsonObject { ["hard"] = JsonReading.CopyOf(json.At("spec", "hard")), ["used"] = used };
            });
        }
        return null;
    }
}
