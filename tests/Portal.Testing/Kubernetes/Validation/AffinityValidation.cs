using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of node and pod affinity.</summary>
internal static class AffinityValidation
{
    public static void Check(string path, JsonNode? affinity, Findings findings)
    {
        var node = affinity.At("nodeAffinity");
        var required = node.At("requiredDuringSchedulingIgnoredDuringExecution");
        if (required is not null)
        {
            var at = $"{path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
            var terms = required.Objects("nodeSelectorTerms");
            if (terms.Count == 0)
                findings.Add(FieldProblem.Required(at, "must have at least one node selector term"));
            for (var i = 0; i < terms.Count; i++)
                NodeTerm($"{at}[{i}]", terms[i], findings);
        }
        var preferred = node.Objects("preferredDuringSchedulingIgnoredDuringExecution");
        for (var i = 0; i < preferred.Count; i++)
        {
            var at = $"{path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[{i}]";
            Weight(at, preferred[i], findings);
            NodeTerm($"{at}.preference", preferred[i].At("preference"), findings);
        }
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
            Pods($"{path}.{kind}", affinity.At(kind), findings);
    }

    private static void Pods(string path, JsonNode? affinity, Findings findings)
    {
        var required = affinity.Objects("requiredDuringSchedulingIgnoredDuringExecution");
        for (var i = 0; i < required.Count; i++)
            PodTerm($"{path}.requiredDuringSchedulingIgnoredDuringExecution[{i}]", required[i], findings);
        var preferred = affinity.Objects("preferredDuringSchedulingIgnoredDuringExecution");
        for (var i = 0; i < preferred.Count; i++)
        {
            Weight($"{path}.preferredDuringSchedulingIgnoredDuringExecution[{i}]", preferred[i], findings);
            PodTerm($"{path}.preferredDuringSchedulingIgnoredDuringExecution[{i}].podAffinityTerm", preferred[i].At("podAffinityTerm"), findings);
        }
    }

    private static void Weight(string path, JsonNode? term, Findings findings)
    {
        if (term.Number("weight") is not (>= 1 and <= 100))
            findings.Add(FieldProblem.Invalid($"{path}.weight", term.Number("weight") ?? 0, "must be in the range 1-100"));
    }

    private static void PodTerm(string path, JsonNode? term, Findings findings)
    {
        findings.Selector($"{path}.labelSelector", term.At("labelSelector"));
        if (term.Text("topologyKey") is null or "")
            findings.Add(FieldProblem.Required($"{path}.topologyKey", "can not be empty"));
    }

    private static void NodeTerm(string path, JsonNode? term, Findings findings)
    {
        foreach (var part in (ReadOnlySpan<string>)["matchExpressions", "matchFields"])
        {
            var expressions = term.Objects(part);
            for (var i = 0; i < expressions.Count; i++)
                Expression($"{path}.{part}[{i}]", expressions[i], findings);
        }
    }

    private static void Expression(string path, JsonObject expression, Findings findings)
    {
        var values = expression.Texts("values");
        switch (expression.Text("operator"))
        {
            case "In" or "NotIn":
                if (values.Count == 0)
                    findings.Add(FieldProblem.Required($"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"));
                break;
            case "Exists" or "DoesNotExist":
                if (values.Count > 0)
                    findings.Add(FieldProblem.Forbidden($"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                break;
            case "Gt" or "Lt":
                if (values.Count != 1)
                    findings.Add(FieldProblem.Required($"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'"));
                break;
            case var op:
                findings.Add(FieldProblem.Invalid($"{path}.operator", op ?? "", "not a valid selector operator"));
                break;
        }
        findings.Rule($"{path}.key", expression.Text("key") ?? "", Names.LabelKeyProblem);
        for (var i = 0; i < values.Count; i++)
            findings.Rule($"{path}.values[{i}]", values[i], Names.LabelValueProblem);
    }
}
