using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of Jobs.</summary>
internal static class JobValidation
{
    public static void Check(JsonObject json, Findings findings)
    {
        var spec = json.At("spec");
        foreach (var number in (ReadOnlySpan<string>)["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"])
            findings.NotNegative($"spec.{number}", spec.At(number));
        findings.OneOf("spec.completionMode", spec.At("completionMode"), required: true, "Indexed", "NonIndexed");
        if (spec.Text("completionMode") == "Indexed" && spec.At("completions") is null)
            findings.Add(FieldProblem.Required("spec.completions", "when completion mode is Indexed"));
        findings.OneOf("spec.podReplacementPolicy", spec.At("podReplacementPolicy"), required: false, "Failed", "TerminatingOrFailed");
        Selector(json, spec, findings);
        var template = spec.At("template");
        WorkloadValidation.Template("spec.template", template, findings, "Always", "OnFailure", "Never");
        // Always is what a template gets that says nothing; the server names what would be right.
        if (template.Text("spec", "restartPolicy") == "Always")
            findings.Add(FieldProblem.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        FailurePolicy(spec, findings);
    }

    private static void Selector(JsonObject json, JsonNode? spec, Findings findings)
    {
        if (spec.At("selector") is not { } selector)
        {
            findings.Add(FieldProblem.Required("spec.selector"));
            return;
        }
        findings.Selector("spec.selector", selector);
        var labels = spec.TextMap("template", "metadata", "labels");
        if (!LabelSelector.Of(selector)!.Matches(labels))
            findings.Add(FieldProblem.Invalid("spec.template.metadata.labels", spec.At("template", "metadata", "labels") ?? new JsonObject(), "`selector` does not match template `labels`"));
        if (spec.Flag("manualSelector") != true && selector.Text("matchLabels", "batch.kubernetes.io/controller-uid") is { } uid && uid != json.Text("metadata", "uid"))
            findings.Add(FieldProblem.Invalid("spec.selector", selector, "`selector` not auto-generated"));
    }

    private static void FailurePolicy(JsonNode? spec, Findings findings)
    {
        if (spec.At("podFailurePolicy") is null)
            return;
        if (spec.Text("template", "spec", "restartPolicy") != "Never")
            findings.Add(FieldProblem.Invalid("spec.template.spec.restartPolicy", spec.Text("template", "spec", "restartPolicy"), "only \"Never\" is supported when podFailurePolicy is specified"));
        var rules = spec.Objects("podFailurePolicy", "rules");
        for (var i = 0; i < rules.Count; i++)
        {
            var at = $"spec.podFailurePolicy.rules[{i}]";
            findings.OneOf($"{at}.action", rules[i].At("action"), required: true, "Count", "FailIndex", "FailJob", "Ignore");
            if (rules[i].At("onExitCodes") is { } codes)
            {
                findings.OneOf($"{at}.onExitCodes.operator", codes.At("operator"), required: true, "In", "NotIn");
                findings.Required($"{at}.onExitCodes.values", codes.At("values"), "at least one value is required");
                if (rules[i].Objects("onPodConditions").Count > 0)
                    findings.Add(FieldProblem.Invalid(at, "", "specifying both OnExitCodes and OnPodConditions is not supported"));
            }
            else if (rules[i].Objects("onPodConditions").Count == 0)
            {
                findings.Add(FieldProblem.Invalid(at, "", "specifying one of OnExitCodes and OnPodConditions is required"));
            }
        }
    }
}
