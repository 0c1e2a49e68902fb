using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Keeps as many pods as a ReplicaSet asks for.</summary>
internal sealed class ReplicaSetController(ClusterCore core) : Controller(core)
{
    public override IEnumerable<ObjectKey> Concerns(StoredChange change) =>
        change.After.Type == ResourceCatalog.ReplicaSets ? change.IsDeletion ? [] : [change.After.Key] : change.After.Type == ResourceCatalog.Pods ? ControllerOf(change.After, ResourceCatalog.ReplicaSets) : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { } set)
            return null;
        var pods = OwnedPods.Of(Core, set).Where(p => !OwnedPods.IsEnded(p)).ToList();
        var active = pods.Where(OwnedPods.IsActive).ToList();
        var wanted = set.Json.Number("spec", "replicas") ?? 1;
        Exception? refused = null;
        if (!set.IsTerminating)
        {
            try
            {
                for (var i = active.Count; i < wanted; i++)
                    active.Add(OwnedPods.Create(Core, set, "replicaset-controller", null));
            }
            catch (ApiException refusal)
            {
                refused = refusal;
            }
            foreach (var pod in active.OrderBy(p => OwnedPods.IsReady(p) ? 1 : 0).ThenBy(p => p.Json.Text("status", "phase") == "Running" ? 1 : 0).ThenByDescending(p => p.Revision).Take((int)Math.Max(0, active.Count - wanted)).ToList())
            {
                OwnedPods.Delete(Core, set, pod, "replicaset-controller");
                active.Remove(pod);
            }
        }
        Report(set, active, refused);
        return refused is null ? null : throw refused;
    }

    private void Report(StoredObject set, List<StoredObject> active, Exception? refused) =>
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), set, json =>
        {
            var status = json.Ensure("status");
            var ready = active.Count(OwnedPods.IsReady);
            status["replicas"] = (long)active.Count;
            status["fullyLabeledReplicas"] = (long)active.Count;
            status["readyReplicas"] = (long)ready;
            status["availableReplicas"] = (long)ready;
            status["observedGeneration"] = json.Number("metadata", "generation");
            if (refused is not null)
                Conditions.Set(json, "ReplicaFailure", "True", "FailedCreate", refused.Message, Core.Now);
            else if (json.At("status", "conditions") is JsonArray list && list.FirstOrDefault(c => c.Text("type") == "ReplicaFailure") is { } old)
                list.Remove(old);
        });
}
