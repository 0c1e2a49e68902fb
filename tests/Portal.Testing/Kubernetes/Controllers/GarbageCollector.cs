using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Deletes what its owners leave behind, and carries out foreground and orphaning deletions.</summary>
internal sealed class GarbageCollector(ClusterCore core) : Controller(core)
{
    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.IsDeletion)
        {
            // What it owned, and whoever waits for it to be gone.
            foreach (var dependent in Store.OwnedBy(change.After.Uid))
                yield return dependent.Key;
            foreach (var owner in Owners(change.After).Where(o => o.IsTerminating))
                yield return owner.Key;
            yield break;
        }
        if (change.IsAddition && change.After.Owners.Count > 0)
            yield return change.After.Key;
        if (change.After.IsTerminating && change.After.Json.Texts("metadata", "finalizers").Any(f => f is "foregroundDeletion" or "orphan"))
            yield return change.After.Key;
        foreach (var owner in Owners(change.After).Where(o => o.IsTerminating))
            yield return owner.Key;
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { } item)
            return null;
        var finalizers = item.Json.Texts("metadata", "finalizers");
        if (item.IsTerminating && finalizers.Contains("orphan"))
            Orphan(item);
        else if (item.IsTerminating && finalizers.Contains("foregroundDeletion"))
            Foreground(item);
        else if (!item.IsTerminating && item.Owners.Count > 0)
            Attend(item);
        return null;
    }

    private IEnumerable<StoredObject> Owners(StoredObject item) => item.Owners.Select(o => Owner(item, o)).OfType<StoredObject>();

    private StoredObject? Owner(StoredObject item, JsonObject reference)
    {
        var type = Core.Catalog.OfKind(reference.Text("apiVersion"), reference.Text("kind"));
        var owner = type is null ? null : Store.Find(type, type.Namespaced ? item.Namespace : null, reference.Text("name") ?? "");
        return owner?.Uid == reference.Text("uid") ? owner : null;
    }

    private void Orphan(StoredObject owner)
    {
        foreach (var dependent in Store.OwnedBy(owner.Uid))
            Core.Api.Change(ApiCall.By("kube-controller-manager"), dependent, json => Disown(json, owner.Uid));
        Release(owner, "orphan");
    }

    private void Foreground(StoredObject owner)
    {
        var dependents = Store.OwnedBy(owner.Uid);
        foreach (var dependent in dependents.Where(d => !d.IsTerminating))
            Delete(dependent, "Foreground");
        if (!Store.OwnedBy(owner.Uid).Any(d => d.Owners.Any(o => o.Text("uid") == owner.Uid && o.Flag("blockOwnerDeletion") == true)))
            Release(owner, "foregroundDeletion");
    }

    /// <summary>An owner that is gone is struck out; without any left the object goes too.</summary>
    private void Attend(StoredObject item)
    {
        var gone = item.Owners.Where(o => Core.Catalog.OfKind(o.Text("apiVersion"), o.Text("kind")) is not null && Owner(item, o) is null).ToList();
        if (gone.Count == 0)
            return;
        if (gone.Count == item.Owners.Count)
            Delete(item, "Background");
        else
            Core.Api.Change(ApiCall.By("kube-controller-manager"), item, json => gone.ForEach(o => Disown(json, o.Text("uid")!)));
    }

    private void Delete(StoredObject item, string propagation)
    {
        try
        {
            Core.Api.Delete(ApiCall.By("kube-controller-manager"), item.Type, item.Namespace, item.Name, new DeleteOptions { Uid = item.Uid, Propagation = propagation });
        }
        catch (ApiException gone) when (gone.Code is 404 or 409)
        {
            // Somebody else has deleted it, or another one of its name is there by now.
        }
    }

    private void Release(StoredObject item, string finalizer) => Core.Api.Change(ApiCall.By("kube-controller-manager"), item, json =>
    {
        var rest = json.Texts("metadata", "finalizers").Where(f => f != finalizer).ToList();
        json.Ensure("metadata").Remove("finalizers");
        if (rest.Count > 0)
            json.Ensure("metadata")["finalizers"] = new JsonArray([.. rest.Select(f => (JsonNode?)f)]);
    });

    private static void Disown(JsonObject json, string uid)
    {
        var rest = json.Objects("metadata", "ownerReferences").Where(o => o.Text("uid") != uid).Select(o => (JsonNode?)o.DeepClone()).ToArray();
        json.Ensure("metadata").Remove("ownerReferences");
        if (rest.Length > 0)
            json.Ensure("metadata")["ownerReferences"] = new JsonArray(rest);
    }
}
