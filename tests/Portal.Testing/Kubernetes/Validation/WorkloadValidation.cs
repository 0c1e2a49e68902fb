using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of Deployments, ReplicaSets and StatefulSets.</summary>
internal static class WorkloadValidation
{
    public static void Check(ResourceType type, JsonObject json, Findings findings)
    {
        var spec = json.At("spec");
        findings.NotNegative("spec.replicas", spec.At("replicas"));
        findings.NotNegative("spec.minReadySeconds", spec.At("minReadySeconds"));
        findings.NotNegative("spec.revisionHistoryLimit", spec.At("revisionHistoryLimit"));
        Selector(spec, findings);
        Template("spec.template", spec.At("template"), findings, "Always");
        if (type == ResourceCatalog.Deployments)
            Deployment(spec, findings);
        else if (type == ResourceCatalog.StatefulSets)
            StatefulSet(spec, findings);
    }

    /// <summary>A pod template with the restart policies that its owner allows.</summary>
    public static void Template(string path, JsonNode? template, Findings findings, params string[] restartPolicies)
    {
        findings.Labels($"{path}.labels", template.At("metadata", "labels"));
        foreach (var (key, _) in template.At("metadata", "annotations") as JsonObject ?? [])
            findings.Rule($"{path}.annotations", key.ToLowerInvariant(), Names.LabelKeyProblem);
        PodValidation.Spec($"{path}.spec", template.At("spec"), findings, template: true);
        var policy = template.Text("spec", "restartPolicy");
        if (policy is "Always" or "OnFailure" or "Never" && !restartPolicies.Contains(policy))
            findings.Add(FieldProblem.NotSupported($"{path}.spec.restartPolicy", policy, restartPolicies));
        if (restartPolicies is ["Always"] && template.At("spec", "activeDeadlineSeconds") is not null)
            findings.Add(FieldProblem.Forbidden($"{path}.spec.activeDeadlineSeconds", "activeDeadlineSeconds in ReplicaSet is not Supported"));
    }

    private static void Selector(JsonNode? spec, Findings findings)
    {
        var selector = spec.At("selector");
        if (selector is null)
        {
            findings.Add(FieldProblem.Required("spec.selector"));
            findings.Add(FieldProblem.Invalid("spec.template.metadata.labels", spec.At("template", "metadata", "labels") ?? new JsonObject(), "`selector` does not match template `labels`"));
            return;
        }
        findings.Selector("spec.selector", selector);
        if (JsonReading.IsEmpty(selector.At("matchLabels")) && JsonReading.IsEmpty(selector.At("matchExpressions")))
            findings.Add(FieldProblem.Invalid("spec.selector", selector, "empty selector is invalid for deployment"));
        else if (!LabelSelector.Of(selector)!.Matches(spec.TextMap("template", "metadata", "labels")))
            findings.Add(FieldProblem.Invalid("spec.template.metadata.labels", spec.At("template", "metadata", "labels") ?? new JsonObject(), "`selector` does not match template `labels`"));
    }

    private static void Deployment(JsonNode? spec, Findings findings)
    {
        findings.OneOf("spec.strategy.type", spec.At("strategy", "type"), required: true, "Recreate", "RollingUpdate");
        var rolling = spec.At("strategy", "rollingUpdate");
        if (spec.Text("strategy", "type") == "Recreate" && rolling is not null)
            findings.Add(FieldProblem.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        findings.CountOrPercent("spec.strategy.rollingUpdate.maxUnavailable", rolling.At("maxUnavailable"));
        findings.CountOrPercent("spec.strategy.rollingUpdate.maxSurge", rolling.At("maxSurge"));
        if (IsZero(rolling.At("maxUnavailable")) && IsZero(rolling.At("maxSurge")))
            findings.Add(FieldProblem.Invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling.At("maxUnavailable"), "may not be 0 when `maxSurge` is 0"));
        if (spec.Number("progressDeadlineSeconds") is { } deadline && deadline <= (spec.Number("minReadySeconds") ?? 0))
            findings.Add(FieldProblem.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
    }

    private static bool IsZero(JsonNode? node) => node is not null && (node.Number() == 0 || node.Text() == "0%");

    private static void StatefulSet(JsonNode? spec, Findings findings)
    {
        findings.OneOf("spec.podManagementPolicy", spec.At("podManagementPolicy"), required: true, "OrderedReady", "Parallel");
        if (spec.Text("updateStrategy", "type") is not ("RollingUpdate" or "OnDelete"))
            findings.Add(FieldProblem.Invalid("spec.updateStrategy", spec.At("updateStrategy"), "must be 'RollingUpdate' or 'OnDelete'"));
        foreach (var when in (ReadOnlySpan<string>)["whenDeleted", "whenScaled"])
            findings.OneOf($"spec.persistentVolumeClaimRetentionPolicy.{when}", spec.At("persistentVolumeClaimRetentionPolicy", when), required: true, "Delete", "Retain");
    }
}
