using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>What a pod asks for.</summary>
internal static class PodResources
{
    /// <summary>Requests by resource: the sum of its containers, or its largest first-starting container where that is more.</summary>
    public static IReadOnlyDictionary<string, decimal> Requests(JsonNode? pod) => Sum(pod, "requests");

    /// <summary>Limits by resource, summed alike.</summary>
    public static IReadOnlyDictionary<string, decimal> Limits(JsonNode? pod) => Sum(pod, "limits");

    /// <summary>The amounts under one container's resources.</summary>
    public static IReadOnlyDictionary<string, decimal> Of(JsonNode? container, string part)
    {
        var amounts = new Dictionary<string, decimal>();
        foreach (var (name, amount) in container.At("resources", part) as JsonObject ?? [])
            amounts[name] = Quantity.Parse(amount.Text()) ?? 0;
        return amounts;
    }

    /// <summary>Guaranteed, Burstable or BestEffort.</summary>
    public static string QosClass(JsonNode? pod)
    {
        var containers = Defaults.PodDefaults.Containers(pod.At("spec")).ToList();
        var named = containers.SelectMany(c => Of(c, "requests").Concat(Of(c, "limits"))).Any(a => a.Key is "cpu" or "memory" && a.Value > 0);
        if (!named)
            return "BestEffort";
        var guaranteed = containers.All(c => Of(c, "limits") is var limits && Of(c, "requests") is var requests && new[] { "cpu", "memory" }.All(r => limits.GetValueOrDefault(r) > 0 && requests.GetValueOrDefault(r, limits[r]) == limits[r]));
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private static Dictionary<string, decimal> Sum(JsonNode? pod, string part)
    {
        var total = new Dictionary<string, decimal>();
        foreach (var container in pod.Objects("spec", "containers"))
        {
            foreach (var (name, amount) in Of(container, part))
                total[name] = total.GetValueOrDefault(name) + amount;
        }
        foreach (var container in pod.Objects("spec", "initContainers"))
        {
            foreach (var (name, amount) in Of(container, part))
                total[name] = Math.Max(total.GetValueOrDefault(name), amount);
        }
        return total;
    }
}
