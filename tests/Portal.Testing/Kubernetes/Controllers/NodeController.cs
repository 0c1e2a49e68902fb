using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Moves pods off nodes that do not answer, and clears up after nodes that are gone.</summary>
internal sealed class NodeController(ClusterCore core) : Controller(core)
{
    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Nodes)
            return [change.After.Key];
        return change.After.Type == ResourceCatalog.Pods && change.Before?.IsTerminating == false && change.After.IsTerminating && change.After.Json.Text("spec", "nodeName") is { Length: > 0 } node ? [new ObjectKey(ResourceCatalog.Nodes.GroupResource, null, node)] : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        var taints = Store.Find(key)?.Json.Objects("spec", "taints").Where(t => t.Text("effect") == "NoExecute").ToList();
        if (taints is { Count: 0 })
            return null;
        var pods = Store.List(ResourceCatalog.Pods).Where(p => p.Json.Text("spec", "nodeName") == key.Name).ToList();
        if (taints is null)
        {
            foreach (var pod in pods)
                Collect(pod);
            return null;
        }
        TimeSpan? again = null;
        foreach (var taint in taints)
        {
            foreach (var pod in pods.Where(p => !p.IsTerminating && !OwnedPods.IsEnded(p)))
            {
                if (Left(pod, taint) is not { } left)
                    continue;
                if (left <= TimeSpan.Zero)
                    Evict(pod, taint.Text("key")!);
                else
                    again = again is null || left < again ? left : again;
            }
        }
        return again;
    }

    /// <summary>Time that the pod still bears the taint; null for ever.</summary>
    private TimeSpan? Left(StoredObject pod, JsonObject taint)
    {
        var bearing = pod.Json.Objects("spec", "tolerations").Where(t => NodeFit.Tolerates(t, taint.Text("key") ?? "", taint.Text("value") ?? "", "NoExecute")).ToList();
        if (bearing.Count == 0)
            return TimeSpan.Zero;
        if (bearing.All(t => t.Number("tolerationSeconds") is null))
            return null;
        return (taint.Instant("timeAdded") ?? Core.Now) + Core.Options.Seconds(bearing.Min(t => t.Number("tolerationSeconds") ?? long.MaxValue / 1000)) - Core.Now;
    }

    private void Evict(StoredObject pod, string taint)
    {
        Core.Events.Normal(pod, "taint-eviction-controller", "TaintManagerEviction", $"Marking for deletion Pod {pod.Namespace}/{pod.Name}");
        Evictions.Disrupt(Core, pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
        if (taint == "node.kubernetes.io/unreachable")
        {
            Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), Store.Find(pod.Key)!, json =>
            {
                json.Ensure("status")["reason"] = "NodeLost";
                json.Ensure("status")["message"] = $"Node {pod.Json.Text("spec", "nodeName")} which was running pod {pod.Name} is unresponsive";
            });
        }
        Core.Api.Delete(ApiCall.By("kube-controller-manager"), ResourceCatalog.Pods, pod.Namespace, pod.Name, new DeleteOptions { Uid = pod.Uid });
    }

    /// <summary>A pod whose node is gone has failed, and goes too.</summary>
    private void Collect(StoredObject pod)
    {
        if (!OwnedPods.IsEnded(pod))
        {
            Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), pod, json =>
            {
                json.Ensure("status")["phase"] = "Failed";
                Conditions.Set(json, "DisruptionTarget", "True", "DeletionByPodGC", "PodGC: node no longer exists", Core.Now);
            });
        }
        Core.Api.Delete(ApiCall.By("kube-controller-manager"), ResourceCatalog.Pods, pod.Namespace, pod.Name, new DeleteOptions { GracePeriodSeconds = 0, Uid = pod.Uid });
    }
}
