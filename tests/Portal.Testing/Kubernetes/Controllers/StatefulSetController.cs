using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Keeps a StatefulSet's numbered pods and their claims.</summary>
internal sealed class StatefulSetController(ClusterCore core) : Controller(core)
{
    private const string HashLabel = "controller-revision-hash";

    public override IEnumerable<ObjectKey> Concerns(StoredChange change) =>
        change.After.Type == ResourceCatalog.StatefulSets ? change.IsDeletion ? [] : [change.After.Key] : change.After.Type == ResourceCatalog.Pods ? ControllerOf(change.After, ResourceCatalog.StatefulSets) : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { } set)
            return null;
        var pods = OwnedPods.Of(Core, set).ToDictionary(p => Ordinal(p.Name));
        var revision = $"{set.Name}-{OwnedPods.Hash(set.Json.At("spec", "template"))}";
        Exception? refused = null;
        if (!set.IsTerminating)
        {
            try
            {
                Bring(set, pods, revision);
            }
            catch (ApiException refusal)
            {
                refused = refusal;
            }
        }
        Report(set, revision);
        return refused is null ? null : throw refused;
    }

    private static int Ordinal(string name) => int.TryParse(name[(name.LastIndexOf('-') + 1)..], out var ordinal) ? ordinal : int.MaxValue;

    private void Bring(StoredObject set, Dictionary<int, StoredObject> pods, string revision)
    {
        var first = (int)(set.Json.Number("spec", "ordinals", "start") ?? 0);
        var wanted = (int)(set.Json.Number("spec", "replicas") ?? 1);
        var ordered = set.Json.Text("spec", "podManagementPolicy") != "Parallel";
        foreach (var pod in pods.Values.Where(p => OwnedPods.IsEnded(p) && !p.IsTerminating).ToList())
        {
            // One that has ended is deleted and made anew, as its name can be there only once.
            OwnedPods.Delete(Core, set, pod, "statefulset-controller");
            if (Store.Find(pod.Key) is null)
                pods.Remove(Ordinal(pod.Name));
        }
        for (var i = first; i < first + wanted; i++)
        {
            var pod = pods.GetValueOrDefault(i);
            if (pod is null)
                Create(set, i, revision);
            else if (OwnedPods.IsReady(pod) && !pod.IsTerminating)
                continue;
            // One that never becomes ready keeps its place until somebody deletes it, also when the template has changed: so does the real one.
            if (ordered)
                return;
        }
        var extra = pods.Where(p => p.Key < first || p.Key >= first + wanted).OrderByDescending(p => p.Key).Select(p => p.Value).ToList();
        foreach (var pod in extra.Where(p => !p.IsTerminating))
        {
            OwnedPods.Delete(Core, set, pod, "statefulset-controller");
            if (ordered)
                return;
        }
        if (extra.Count == 0)
            Replace(set, pods, revision, first);
    }

    /// <summary>Takes down the highest pod that is of another template; it is made anew from this one.</summary>
    private void Replace(StoredObject set, Dictionary<int, StoredObject> pods, string revision, int first)
    {
        if (set.Json.Text("spec", "updateStrategy", "type") == "OnDelete")
            return;
        var partition = set.Json.Number("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
        foreach (var (ordinal, pod) in pods.OrderByDescending(p => p.Key))
        {
            if (pod.Labels.GetValueOrDefault(HashLabel) == revision)
            {
                if (!OwnedPods.IsReady(pod) || pod.IsTerminating)
                    return;
                continue;
            }
            if (ordinal - first < partition || pod.IsTerminating)
                return;
            OwnedPods.Delete(Core, set, pod, "statefulset-controller");
            return;
        }
    }

    private void Create(StoredObject set, int ordinal, string revision)
    {
        var name = $"{set.Name}-{ordinal}";
        var claims = set.Json.Objects("spec", "volumeClaimTemplates");
        foreach (var template in claims)
            Claim(set, template, name);
        OwnedPods.Create(Core, set, "statefulset-controller", name, pod =>
        {
            var labels = pod.Ensure("metadata", "labels");
            labels[HashLabel] = revision;
            labels["statefulset.kubernetes.io/pod-name"] = name;
            labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var spec = pod.Ensure("spec");
            spec["hostname"] = name;
            if (set.Json.Text("spec", "serviceName") is { Length: > 0 } service)
                spec["subdomain"] = service;
            var names = claims.Select(c => c.Text("metadata", "name")).ToHashSet();
            var volumes = new JsonArray([.. claims.Select(c => (JsonNode)new JsonObject { ["name"] = c.Text("metadata", "name"), ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = $"{c.Text("metadata", "name")}-{name}" } }), .. spec.Objects("volumes").Where(v => !names.Contains(v.Text("name"))).Select(JsonReading.CopyOf)]);
            if (volumes.Count > 0)
                spec["volumes"] = volumes;
        });
    }

    private void Claim(StoredObject set, JsonObject template, string pod)
    {
        var name = $"{template.Text("metadata", "name")}-{pod}";
        if (Store.Find(ResourceCatalog.Claims, set.Namespace, name) is not null)
            return;
        var claim = new JsonObject { ["kind"] = "PersistentVolumeClaim", ["apiVersion"] = "v1", ["metadata"] = (template.At("metadata") as JsonObject ?? []).Copy(), ["spec"] = template.At("spec")?.DeepClone() };
        claim.Ensure("metadata")["name"] = name;
        foreach (var (key, value) in set.Json.TextMap("spec", "selector", "matchLabels"))
            claim.Ensure("metadata", "labels")[key] = value;
        if (set.Json.Text("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete")
            claim.Ensure("metadata")["ownerReferences"] = new JsonArray(OwnedPods.Reference(set));
        try
        {
            Core.Api.Create(ApiCall.By("kube-controller-manager"), ResourceCatalog.Claims, set.Namespace, claim);
            Core.Events.Normal(set, "statefulset-controller", "SuccessfulCreate", $"create Claim {name} Pod {pod} in StatefulSet {set.Name} success");
        }
        catch (ApiException refusal)
        {
            Core.Events.Warning(set, "statefulset-controller", "FailedCreate", $"create Pod {pod} in StatefulSet {set.Name} failed error: failed to create PVC {name}: {refusal.Message}");
            throw;
        }
    }

    private void Report(StoredObject set, string revision)
    {
        var pods = OwnedPods.Of(Core, set);
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), set, json =>
        {
            var status = json.Ensure("status");
            var ready = pods.Count(p => OwnedPods.IsReady(p) && !p.IsTerminating);
            var updated = pods.Count(p => p.Labels.GetValueOrDefault(HashLabel) == revision && !p.IsTerminating);
            status["observedGeneration"] = json.Number("metadata", "generation");
            status["replicas"] = (long)pods.Count;
            Set(status, "readyReplicas", ready);
            status["availableReplicas"] = (long)ready;
            Set(status, "updatedReplicas", updated);
            Set(status, "currentReplicas", updated);
            status["updateRevision"] = revision;
            if (updated == pods.Count || status["currentRevision"] is null)
                status["currentRevision"] = revision;
            status["collisionCount"] = 0L;
        });
    }

    private static void Set(JsonObject status, string name, long count)
    {
        if (count > 0)
            status[name] = count;
        else
            status.Remove(name);
    }
}
