using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of a pod's volumes.</summary>
internal static class VolumeValidation
{
    /// <returns>The names that containers may mount.</returns>
    public static IReadOnlySet<string> Check(string path, JsonNode? spec, Findings findings)
    {
        var names = new HashSet<string>();
        var volumes = spec.Objects("volumes");
        for (var i = 0; i < volumes.Count; i++)
        {
            var (at, volume) = ($"{path}[{i}]", volumes[i]);
            var name = volume.Text("name") ?? "";
            if (name.Length == 0)
                findings.Add(FieldProblem.Required($"{at}.name"));
            else if (Names.LabelProblem(name) is { } problem)
                findings.Add(FieldProblem.Invalid($"{at}.name", name, problem));
            else if (!names.Add(name))
                findings.Add(FieldProblem.Duplicate($"{at}.name", name));
            Source(at, volume, findings);
        }
        return names;
    }

    private static void Source(string path, JsonObject volume, Findings findings)
    {
        foreach (var extra in volume.Select(m => m.Key).Where(k => k != "name").Skip(1))
            findings.Add(FieldProblem.Forbidden($"{path}.{extra}", "may not specify more than 1 volume type"));
        if (volume.At("persistentVolumeClaim") is { } claim)
        {
            if (claim.Text("claimName") is null or "")
                findings.Add(FieldProblem.Required($"{path}.persistentVolumeClaim.claimName"));
            else
                findings.Rule($"{path}.persistentVolumeClaim.claimName", claim.Text("claimName"), Names.SubdomainProblem);
        }
        if (volume.At("secret") is { } secret)
        {
            findings.Required($"{path}.secret.secretName", secret.At("secretName"));
            Items($"{path}.secret", secret, findings);
        }
        if (volume.At("configMap") is { } map)
        {
            findings.Required($"{path}.configMap.name", map.At("name"));
            Items($"{path}.configMap", map, findings);
        }
        findings.OneOf($"{path}.emptyDir.medium", volume.At("emptyDir", "medium"), required: false, "", "Memory", "HugePages");
        if (volume.At("emptyDir", "sizeLimit").Text() is { } size && Quantity.Parse(size) < 0)
            findings.Add(FieldProblem.Forbidden($"{path}.emptyDir.sizeLimit", "SizeLimit field must be a valid resource quantity"));
        if (volume.At("hostPath") is { } host)
            findings.Required($"{path}.hostPath.path", host.At("path"));
        if (volume.At("projected") is { } projected && projected.Objects("sources").Count == 0)
            findings.Add(FieldProblem.Required($"{path}.projected.sources"));
        foreach (var (source, i) in volume.At("projected").Objects("sources").Select((s, i) => (s, i)))
        {
            if (source.At("secret") is { } shown)
                Items($"{path}.projected.sources[{i}].secret", shown, findings);
            if (source.At("configMap") is { } text)
                Items($"{path}.projected.sources[{i}].configMap", text, findings);
        }
    }

    private static void Items(string path, JsonNode source, Findings findings)
    {
        if (source.Number("defaultMode") is < 0 or > 511)
            findings.Add(FieldProblem.Invalid($"{path}.defaultMode", source.Number("defaultMode"), "must be a number between 0 and 0777 (octal), both inclusive"));
        var items = source.Objects("items");
        for (var i = 0; i < items.Count; i++)
        {
            findings.Required($"{path}.items[{i}].key", items[i].At("key"));
            var place = items[i].Text("path") ?? "";
            if (place.Length == 0)
                findings.Add(FieldProblem.Required($"{path}.items[{i}].path"));
            else if (place.StartsWith('/'))
                findings.Add(FieldProblem.Invalid($"{path}.items[{i}].path", place, "must be a relative path"));
            else if (place.Split('/').Contains(".."))
                findings.Add(FieldProblem.Invalid($"{path}.items[{i}].path", place, "must not contain '..'"));
        }
    }
}
