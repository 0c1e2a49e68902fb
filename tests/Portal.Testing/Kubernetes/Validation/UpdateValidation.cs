using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>What may not change once it is there.</summary>
internal static class UpdateValidation
{
    public static void Check(ResourceType type, JsonObject next, JsonObject old, Findings findings)
    {
        switch (type.GroupResource)
        {
            case "pods":
                Pod(next, old, findings);
                break;
            case "deployments.apps" or "replicasets.apps":
                findings.Immutable("spec.selector", old.At("spec", "selector"), next.At("spec", "selector"));
                break;
            case "statefulsets.apps":
                StatefulSet(next, old, findings);
                break;
            case "jobs.batch":
                Job(next, old, findings);
                break;
            case "services":
                Service(next, old, findings);
                break;
            case "persistentvolumeclaims":
                Claim(next, old, findings);
                break;
            case "secrets" or "configmaps":
                Data(type, next, old, findings);
                break;
            case "storageclasses.storage.k8s.io":
                StorageClass(next, old, findings);
                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io":
                if (!JsonReading.Same(old.At("roleRef"), next.At("roleRef")))
                    findings.Add(FieldProblem.Invalid("roleRef", next.At("roleRef"), "cannot change roleRef"));
                break;
            case "priorityclasses.scheduling.k8s.io":
                if (!JsonReading.Same(old.At("value"), next.At("value")))
                    findings.Add(FieldProblem.Forbidden("value", "may not be changed in an update."));
                break;
            case "persistentvolumes":
                if (!JsonReading.Same(Source(old), Source(next)))
                    findings.Add(FieldProblem.Forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"));
                break;
        }
    }

    private static void StorageClass(JsonObject next, JsonObject old, Findings findings)
    {
        foreach (var part in (ReadOnlySpan<string>)["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"])
        {
            if (!JsonReading.Same(old.At(part), next.At(part)))
                findings.Add(part is "parameters" or "provisioner" ? FieldProblem.Forbidden(part, $"updates to {part} are forbidden.") : FieldProblem.Invalid(part, next.At(part), "field is immutable"));
        }
    }

    private static JsonObject Source(JsonObject volume)
    {
        var spec = volume.At("spec") is JsonObject given ? given.Copy() : [];
        foreach (var name in (ReadOnlySpan<string>)["accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy", "storageClassName", "volumeAttributesClassName", "volumeMode"])
            spec.Remove(name);
        return spec;
    }

    private static void Pod(JsonObject next, JsonObject old, Findings findings)
    {
        var (after, before) = (Fixed(next), Fixed(old));
        // Tolerations may only grow; the node is the scheduler's to set, once.
        var kept = old.Objects("spec", "tolerations").All(o => next.Objects("spec", "tolerations").Any(n => JsonReading.Same(o, n)));
        if (!kept || !JsonReading.Same(before, after))
            findings.Add(FieldProblem.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
    }

    private static JsonObject Fixed(JsonObject pod)
    {
        var spec = pod.At("spec") is JsonObject given ? given.Copy() : [];
        foreach (var container in Defaults.PodDefaults.Containers(spec))
            container.Remove("image");
        spec.Remove("activeDeadlineSeconds");
        spec.Remove("tolerations");
        return spec;
    }

    private static void StatefulSet(JsonObject next, JsonObject old, Findings findings)
    {
        JsonObject Rest(JsonObject set)
        {
            var spec = (set.At("spec") as JsonObject ?? []).Copy();
            foreach (var name in (ReadOnlySpan<string>)["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"])
                spec.Remove(name);
            return spec;
        }
        if (!JsonReading.Same(Rest(old), Rest(next)))
            findings.Add(FieldProblem.Forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
    }

    private static void Job(JsonObject next, JsonObject old, Findings findings)
    {
        if (old.Text("spec", "completionMode") != "Indexed" || old.Number("spec", "parallelism") != old.Number("spec", "completions"))
            findings.Immutable("spec.completions", old.At("spec", "completions"), next.At("spec", "completions"));
        findings.Immutable("spec.selector", old.At("spec", "selector"), next.At("spec", "selector"));
        findings.Immutable("spec.completionMode", old.At("spec", "completionMode"), next.At("spec", "completionMode"));
        findings.Immutable("spec.podFailurePolicy", old.At("spec", "podFailurePolicy"), next.At("spec", "podFailurePolicy"));
        findings.Immutable("spec.backoffLimitPerIndex", old.At("spec", "backoffLimitPerIndex"), next.At("spec", "backoffLimitPerIndex"));
        var (before, after) = (old.At("spec", "template")?.DeepClone(), next.At("spec", "template")?.DeepClone());
        // A suspended job that never started may still be told where to run; queues do that.
        if (old.Flag("spec", "suspend") == true && old.At("status", "startTime") is null)
        {
            foreach (var template in (ReadOnlySpan<JsonNode?>)[before, after])
            {
                (template.At("spec") as JsonObject)?.Remove("nodeSelector");
                (template.At("spec") as JsonObject)?.Remove("tolerations");
                (template.At("spec") as JsonObject)?.Remove("schedulingGates");
                (template.At("spec", "affinity") as JsonObject)?.Remove("nodeAffinity");
                (template.At("metadata") as JsonObject)?.Remove("annotations");
                (template.At("metadata") as JsonObject)?.Remove("labels");
            }
        }
        findings.Immutable("spec.template", before, after);
    }

    private static void Service(JsonObject next, JsonObject old, Findings findings)
    {
        var (before, after) = (old.Text("spec", "clusterIP"), next.Text("spec", "clusterIP"));
        if (before is { Length: > 0 } && next.Text("spec", "type") != "ExternalName" && old.Text("spec", "type") != "ExternalName" && before != after)
            findings.Add(FieldProblem.Invalid("spec.clusterIPs[0]", after is null ? new JsonArray() : new JsonArray(after), after is null or "" ? "primary clusterIP can not be unset" : "may not change once set"));
    }

    private static void Claim(JsonObject next, JsonObject old, Findings findings)
    {
        JsonObject Rest(JsonObject claim)
        {
            var spec = (claim.At("spec") as JsonObject ?? []).Copy();
            spec.Remove("volumeName");
            (spec.At("resources", "requests") as JsonObject)?.Remove("storage");
            return spec;
        }
        var renamed = old.Text("spec", "volumeName") is { Length: > 0 } volume && volume != next.Text("spec", "volumeName");
        if (renamed || !JsonReading.Same(Rest(old), Rest(next)))
            findings.Add(FieldProblem.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
        var (before, after) = (Quantity.Parse(old.Text("spec", "resources", "requests", "storage")), Quantity.Parse(next.Text("spec", "resources", "requests", "storage")));
        if (before != after && old.Text("status", "phase") != "Bound")
            findings.Add(FieldProblem.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
        else if (after < before)
            findings.Add(FieldProblem.Forbidden("spec.resources.requests.storage", "field can not be less than previous value"));
    }

    private static void Data(ResourceType type, JsonObject next, JsonObject old, Findings findings)
    {
        if (type == ResourceCatalog.Secrets)
            findings.Immutable("type", old.At("type"), next.At("type"));
        if (old.Flag("immutable") != true)
            return;
        if (next.Flag("immutable") != true)
            findings.Add(FieldProblem.Forbidden("immutable", "field is immutable when `immutable` is set"));
        foreach (var part in (ReadOnlySpan<string>)["data", "binaryData"])
        {
            if (!JsonReading.Same(old.At(part), next.At(part)))
                findings.Add(FieldProblem.Forbidden(part, "field is immutable when `immutable` is set"));
        }
    }
}
