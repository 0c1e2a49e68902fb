using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Gives claims their volumes, lets claims go that nobody uses, and removes volumes that were made for them.</summary>
internal sealed class ClaimController(ClusterCore core) : Controller(core)
{
    private const string SelectedNode = "volume.kubernetes.io/selected-node";

    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Claims)
            return change.IsDeletion ? Volume(change.After) : [change.After.Key];
        if (change.After.Type == ResourceCatalog.Pods)
            return change.IsDeletion || change.IsAddition || OwnedPods.IsEnded(change.After) ? ClaimsOf(change.After) : [];
        if (change.After.Type == ResourceCatalog.StorageClasses)
            return Store.List(ResourceCatalog.Claims).Where(c => c.Json.Text("status", "phase") != "Bound").Select(c => c.Key);
        return change.After.Type == ResourceCatalog.Volumes && !change.IsDeletion ? [change.After.Key] : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { } stored)
            return null;
        if (stored.Type == ResourceCatalog.Volumes)
            Reclaim(stored);
        else if (stored.IsTerminating)
            LetGo(stored);
        else if (stored.Json.Text("status", "phase") != "Bound")
            Bind(stored);
        else
            Grow(stored);
        return null;
    }

    /// <summary>The claims that a pod mounts.</summary>
    public static IEnumerable<ObjectKey> ClaimsOf(StoredObject pod) =>
        pod.Json.Objects("spec", "volumes").Select(v => v.Text("persistentVolumeClaim", "claimName")).OfType<string>().Select(name => new ObjectKey(ResourceCatalog.Claims.GroupResource, pod.Namespace, name));

    private static IEnumerable<ObjectKey> Volume(StoredObject claim) => claim.Json.Text("spec", "volumeName") is { } volume ? [new ObjectKey(ResourceCatalog.Volumes.GroupResource, null, volume)] : [];

    private void Bind(StoredObject claim)
    {
        var name = claim.Json.Text("spec", "storageClassName");
        if (name is null or "")
        {
            Core.Events.Normal(claim, "persistentvolume-controller", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
            return;
        }
        if (Store.Find(ResourceCatalog.StorageClasses, null, name) is not { } kind)
        {
            Core.Events.Warning(claim, "persistentvolume-controller", "ProvisioningFailed", $"storageclass.storage.k8s.io \"{name}\" not found");
            return;
        }
        if (kind.Json.Text("volumeBindingMode") == "WaitForFirstConsumer" && claim.Json.Text("metadata", "annotations", SelectedNode) is null)
        {
            Core.Events.Normal(claim, "persistentvolume-controller", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return;
        }
        var provisioner = kind.Json.Text("provisioner") ?? "";
        if (Core.Options.BrokenProvisioners.ContainsKey(name))
        {
            Core.Events.Normal(claim, "persistentvolume-controller", "ExternalProvisioning", $"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
            return;
        }
        if (!provisioner.StartsWith("shared.", StringComparison.Ordinal) && claim.Json.At("spec", "accessModes") is JsonArray modes && modes.Any(m => m?.GetValue<string>() == "ReadWriteMany"))
        {
            Core.Events.Warning(claim, "persistentvolume-controller", "ProvisioningFailed", $"failed to provision volume with StorageClass \"{name}\": rpc error: code = InvalidArgument desc = Volume capabilities MULTI_NODE_MULTI_WRITER not supported. Only AccessModes[ReadWriteOnce] supported.");
            return;
        }
        Provision(claim, kind, provisioner);
    }

    private void Provision(StoredObject claim, StoredObject kind, string provisioner)
    {
        var volume = $"pvc-{claim.Uid}";
        var spec = claim.Json.At("spec");
        if (Store.Find(ResourceCatalog.Volumes, null, volume) is null)
        {
            var made = new JsonObject
            {
                ["kind"] = "PersistentVolume",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject { ["name"] = volume, ["annotations"] = new JsonObject { ["pv.kubernetes.io/provisioned-by"] = provisioner } },
                ["spec"] = new JsonObject
                {
                    ["capacity"] = new JsonObject { ["storage"] = spec.Text("resources", "requests", "storage") },
                    ["accessModes"] = JsonReading.CopyOf(spec.At("accessModes")),
                    ["claimRef"] = new JsonObject { ["kind"] = "PersistentVolumeClaim", ["namespace"] = claim.Namespace, ["name"] = claim.Name, ["uid"] = claim.Uid, ["apiVersion"] = "v1" },
                    ["persistentVolumeReclaimPolicy"] = kind.Json.Text("reclaimPolicy"),
                    ["storageClassName"] = kind.Name,
                    ["csi"] = new JsonObject { ["driver"] = provisioner, ["volumeHandle"] = volume },
                },
            };
            var stored = Core.Api.Create(ApiCall.By("csi-provisioner"), ResourceCatalog.Volumes, null, made);
            Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), stored, json => json.Ensure("status")["phase"] = "Bound");
        }
        Core.Api.Change(ApiCall.By("kube-controller-manager", "binding"), claim, json =>
        {
            json.Ensure("spec")["volumeName"] = volume;
            var annotations = json.Ensure("metadata", "annotations");
            annotations["pv.kubernetes.io/bind-completed"] = "yes";
            annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
            annotations["volume.kubernetes.io/storage-provisioner"] = provisioner;
        });
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), Store.Find(claim.Key)!, json => Filled(json));
        Core.Events.Normal(claim, provisioner, "ProvisioningSucceeded", $"Successfully provisioned volume {volume}");
    }

    private static void Filled(JsonObject json) => json["status"] = new JsonObject
    {
        ["phase"] = "Bound", ["accessModes"] = JsonReading.CopyOf(json.At("spec", "accessModes")), ["capacity"] = new JsonObject { ["storage"] = json.Text("spec", "resources", "requests", "storage") },
    };

    private void Grow(StoredObject claim)
    {
        if (claim.Json.Text("status", "capacity", "storage") != claim.Json.Text("spec", "resources", "requests", "storage"))
            Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), claim, Filled);
    }

    /// <summary>A claim that a pod still uses stays until the pod is gone.</summary>
    private void LetGo(StoredObject claim)
    {
        if (!claim.Json.Texts("metadata", "finalizers").Contains("kubernetes.io/pvc-protection") || Store.List(ResourceCatalog.Pods, claim.Namespace).Any(p => !OwnedPods.IsEnded(p) && ClaimsOf(p).Contains(claim.Key)))
            return;
        Core.Api.Change(ApiCall.By("kube-controller-manager"), claim, json => Unprotect(json, "kubernetes.io/pvc-protection"));
    }

    private void Reclaim(StoredObject volume)
    {
        var claim = volume.Json.At("spec", "claimRef");
        if (claim is null || Store.Find(ResourceCatalog.Claims, claim.Text("namespace"), claim.Text("name") ?? "")?.Uid == claim.Text("uid"))
            return;
        if (volume.IsTerminating)
            Core.Api.Change(ApiCall.By("kube-controller-manager"), volume, json => Unprotect(json, "kubernetes.io/pv-protection"));
        else if (volume.Json.Text("spec", "persistentVolumeReclaimPolicy") == "Delete")
            Core.Api.Delete(ApiCall.By("kube-controller-manager"), ResourceCatalog.Volumes, null, volume.Name, new DeleteOptions());
        else if (volume.Json.Text("status", "phase") != "Released")
            Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), volume, json => json.Ensure("status")["phase"] = "Released");
    }

    private static void Unprotect(JsonObject json, string finalizer)
    {
        var rest = json.Texts("metadata", "finalizers").Where(f => f != finalizer).ToList();
        json.Ensure("metadata").Remove("finalizers");
        if (rest.Count > 0)
            json.Ensure("metadata")["finalizers"] = new JsonArray([.. rest.Select(f => (JsonNode?)f)]);
    }
}
