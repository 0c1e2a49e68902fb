using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Admission;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Whether a pod can go on a node, and if not why, in the scheduler's words.</summary>
internal sealed class NodeFit(ObjectStore store, NodeLedger ledger)
{
    /// <summary>Reasons against the node; none when it fits.</summary>
    /// <param name="isFinal">True when nothing that could be pushed off would help.</param>
    public IReadOnlyList<string> Against(StoredObject pod, StoredObject node, out bool isFinal)
    {
        isFinal = true;
        var tolerations = pod.Json.Objects("spec", "tolerations");
        if (node.Json.Flag("spec", "unschedulable") == true && !tolerations.Any(t => Tolerates(t, "node.kubernetes.io/unschedulable", "", "NoSchedule")))
            return ["node(s) were unschedulable"];
        foreach (var taint in node.Json.Objects("spec", "taints").Where(t => t.Text("effect") is "NoSchedule" or "NoExecute"))
        {
            if (!tolerations.Any(t => Tolerates(t, taint.Text("key") ?? "", taint.Text("value") ?? "", taint.Text("effect")!)))
                return [$"node(s) had untolerated taint {{{taint.Text("key")}: {taint.Text("value")}}}"];
        }
        if (!MatchesAffinity(pod, node))
            return ["node(s) didn't match Pod's node affinity/selector"];
        isFinal = false;
        var missing = Missing(pod, node);
        if (missing.Count > 0)
            return missing;
        return AvoidsOthers(pod, node) ? [] : ["node(s) didn't match pod anti-affinity rules"];
    }

    /// <summary>How much the pod would like the node: preferences first, then room.</summary>
    public double Liking(StoredObject pod, StoredObject node)
    {
        var liking = 0d;
        foreach (var preferred in pod.Json.Objects("spec", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"))
        {
            if (MatchesTerm(preferred.At("preference"), node))
                liking += preferred.Number("weight") ?? 0;
        }
        liking -= node.Json.Objects("spec", "taints").Count(t => t.Text("effect") == "PreferNoSchedule" && !pod.Json.Objects("spec", "tolerations").Any(o => Tolerates(o, t.Text("key") ?? "", t.Text("value") ?? "", "PreferNoSchedule"))) * 10;
        var cpu = Quantity.Parse(node.Json.Text("status", "allocatable", "cpu")) ?? 1;
        return (liking * 1000) + (double)((cpu - ledger.Used(node.Name, "cpu")) / Math.Max(cpu, 0.001m));
    }

    public static bool Tolerates(JsonNode toleration, string key, string value, string effect) =>
        (toleration.Text("effect") is null or "" || toleration.Text("effect") == effect)
        && ((toleration.Text("key") is null or "" && toleration.Text("operator") == "Exists") || (toleration.Text("key") == key && (toleration.Text("operator") == "Exists" || (toleration.Text("value") ?? "") == value)));

    private static bool MatchesAffinity(StoredObject pod, StoredObject node)
    {
        foreach (var (key, value) in pod.Json.TextMap("spec", "nodeSelector"))
        {
            if (node.Labels.GetValueOrDefault(key) != value)
                return false;
        }
        var terms = pod.Json.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
        return terms is null || terms.Objects("nodeSelectorTerms").Any(t => MatchesTerm(t, node));
    }

    private static bool MatchesTerm(JsonNode? term, StoredObject node)
    {
        var (labels, fields) = (term.Objects("matchExpressions"), term.Objects("matchFields"));
        if (labels.Count + fields.Count == 0)
            return false;
        var selector = new LabelSelector();
        foreach (var expression in labels)
            selector.Add(expression.Text("key") ?? "", expression.Text("operator") ?? "", expression.Texts("values"));
        return selector.Matches(node.Labels) && fields.All(f => f.Text("key") == "metadata.name" && f.Texts("values").Contains(node.Name) == (f.Text("operator") == "In"));
    }

    private List<string> Missing(StoredObject pod, StoredObject node)
    {
        var missing = new List<string>();
        var allocatable = node.Json.TextMap("status", "allocatable");
        decimal Free(string resource) => (Quantity.Parse(allocatable.GetValueOrDefault(resource)) ?? 0) - ledger.Used(node.Name, resource);
        if (allocatable.ContainsKey("pods") && Free("pods") < 1)
            missing.Add("Too many pods");
        foreach (var (name, amount) in PodResources.Requests(pod.Json).OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            if (amount > 0 && amount > Free(name))
                missing.Add($"Insufficient {name}");
        }
        return missing;
    }

    private bool AvoidsOthers(StoredObject pod, StoredObject node)
    {
        foreach (var term in pod.Json.Objects("spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"))
        {
            var (selector, key) = (LabelSelector.Of(term.At("labelSelector")), term.Text("topologyKey") ?? "");
            if (selector is null || !node.Labels.TryGetValue(key, out var zone))
                continue;
            var taken = store.List(ResourceCatalog.Pods, pod.Namespace).Where(p => p.Uid != pod.Uid && !OwnedPods.IsEnded(p) && selector.Matches(p.Labels)).Select(p => p.Json.Text("spec", "nodeName")).OfType<string>();
            if (taken.Any(name => store.Find(ResourceCatalog.Nodes, null, name)?.Labels.GetValueOrDefault(key) == zone))
                return false;
        }
        return true;
    }
}
