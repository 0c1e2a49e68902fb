using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of a pod's spec, in a pod or in a template.</summary>
internal static class PodValidation
{
    /// <param name="path">Where the spec stands.</param>
    /// <param name="template">Is it a template's?</param>
    public static void Spec(string path, JsonNode? spec, Findings findings, bool template)
    {
        _ = template;
        var volumes = VolumeValidation.Check($"{path}.volumes", spec, findings);
        ContainerValidation.Check(path, spec, volumes, findings);
        findings.OneOf($"{path}.restartPolicy", spec.At("restartPolicy"), required: true, "Always", "OnFailure", "Never");
        findings.OneOf($"{path}.dnsPolicy", spec.At("dnsPolicy"), required: true, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        findings.OneOf($"{path}.preemptionPolicy", spec.At("preemptionPolicy"), required: false, "PreemptLowerPriority", "Never");
        findings.Labels($"{path}.nodeSelector", spec.At("nodeSelector"));
        findings.Rule($"{path}.serviceAccountName", spec.Text("serviceAccountName"), Names.SubdomainProblem);
        findings.Rule($"{path}.nodeName", spec.Text("nodeName"), Names.SubdomainProblem);
        findings.Rule($"{path}.hostname", spec.Text("hostname"), Names.LabelProblem);
        findings.Rule($"{path}.subdomain", spec.Text("subdomain"), Names.LabelProblem);
        findings.Rule($"{path}.priorityClassName", spec.Text("priorityClassName"), Names.SubdomainProblem);
        if (spec.Number("activeDeadlineSeconds") is < 1)
            findings.Add(FieldProblem.Invalid($"{path}.activeDeadlineSeconds", spec.Number("activeDeadlineSeconds"), "must be between 1 and 2147483647, inclusive"));
        findings.NotNegative($"{path}.terminationGracePeriodSeconds", spec.At("terminationGracePeriodSeconds"));
        Security(path, spec.At("securityContext"), findings);
        Tolerations($"{path}.tolerations", spec.Objects("tolerations"), findings);
        AffinityValidation.Check($"{path}.affinity", spec.At("affinity"), findings);
        Spread($"{path}.topologySpreadConstraints", spec.Objects("topologySpreadConstraints"), findings);
        PullSecrets($"{path}.imagePullSecrets", spec.Objects("imagePullSecrets"), findings);
    }

    private static void Security(string path, JsonNode? context, Findings findings)
    {
        foreach (var name in (ReadOnlySpan<string>)["runAsUser", "runAsGroup", "fsGroup"])
        {
            if (context.Number(name) is < 0 or > int.MaxValue)
                findings.Add(FieldProblem.Invalid($"{path}.securityContext.{name}", context.Number(name), "must be between 0 and 2147483647, inclusive"));
        }
        findings.OneOf($"{path}.securityContext.fsGroupChangePolicy", context.At("fsGroupChangePolicy"), required: false, "Always", "OnRootMismatch");
        Seccomp($"{path}.securityContext.seccompProfile", context.At("seccompProfile"), findings);
    }

    public static void Seccomp(string path, JsonNode? profile, Findings findings)
    {
        if (profile is null)
            return;
        findings.OneOf($"{path}.type", profile.At("type"), required: true, "Localhost", "RuntimeDefault", "Unconfined");
        if (profile.Text("type") == "Localhost")
            findings.Required($"{path}.localhostProfile", profile.At("localhostProfile"), "must be set when seccomp type is Localhost");
        else if (profile.At("localhostProfile") is not null)
            findings.Add(FieldProblem.Invalid($"{path}.localhostProfile", profile.At("localhostProfile"), "can only be set when seccomp type is Localhost"));
    }

    private static void Tolerations(string path, IReadOnlyList<JsonObject> tolerations, Findings findings)
    {
        for (var i = 0; i < tolerations.Count; i++)
        {
            var (at, toleration) = ($"{path}[{i}]", tolerations[i]);
            if (toleration.Text("key") is { Length: > 0 } key)
                findings.Rule($"{at}.key", key, Names.LabelKeyProblem);
            else if (toleration.Text("operator") != "Exists")
                findings.Add(FieldProblem.Invalid($"{at}.operator", toleration.Text("operator") ?? "", "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
            if (toleration.At("tolerationSeconds") is not null && toleration.Text("effect") != "NoExecute")
                findings.Add(FieldProblem.Invalid($"{at}.effect", toleration.Text("effect") ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set"));
            if (toleration.Text("operator") is null or "" or "Equal")
                findings.Rule($"{at}.value", toleration.Text("value"), Names.LabelValueProblem);
            else if (toleration.Text("operator") == "Exists" && toleration.Text("value") is { Length: > 0 } value)
                findings.Add(FieldProblem.Invalid($"{at}.operator", value, "value must be empty when `operator` is 'Exists'"));
            else if (toleration.Text("operator") != "Exists")
                findings.Add(FieldProblem.NotSupported($"{at}.operator", toleration.Text("operator"), "Equal", "Exists"));
            findings.OneOf($"{at}.effect", toleration.At("effect"), required: false, "NoSchedule", "PreferNoSchedule", "NoExecute");
        }
    }

    private static void Spread(string path, IReadOnlyList<JsonObject> constraints, Findings findings)
    {
        for (var i = 0; i < constraints.Count; i++)
        {
            if (constraints[i].Number("maxSkew") is not > 0)
                findings.Add(FieldProblem.Invalid($"{path}[{i}].maxSkew", constraints[i].Number("maxSkew") ?? 0, "must be greater than zero"));
            findings.Required($"{path}[{i}].topologyKey", constraints[i].At("topologyKey"), "can not be empty");
            if (constraints[i].Text("whenUnsatisfiable") is not ("DoNotSchedule" or "ScheduleAnyway"))
                findings.Add(FieldProblem.NotSupported($"{path}[{i}].whenUnsatisfiable", constraints[i].Text("whenUnsatisfiable") ?? "", "DoNotSchedule", "ScheduleAnyway"));
            findings.Selector($"{path}[{i}].labelSelector", constraints[i].At("labelSelector"));
        }
    }

    private static void PullSecrets(string path, IReadOnlyList<JsonObject> secrets, Findings findings)
    {
        for (var i = 0; i < secrets.Count; i++)
            findings.Rule($"{path}[{i}].name", secrets[i].Text("name"), Names.SubdomainProblem);
    }
}
