using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Gives pods their nodes, or says why none will do.</summary>
internal sealed class Scheduler : Controller
{
    private const string SelectedNode = "volume.kubernetes.io/selected-node";

    private readonly HashSet<ObjectKey> _waiting = [];
    private readonly NodeLedger _ledger;
    private readonly NodeFit _fit;

    public Scheduler(ClusterCore core) : base(core)
    {
        _ledger = new NodeLedger(core.Store);
        _fit = new NodeFit(core.Store, _ledger);
    }

    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Pods)
        {
            if (change.IsDeletion || (change.Before is not null && !OwnedPods.IsEnded(change.Before) && OwnedPods.IsEnded(change.After)))
                return [.. _waiting];
            return IsUnplaced(change.After) && (change.IsAddition || !JsonReading.Same(change.Before!.Json["spec"], change.After.Json["spec"])) ? [change.After.Key] : [];
        }
        var opens = change.After.Type == ResourceCatalog.Nodes ? change.IsAddition || !JsonReading.Same(change.Before?.Json["spec"], change.After.Json["spec"]) || !JsonReading.Same(change.Before?.Json.At("status", "allocatable"), change.After.Json.At("status", "allocatable")) || change.IsDeletion || !JsonReading.Same(change.Before?.Json.At("metadata", "labels"), change.After.Json.At("metadata", "labels"))
            : change.After.Type == ResourceCatalog.Claims || change.After.Type == ResourceCatalog.StorageClasses;
        return opens ? [.. _waiting] : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        lock (Store.Gate)
        {
            if (Store.Find(key) is not { } pod || !IsUnplaced(pod))
            {
                _waiting.Remove(key);
                return null;
            }
            if (pod.Json.Objects("spec", "schedulingGates").Count > 0)
                Core.Api.Change(ApiCall.By("kube-scheduler", "status"), pod, json => Conditions.Set(json, "PodScheduled", "False", "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", Core.Now));
            else
                Place(key, pod);
            return null;
        }
    }

    private static bool IsUnplaced(StoredObject pod) => pod.Json.Text("spec", "nodeName") is null or "" && OwnedPods.IsActive(pod) && pod.Json.Text("spec", "schedulerName") == "default-scheduler";

    private void Place(ObjectKey key, StoredObject pod)
    {
        var nodes = Store.List(ResourceCatalog.Nodes).Where(n => !n.IsTerminating).ToList();
        if (nodes.Count == 0)
        {
            Refuse(key, pod, "no nodes available to schedule pods");
            return;
        }
        if (ClaimProblem(pod, out var waitsForNode) is { } problem)
        {
            Refuse(key, pod, $"0/{nodes.Count} nodes are available: {problem}. preemption: 0/{nodes.Count} nodes are available: {nodes.Count} Preemption is not helpful for scheduling.");
            return;
        }
        var reasons = new Dictionary<string, int>();
        var (final, best, liking) = (0, (StoredObject?)null, double.MinValue);
        foreach (var node in nodes)
        {
            var against = _fit.Against(pod, node, out var isFinal);
            foreach (var reason in against)
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
            if (against.Count > 0)
                final += isFinal ? 1 : 0;
            else if (_fit.Liking(pod, node) is var likes && likes > liking)
                (best, liking) = (node, likes);
        }
        if (best is null)
            Refuse(key, pod, Message(nodes.Count, reasons, final));
        else if (waitsForNode.Count > 0)
            Choose(key, pod, best, waitsForNode);
        else
            Bind(key, pod, best);
    }

    private static string Message(int nodes, Dictionary<string, int> reasons, int final)
    {
        var preemption = new List<string>();
        if (nodes - final > 0)
            preemption.Add($"{nodes - final} No preemption victims found for incoming pod");
        if (final > 0)
            preemption.Add($"{final} Preemption is not helpful for scheduling");
        return $"0/{nodes} nodes are available: {string.Join(", ", reasons.Select(r => $"{r.Value} {r.Key}").Order(StringComparer.Ordinal))}. preemption: 0/{nodes} nodes are available: {string.Join(", ", preemption)}.";
    }

    /// <summary>What a pod's claims lack, and those that wait for the pod's node.</summary>
    private string? ClaimProblem(StoredObject pod, out List<StoredObject> waitsForNode)
    {
        waitsForNode = [];
        foreach (var key in ClaimController.ClaimsOf(pod))
        {
            if (Store.Find(key) is not { } claim)
                return $"persistentvolumeclaim \"{key.Name}\" not found";
            if (claim.IsTerminating)
                return $"persistentvolumeclaim \"{key.Name}\" is being deleted";
            if (claim.Json.Text("status", "phase") == "Bound")
                continue;
            var name = claim.Json.Text("spec", "storageClassName");
            if (name is null or "" || Store.Find(ResourceCatalog.StorageClasses, null, name)?.Json.Text("volumeBindingMode") != "WaitForFirstConsumer")
                return "pod has unbound immediate PersistentVolumeClaims";
            waitsForNode.Add(claim);
        }
        return null;
    }

    private void Choose(ObjectKey key, StoredObject pod, StoredObject node, List<StoredObject> claims)
    {
        _waiting.Add(key);
        foreach (var claim in claims.Where(c => c.Json.Text("metadata", "annotations", SelectedNode) is null))
            Core.Api.Change(ApiCall.By("kube-scheduler"), claim, json => json.Ensure("metadata", "annotations")[SelectedNode] = node.Name);
        _ = pod;
    }

    private void Bind(ObjectKey key, StoredObject pod, StoredObject node)
    {
        _waiting.Remove(key);
        var bound = Core.Api.Change(ApiCall.By("kube-scheduler", "binding"), pod, json =>
        {
            json.Ensure("spec")["nodeName"] = node.Name;
        });
        Core.Events.Normal(bound, "default-scheduler", "Scheduled", $"Successfully assigned {pod.Namespace}/{pod.Name} to {node.Name}");
    }

    private void Refuse(ObjectKey key, StoredObject pod, string message)
    {
        _waiting.Add(key);
        Core.Events.Warning(pod, "default-scheduler", "FailedScheduling", message);
        Core.Api.Change(ApiCall.By("kube-scheduler", "status"), pod, json => Conditions.Set(json, "PodScheduled", "False", "Unschedulable", message, Core.Now));
    }
}
