using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Asking a pod to go, as far as its disruption budget lets it.</summary>
internal static class Evictions
{
    public static void Evict(ClusterCore core, ApiCall call, StoredObject pod, long? grace)
    {
        lock (core.Store.Gate)
        {
            foreach (var budget in core.Store.List(ResourceCatalog.DisruptionBudgets, pod.Namespace).Where(b => LabelSelector.Of(b.Json.At("spec", "selector"))?.Matches(pod.Labels) == true))
            {
                if (budget.Json.Number("status", "disruptionsAllowed") is not > 0 && !pod.IsTerminating)
                {
                    throw new ApiException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", new JsonObject
                    {
                        ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = $"The disruption budget {budget.Name} needs {budget.Json.Number("status", "desiredHealthy") ?? 0} healthy pods and has {budget.Json.Number("status", "currentHealthy") ?? 0} currently" }),
                    });
                }
            }
            Disrupt(core, pod, "EvictionByEvictionAPI", "Eviction API: evicting");
            core.Api.Delete(call, ResourceCatalog.Pods, pod.Namespace, pod.Name, new DeleteOptions { GracePeriodSeconds = grace, Uid = pod.Uid });
        }
    }

    /// <summary>Writes into the pod why it has to go.</summary>
    public static void Disrupt(ClusterCore core, StoredObject pod, string reason, string message) =>
        core.Api.Change(ApiCall.By("kube-controller-manager", "status"), pod, json => Conditions.Set(json, "DisruptionTarget", "True", reason, message, core.Now));
}

/// <summary>Conditions in a status.</summary>
internal static class Conditions
{
    /// <summary>Sets one; its transition time moves only when its status does.</summary>
    public static void Set(JsonObject json, string type, string status, string? reason, string? message, DateTimeOffset now)
    {
        var list = json.Ensure("status")["conditions"] as JsonArray ?? [];
        json["status"]!["conditions"] = list;
        var known = list.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        var next = new JsonObject { ["type"] = type, ["status"] = status, ["lastTransitionTime"] = known?.Text("status") == status ? known.Text("lastTransitionTime") : JsonReading.Stamp(now) };
        if (!string.IsNullOrEmpty(reason))
            next["reason"] = reason;
        if (!string.IsNullOrEmpty(message))
            next["message"] = message;
        if (known is not null)
            list[list.IndexOf(known)] = next;
        else
            list.Add(next);
    }

    /// <summary>Is the condition true?</summary>
    public static bool Is(JsonNode? json, string type) => json.Objects("status", "conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");
}
