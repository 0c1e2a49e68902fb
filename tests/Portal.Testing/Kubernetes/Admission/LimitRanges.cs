using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Defaults;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>A namespace's defaults and bounds for containers, pods and claims.</summary>
internal static class LimitRanges
{
    /// <summary>Gives a pod's containers the defaults.</summary>
    public static void ApplyDefaults(ObjectStore store, JsonObject pod)
    {
        foreach (var limit in Of(store, pod, "Container"))
        {
            foreach (var container in PodDefaults.Containers(pod.At("spec")))
            {
                var hadLimits = container.At("resources", "limits") as JsonObject;
                foreach (var (name, amount) in limit.At("defaultRequest") as JsonObject ?? [])
                    container.Ensure("resources", "requests").Default(name, hadLimits?[name]?.DeepClone() ?? amount?.DeepClone());
                foreach (var (name, amount) in limit.At("default") as JsonObject ?? [])
                    container.Ensure("resources", "limits").Default(name, amount?.DeepClone());
            }
        }
    }

    /// <summary>Refuses what is out of bounds.</summary>
    public static void Check(ObjectStore store, ResourceType type, JsonObject next, StoredObject? old)
    {
        var problems = new List<string>();
        if (type == ResourceCatalog.Pods && old is null)
        {
            foreach (var limit in Of(store, next, "Container"))
            {
                foreach (var container in PodDefaults.Containers(next.At("spec")))
                    Bounds(limit, "Container", PodResources.Of(container, "requests"), PodResources.Of(container, "limits"), problems);
            }
            foreach (var limit in Of(store, next, "Pod"))
                Bounds(limit, "Pod", PodResources.Requests(next), PodResources.Limits(next), problems);
        }
        else if (type == ResourceCatalog.Claims)
        {
            foreach (var limit in Of(store, next, "PersistentVolumeClaim"))
            {
                var asked = new Dictionary<string, decimal> { ["storage"] = Quantity.Parse(next.Text("spec", "resources", "requests", "storage")) ?? 0 };
                Bounds(limit, "PersistentVolumeClaim", asked, asked, problems);
            }
        }
        if (problems.Count > 0)
            throw ApiException.Forbidden(type, next.Text("metadata", "name") ?? "", problems.Count == 1 ? problems[0] : $"[{string.Join(", ", problems)}]");
    }

    private static IEnumerable<JsonObject> Of(ObjectStore store, JsonObject json, string kind) =>
        store.List(ResourceCatalog.LimitRanges, json.Text("metadata", "namespace")).SelectMany(r => r.Json.Objects("spec", "limits")).Where(l => l.Text("type") == kind);

    private static void Bounds(JsonObject limit, string kind, IReadOnlyDictionary<string, decimal> requests, IReadOnlyDictionary<string, decimal> limits, List<string> problems)
    {
        foreach (var (name, amount) in limit.At("min") as JsonObject ?? [])
        {
            if (!requests.TryGetValue(name, out var request))
                problems.Add($"minimum {name} usage per {kind} is {amount.Text()}.  No request is specified");
            else if (request < Quantity.Parse(amount.Text()))
                problems.Add($"minimum {name} usage per {kind} is {amount.Text()}, but request is {Quantity.FormatFor(name, request)}");
        }
        foreach (var (name, amount) in limit.At("max") as JsonObject ?? [])
        {
            var word = kind == "PersistentVolumeClaim" ? "request" : "limit";
            if (!limits.TryGetValue(name, out var most))
                problems.Add($"maximum {name} usage per {kind} is {amount.Text()}.  No limit is specified");
            else if (most > Quantity.Parse(amount.Text()))
                problems.Add($"maximum {name} usage per {kind} is {amount.Text()}, but {word} is {Quantity.FormatFor(name, most)}");
        }
        foreach (var (name, ratio) in limit.At("maxLimitRequestRatio") as JsonObject ?? [])
        {
            if (requests.GetValueOrDefault(name) > 0 && limits.TryGetValue(name, out var most) && most / requests[name] > Quantity.Parse(ratio.Text()))
                problems.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name} max limit to request ratio per {kind} is {ratio.Text()}, but provided ratio is {most / requests[name]:F6}"));
        }
    }
}
