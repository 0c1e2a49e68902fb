using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>What each namespace uses, by the names that quotas have for it; kept up with every change.</summary>
internal sealed class UsageLedger
{
    private readonly Dictionary<string, Dictionary<string, decimal>> _used = [];

    public UsageLedger(ObjectStore store) => store.Changed += Follow;

    /// <summary>Used of one name in a namespace. Call under the store's gate.</summary>
    public decimal Used(string @namespace, string name) => _used.GetValueOrDefault(@namespace)?.GetValueOrDefault(name) ?? 0;

    /// <summary>What an object counts for.</summary>
    public static Dictionary<string, decimal> Of(ResourceType type, System.Text.Json.Nodes.JsonObject json)
    {
        var usage = new Dictionary<string, decimal> { [$"count/{type.GroupResource}"] = 1 };
        switch (type.GroupResource)
        {
            case "pods":
                return json.Text("status", "phase") is "Succeeded" or "Failed" ? [] : Pod(json, usage);
            case "persistentvolumeclaims":
                var size = Quantity.Parse(json.Text("spec", "resources", "requests", "storage")) ?? 0;
                usage["persistentvolumeclaims"] = 1;
                usage["requests.storage"] = size;
                if (json.Text("spec", "storageClassName") is { Length: > 0 } name)
                {
                    usage[$"{name}.storageclass.storage.k8s.io/requests.storage"] = size;
                    usage[$"{name}.storageclass.storage.k8s.io/persistentvolumeclaims"] = 1;
                }
                break;
            case "services":
                usage["services"] = 1;
                usage["services.nodeports"] = json.Text("spec", "type") is "NodePort" or "LoadBalancer" ? json.Objects("spec", "ports").Count : 0;
                usage["services.loadbalancers"] = json.Text("spec", "type") == "LoadBalancer" ? 1 : 0;
                break;
            case "secrets" or "configmaps" or "resourcequotas" or "replicationcontrollers":
                usage[type.Plural] = 1;
                break;
        }
        return usage;
    }

    private static Dictionary<string, decimal> Pod(System.Text.Json.Nodes.JsonObject json, Dictionary<string, decimal> usage)
    {
        usage["pods"] = 1;
        foreach (var (name, amount) in PodResources.Requests(json))
        {
            usage[$"requests.{name}"] = amount;
            if (name is "cpu" or "memory" or "ephemeral-storage")
                usage[name] = amount;
        }
        foreach (var (name, amount) in PodResources.Limits(json))
            usage[$"limits.{name}"] = amount;
        return usage;
    }

    private void Follow(StoredChange change)
    {
        if (change.After.Namespace is not { } place || change.After.Type == ResourceCatalog.Events)
            return;
        if (change.Before is not null)
            Add(place, Memo(change.Before), -1);
        if (!change.IsDeletion)
            Add(place, Memo(change.After), 1);
    }

    private static Dictionary<string, decimal> Memo(StoredObject stored) => (Dictionary<string, decimal>)(stored.Memo ??= Of(stored.Type, stored.Json));

    private void Add(string place, Dictionary<string, decimal> usage, int sign)
    {
        if (!_used.TryGetValue(place, out var used))
            _used[place] = used = [];
        foreach (var (name, amount) in usage)
            used[name] = used.GetValueOrDefault(name) + (sign * amount);
    }
}
