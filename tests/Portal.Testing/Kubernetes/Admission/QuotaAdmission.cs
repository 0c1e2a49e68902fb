using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Defaults;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>Refuses what would exceed a namespace's quota.</summary>
internal sealed class QuotaAdmission(ObjectStore store, UsageLedger ledger)
{
    private static readonly string[] Compute = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

    public void Check(ResourceType type, JsonObject next, StoredObject? old)
    {
        if (!type.Namespaced || next.Text("metadata", "namespace") is not { } place)
            return;
        var quotas = store.List(ResourceCatalog.Quotas, place);
        if (quotas.Count == 0)
            return;
        var asked = UsageLedger.Of(type, next);
        if (old is not null)
        {
            foreach (var (name, amount) in UsageLedger.Of(type, old.Json))
                asked[name] = asked.GetValueOrDefault(name) - amount;
        }
        foreach (var quota in quotas)
            Check(type, next, old, place, quota, asked);
    }

    private void Check(ResourceType type, JsonObject next, StoredObject? old, string place, StoredObject quota, Dictionary<string, decimal> asked)
    {
        var hard = quota.Json.TextMap("spec", "hard");
        var name = next.Text("metadata", "name") ?? "";
        if (type == ResourceCatalog.Pods && old is null && Missing(next, hard) is { Length: > 0 } missing)
            throw ApiException.Forbidden(type, name, $"failed quota: {quota.Name}: must specify {missing}");
        var exceeded = hard.Keys.Where(r => asked.GetValueOrDefault(r) > 0 && ledger.Used(place, r) + asked[r] > (Quantity.Parse(hard[r]) ?? 0)).Order(StringComparer.Ordinal).ToList();
        if (exceeded.Count == 0)
            return;
        string List(Func<string, string> amount) => string.Join(",", exceeded.Select(r => $"{r}={amount(r)}"));
        throw ApiException.Forbidden(type, name, $"exceeded quota: {quota.Name}, requested: {List(r => Quantity.FormatFor(r, asked[r]))}, used: {List(r => Quantity.FormatFor(r, ledger.Used(place, r)))}, limited: {List(r => hard[r])}");
    }

    /// <summary>What the quota needs to know of every container and is not told.</summary>
    private static string Missing(JsonObject pod, IReadOnlyDictionary<string, string> hard)
    {
        var missing = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var container in PodDefaults.Containers(pod.At("spec")))
        {
            foreach (var name in Compute.Where(hard.ContainsKey))
            {
                var part = name.StartsWith("limits.", StringComparison.Ordinal) ? "limits" : "requests";
                if (container.At("resources", part, name.Split('.')[^1]) is not null)
                    continue;
                if (!missing.TryGetValue(name, out var containers))
                    missing[name] = containers = [];
                containers.Add(container.Text("name") ?? "");
            }
        }
        return string.Join("; ", missing.Select(m => $"{m.Key} for: {string.Join(",", m.Value)}"));
    }
}
