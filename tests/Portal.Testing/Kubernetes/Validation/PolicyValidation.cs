using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of autoscalers, budgets, network policies, quotas, limits and roles.</summary>
internal static class PolicyValidation
{
    public static void Check(ResourceType type, JsonObject json, Findings findings)
    {
        var spec = json.At("spec");
        switch (type.GroupResource)
        {
            case "horizontalpodautoscalers.autoscaling":
                Autoscaler(spec, findings);
                break;
            case "poddisruptionbudgets.policy":
                Budget(spec, findings);
                break;
            case "networkpolicies.networking.k8s.io":
                NetworkPolicy(spec, findings);
                break;
            case "resourcequotas":
                Quota(spec, findings);
                break;
            case "limitranges":
                LimitRange(spec, findings);
                break;
            case "roles.rbac.authorization.k8s.io" or "clusterroles.rbac.authorization.k8s.io":
                Role(type, json, findings);
                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io":
                Binding(type, json, findings);
                break;
            case "events":
                if (json.Text("involvedObject", "namespace") is { } place && place != json.Text("metadata", "namespace") && json.Text("metadata", "namespace") != "default")
                    findings.Add(FieldProblem.Invalid("involvedObject.namespace", place, "does not match event.namespace"));
                break;
            case "leases.coordination.k8s.io":
                if (spec.Number("leaseDurationSeconds") is <= 0)
                    findings.Add(FieldProblem.Invalid("spec.leaseDurationSeconds", spec.Number("leaseDurationSeconds"), "must be greater than 0"));
                break;
        }
    }

    private static void Autoscaler(JsonNode? spec, Findings findings)
    {
        if (spec.Number("minReplicas") is < 1)
            findings.Add(FieldProblem.Invalid("spec.minReplicas", spec.Number("minReplicas"), "must be greater than or equal to 1"));
        if (spec.Number("maxReplicas") is not >= 1)
            findings.Add(FieldProblem.Invalid("spec.maxReplicas", spec.Number("maxReplicas") ?? 0, "must be greater than 0"));
        else if (spec.Number("maxReplicas") < spec.Number("minReplicas"))
            findings.Add(FieldProblem.Invalid("spec.maxReplicas", spec.Number("maxReplicas"), "must be greater than or equal to `minReplicas`"));
        findings.Required("spec.scaleTargetRef.kind", spec.At("scaleTargetRef", "kind"));
        findings.Required("spec.scaleTargetRef.name", spec.At("scaleTargetRef", "name"));
        var metrics = spec.Objects("metrics");
        for (var i = 0; i < metrics.Count; i++)
            Metric($"spec.metrics[{i}]", metrics[i], findings);
    }

    private static void Metric(string path, JsonObject metric, Findings findings)
    {
        findings.OneOf($"{path}.type", metric.At("type"), required: true, "ContainerResource", "External", "Object", "Pods", "Resource");
        if (metric.Text("type") != "Resource")
            return;
        if (metric.At("resource") is not { } resource)
        {
            findings.Add(FieldProblem.Required($"{path}.resource", "must populate information for the given metric source"));
            return;
        }
        findings.Required($"{path}.resource.name", resource.At("name"), "must specify a resource name");
        findings.OneOf($"{path}.resource.target.type", resource.At("target", "type"), required: true, "AverageValue", "Utilization", "Value");
        if (resource.At("target", "averageUtilization") is null && resource.At("target", "averageValue") is null)
            findings.Add(FieldProblem.Required($"{path}.resource.target.averageUtilization", "must set either a target raw value or a target utilization"));
        if (resource.Number("target", "averageUtilization") is < 1)
            findings.Add(FieldProblem.Invalid($"{path}.resource.target.averageUtilization", resource.Number("target", "averageUtilization"), "must be greater than 0"));
    }

    private static void Budget(JsonNode? spec, Findings findings)
    {
        if (spec.At("minAvailable") is not null && spec.At("maxUnavailable") is not null)
            findings.Add(FieldProblem.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
        findings.CountOrPercent("spec.minAvailable", spec.At("minAvailable"));
        findings.CountOrPercent("spec.maxUnavailable", spec.At("maxUnavailable"));
        findings.Selector("spec.selector", spec.At("selector"));
    }

    private static void NetworkPolicy(JsonNode? spec, Findings findings)
    {
        findings.Selector("spec.podSelector", spec.At("podSelector"));
        foreach (var type in spec.Texts("policyTypes").Where(t => t is not ("Ingress" or "Egress")))
            findings.Add(FieldProblem.NotSupported("spec.policyTypes[0]", type, "Egress", "Ingress"));
        foreach (var (rules, peers) in (ReadOnlySpan<(string, string)>)[("ingress", "from"), ("egress", "to")])
        {
            var list = spec.Objects(rules);
            for (var i = 0; i < list.Count; i++)
            {
                var others = list[i].Objects(peers);
                for (var j = 0; j < others.Count; j++)
                    Peer($"spec.{rules}[{i}].{peers}[{j}]", others[j], findings);
            }
        }
    }

    private static void Peer(string path, JsonObject peer, Findings findings)
    {
        if (peer.Count == 0)
            findings.Add(FieldProblem.Required(path, "must specify a peer"));
        if (peer.At("ipBlock") is not { } block)
            return;
        if (peer.Count > 1)
            findings.Add(FieldProblem.Forbidden(path, "may not specify both ipBlock and another peer"));
        foreach (var (at, text) in block.Texts("except").Select((text, i) => ($"{path}.ipBlock.except[{i}]", text)).Prepend(($"{path}.ipBlock.cidr", block.Text("cidr") ?? "")))
        {
            if (!System.Net.IPNetwork.TryParse(text, out _))
                findings.Add(FieldProblem.Invalid(at, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
        }
    }

    private static void Quota(JsonNode? spec, Findings findings)
    {
        foreach (var (name, amount) in spec.At("hard") as JsonObject ?? [])
        {
            findings.Rule($"spec.hard[{name}]", name, Names.LabelKeyProblem);
            if (Quantity.Parse(amount.Text()) < 0)
                findings.Add(FieldProblem.Invalid($"spec.hard[{name}]", amount.Text(), "must be greater than or equal to 0"));
        }
    }

    private static void LimitRange(JsonNode? spec, Findings findings)
    {
        var limits = spec.Objects("limits");
        for (var i = 0; i < limits.Count; i++)
        {
            findings.Required($"spec.limits[{i}].type", limits[i].At("type"));
            foreach (var (name, amount) in limits[i].At("min") as JsonObject ?? [])
            {
                if (Quantity.Parse(amount.Text()) > Quantity.Parse(limits[i].Text("max", name)))
                    findings.Add(FieldProblem.Invalid($"spec.limits[{i}].min[{name}]", amount.Text(), $"min value {amount.Text()} is greater than max value {limits[i].Text("max", name)}"));
            }
            foreach (var (name, amount) in limits[i].At("default") as JsonObject ?? [])
            {
                if (Quantity.Parse(amount.Text()) > Quantity.Parse(limits[i].Text("max", name)))
                    findings.Add(FieldProblem.Invalid($"spec.limits[{i}].default[{name}]", amount.Text(), $"default value {amount.Text()} is greater than max value {limits[i].Text("max", name)}"));
            }
        }
    }

    private static void Role(ResourceType type, JsonObject json, Findings findings)
    {
        var rules = json.Objects("rules");
        for (var i = 0; i < rules.Count; i++)
        {
            findings.Required($"rules[{i}].verbs", rules[i].At("verbs"), "verbs must contain at least one value");
            if (rules[i].Texts("nonResourceURLs").Count > 0)
            {
                if (type.Namespaced)
                    findings.Add(FieldProblem.Invalid($"rules[{i}].nonResourceURLs", rules[i].At("nonResourceURLs"), "namespaced rules cannot apply to non-resource URLs"));
                continue;
            }
            findings.Required($"rules[{i}].apiGroups", rules[i].At("apiGroups"), "resource rules must supply at least one api group");
            findings.Required($"rules[{i}].resources", rules[i].At("resources"), "resource rules must supply at least one resource");
        }
    }

    private static void Binding(ResourceType type, JsonObject json, Findings findings)
    {
        if (json.Text("roleRef", "kind") is not ("ClusterRole" or "Role") || (!type.Namespaced && json.Text("roleRef", "kind") != "ClusterRole"))
            findings.Add(FieldProblem.NotSupported("roleRef.kind", json.Text("roleRef", "kind") ?? "", type.Namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]));
        findings.Required("roleRef.name", json.At("roleRef", "name"));
        var subjects = json.Objects("subjects");
        for (var i = 0; i < subjects.Count; i++)
        {
            findings.OneOf($"subjects[{i}].kind", subjects[i].At("kind"), required: true, "Group", "ServiceAccount", "User");
            findings.Required($"subjects[{i}].name", subjects[i].At("name"));
            if (!type.Namespaced && subjects[i].Text("kind") == "ServiceAccount")
                findings.Required($"subjects[{i}].namespace", subjects[i].At("namespace"));
        }
    }
}
