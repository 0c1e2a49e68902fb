using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Defaults;

/// <summary>Defaults of what makes pods.</summary>
internal static class WorkloadDefaults
{
    public static void Apply(ResourceType type, JsonObject json)
    {
        var spec = json.Ensure("spec");
        if (spec.At("template") is JsonObject template)
            PodDefaults.Spec(template.Ensure("spec"));
        if (type == ResourceCatalog.Deployments)
            Deployment(spec);
        else if (type == ResourceCatalog.StatefulSets)
            StatefulSet(spec);
        else if (type == ResourceCatalog.ReplicaSets)
            spec.Default("replicas", 1L);
        else if (type == ResourceCatalog.Jobs)
            Job(spec);
    }

    private static void Deployment(JsonObject spec)
    {
        spec.Default("replicas", 1L);
        spec.Default("revisionHistoryLimit", 10L);
        spec.Default("progressDeadlineSeconds", 600L);
        var strategy = spec.Ensure("strategy");
        strategy.Default("type", "RollingUpdate");
        if (strategy.Text("type") != "RollingUpdate")
            return;
        strategy.Ensure("rollingUpdate").Default("maxUnavailable", "25%");
        strategy.Ensure("rollingUpdate").Default("maxSurge", "25%");
    }

    private static void StatefulSet(JsonObject spec)
    {
        spec.Default("replicas", 1L);
        spec.Default("revisionHistoryLimit", 10L);
        spec.Default("podManagementPolicy", "OrderedReady");
        var strategy = spec.Ensure("updateStrategy");
        strategy.Default("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
            strategy.Ensure("rollingUpdate").Default("partition", 0L);
        var retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        retention.Default("whenDeleted", "Retain");
        retention.Default("whenScaled", "Retain");
        foreach (var claim in spec.Objects("volumeClaimTemplates"))
        {
            claim.Default("apiVersion", "v1");
            claim.Default("kind", "PersistentVolumeClaim");
            claim.Ensure("spec").Default("volumeMode", "Filesystem");
            claim.Ensure("status").Default("phase", "Pending");
        }
    }

    private static void Job(JsonObject spec)
    {
        if (spec["completions"] is null && spec["parallelism"] is null)
            spec["completions"] = 1L;
        spec.Default("parallelism", 1L);
        spec.Default("backoffLimit", spec["backoffLimitPerIndex"] is null ? 6L : int.MaxValue);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
    }
}
