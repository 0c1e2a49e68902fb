using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;

namespace Portal.Testing.Kubernetes.Apply;

/// <summary>Checks an applied configuration against its shape, in the words that apply uses.</summary>
internal static class TypedValidation
{
    /// <summary>What is wrong, or null.</summary>
    public static string? Problem(JsonObject value, SchemaNode schema)
    {
        var problems = new List<string>();
        Visit(value, schema, "", problems);
        return problems.Count switch { 0 => null, 1 => problems[0], _ => "errors:\n" + string.Join("\n", problems.Select(p => "  " + p)) };
    }

    private static void Visit(JsonNode? value, SchemaNode schema, string path, List<string> problems)
    {
        if (value is null)
            return;
        var kind = value.GetValueKind();
        switch (schema.Kind)
        {
            case SchemaKind.Struct or SchemaKind.Map when value is not JsonObject:
                problems.Add($"{path}: expected map, got {Show(value)}");
                break;
            case SchemaKind.List when value is not JsonArray:
                problems.Add($"{path}: expected list, got {Show(value)}");
                break;
            case SchemaKind.Struct or SchemaKind.Map:
                VisitMap((JsonObject)value, schema, path, problems);
                break;
            case SchemaKind.List:
                VisitList((JsonArray)value, schema, path, problems);
                break;
            case SchemaKind.String or SchemaKind.Bytes or SchemaKind.Time or SchemaKind.MicroTime when kind != JsonValueKind.String:
                problems.Add($"{path}: expected string, got {Show(value)}");
                break;
            case SchemaKind.Integer or SchemaKind.Number when kind != JsonValueKind.Number:
                problems.Add($"{path}: expected numeric (int or float), got {(kind == JsonValueKind.String ? "string" : "bool")}");
                break;
            case SchemaKind.Boolean when kind is not (JsonValueKind.True or JsonValueKind.False):
                problems.Add($"{path}: expected boolean, got {Show(value)}");
                break;
        }
    }

    private static void VisitMap(JsonObject map, SchemaNode schema, string path, List<string> problems)
    {
        foreach (var (name, value) in map)
        {
            if (schema.Member(name) is { } member)
                Visit(value, member, $"{path}.{name}", problems);
            else
                problems.Add($"{path}.{name}: field not declared in schema");
        }
    }

    private static void VisitList(JsonArray list, SchemaNode schema, string path, List<string> problems)
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < list.Count; i++)
        {
            if (schema.IsGranularList)
            {
                if (schema.Keys.FirstOrDefault(key => key != "protocol" && list[i].At(key) is null) is { } missing)
                {
                    problems.Add($"{path}: element {i}: associative list with keys has an element that omits key field \"{missing}\" (and doesn't have default value)");
                    continue;
                }
                var element = TypedTree.Element(list[i], schema);
                if (!seen.Add(element))
                    problems.Add($"{path}: duplicate entries for key {FieldSet.Show([element])}");
                Visit(list[i], schema.Element!, path + FieldSet.Show([element]), problems);
            }
            else
            {
                Visit(list[i], schema.Element!, $"{path}[{i}]", problems);
            }
        }
    }

    private static string Show(JsonNode value) => $"&value.valueUnstructured{{Value:{(value is JsonValue ? value.ToJsonString() : "…")}}}";
}
