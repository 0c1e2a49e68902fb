using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of custom resources against their definition's schema, and of definitions.</summary>
internal static class CustomValidation
{
    public static void Check(JsonObject json, ResourceType type, Findings findings) => Visit(json, type.Schema, "", findings);

    /// <summary>A definition must have a structural schema that names every type.</summary>
    public static void CheckDefinition(JsonObject json, Findings findings)
    {
        var spec = json.At("spec");
        findings.Required("spec.group", spec.At("group"));
        findings.OneOf("spec.scope", spec.At("scope"), required: true, "Cluster", "Namespaced");
        foreach (var part in (ReadOnlySpan<string>)["plural", "kind"])
            findings.Required($"spec.names.{part}", spec.At("names", part));
        if (json.Text("metadata", "name") != $"{spec.Text("names", "plural")}.{spec.Text("group")}")
            findings.Add(FieldProblem.Invalid("metadata.name", json.Text("metadata", "name"), "must be spec.names.plural+\".\"+spec.group"));
        var versions = spec.Objects("versions");
        if (versions.Count(v => v.Flag("storage") == true) != 1)
            findings.Add(FieldProblem.Invalid("spec.versions", new JsonArray([.. versions.Select(v => (JsonNode?)v.Text("name"))]), "must have exactly one version marked as storage version"));
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i].At("schema", "openAPIV3Schema") is not { } schema)
                findings.Add(FieldProblem.Required($"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required"));
            else
                Structural($"spec.versions[{i}].schema.openAPIV3Schema", schema, findings);
        }
    }

    private static void Structural(string path, JsonNode schema, Findings findings)
    {
        if (schema.Text("type") is null && schema.Flag("x-kubernetes-int-or-string") != true && schema.Flag("x-kubernetes-preserve-unknown-fields") != true)
            findings.Add(FieldProblem.Required($"{path}.type", "must not be empty for specified object fields"));
        foreach (var (name, member) in schema.At("properties") as JsonObject ?? [])
            Structural($"{path}.properties[{name}]", member!, findings);
        if (schema.At("items") is JsonObject items)
            Structural($"{path}.items", items, findings);
        else if (schema.Text("type") == "array")
            findings.Add(FieldProblem.Required($"{path}.items", "must be specified"));
    }

    private static void Visit(JsonNode? node, SchemaNode schema, string path, Findings findings)
    {
        if (schema.Rules is { } rules && node is not null)
            Rules(node, rules, path, findings);
        if (node is JsonObject map && schema.Kind is SchemaKind.Struct or SchemaKind.Map)
        {
            foreach (var name in schema.Rules?.Required.Where(r => !((JsonObject)node!).ContainsKey(r)) ?? [])
                findings.Add(FieldProblem.Required(Join(path, name)));
            foreach (var (name, value) in (JsonObject)node!)
            {
                if (schema.Member(name) is { } member && Join(path, name) != "metadata")
                    Visit(value, member, Join(path, name), findings);
            }
        }
        if (node is JsonArray list && schema.Element is not null)
        {
            var seen = new HashSet<string>();
            for (var i = 0; i < list.Count; i++)
            {
                if (schema.IsGranularList && !seen.Add(Apply.TypedTree.Element(list[i], schema)))
                    findings.Add(FieldProblem.Duplicate($"{path}[{i}]", list[i]));
                Visit(list[i], schema.Element, $"{path}[{i}]", findings);
            }
        }
    }

    private static void Rules(JsonNode node, CustomRules rules, string path, Findings findings)
    {
        if (rules.Enum is not null && !rules.Enum.Any(e => JsonReading.Same(e, node)))
            findings.Add(FieldProblem.NotSupported(path, node, rules.Enum.Select(e => e.Text() ?? JsonReading.Compact(e))));
        if (node.Text() is { } text)
        {
            if (rules.Pattern is not null && !Regex.IsMatch(text, rules.Pattern))
                findings.Add(FieldProblem.Invalid(path, text, $"{path} in body should match '{rules.Pattern}'"));
            if (text.Length < rules.MinLength)
                findings.Add(FieldProblem.Invalid(path, text, $"{path} in body should be at least {rules.MinLength} chars long"));
            if (text.Length > rules.MaxLength)
                findings.Add(FieldProblem.TooLong(path, (int)rules.MaxLength));
        }
        if (node.GetValueKind() == JsonValueKind.Number)
        {
            var number = double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
            if (number < rules.Minimum)
                findings.Add(FieldProblem.Invalid(path, node, $"{path} in body should be greater than or equal to {rules.Minimum}"));
            if (number > rules.Maximum)
                findings.Add(FieldProblem.Invalid(path, node, $"{path} in body should be less than or equal to {rules.Maximum}"));
        }
        if (node is JsonArray list)
        {
            if (list.Count < rules.MinItems)
                findings.Add(FieldProblem.Invalid(path, list.Count, $"{path} in body should have at least {rules.MinItems} items"));
            if (list.Count > rules.MaxItems)
                findings.Add(FieldProblem.TooMany(path, list.Count, (int)rules.MaxItems));
        }
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
