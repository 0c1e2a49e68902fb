using Portal.Testing.Kubernetes.Admission;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>What the pods on each node ask for; kept up with every change.</summary>
internal sealed class NodeLedger
{
    private readonly Dictionary<string, Dictionary<string, decimal>> _used = [];

    public NodeLedger(ObjectStore store) => store.Changed += Follow;

    /// <summary>Asked for on a node. Call under the store's gate.</summary>
    public decimal Used(string node, string resource) => _used.GetValueOrDefault(node)?.GetValueOrDefault(resource) ?? 0;

    private void Follow(StoredChange change)
    {
        if (change.After.Type != ResourceCatalog.Pods)
            return;
        var (before, after) = (Place(change.Before), change.IsDeletion ? null : Place(change.After));
        if (before == after)
            return;
        Add(before, change.Before, -1);
        Add(after, change.After, 1);
    }

    private static string? Place(StoredObject? pod) => pod is null || OwnedPods.IsEnded(pod) ? null : pod.Json.Text("spec", "nodeName") is { Length: > 0 } node ? node : null;

    private void Add(string? node, StoredObject? pod, int sign)
    {
        if (node is null || pod is null)
            return;
        if (!_used.TryGetValue(node, out var used))
            _used[node] = used = [];
        used["pods"] = used.GetValueOrDefault("pods") + sign;
        foreach (var (name, amount) in PodResources.Requests(pod.Json))
            used[name] = used.GetValueOrDefault(name) + (sign * amount);
    }
}
