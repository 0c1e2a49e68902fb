using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;

namespace Portal.Testing.Kubernetes.Apply;

/// <summary>What differs between two values, as paths.</summary>
internal sealed class TypedComparison
{
    public FieldSet Added { get; } = new();
    public FieldSet Removed { get; } = new();
    public FieldSet Modified { get; } = new();

    public static TypedComparison Of(JsonNode? before, JsonNode? after, SchemaNode schema)
    {
        var comparison = new TypedComparison();
        comparison.Visit(before, after, schema, []);
        return comparison;
    }

    private void Visit(JsonNode? before, JsonNode? after, SchemaNode schema, List<string> path)
    {
        if (before is null && after is null)
            return;
        var isLeaf = TypedTree.IsLeaf(after ?? before, schema) || (JsonReading.IsEmpty(before) && JsonReading.IsEmpty(after)) || (before is not null && after is not null && before.GetValueKind() != after.GetValueKind());
        if (!isLeaf && (after ?? before) is JsonObject)
            VisitMaps(before as JsonObject, after as JsonObject, schema, path);
        else if (!isLeaf)
            VisitLists(before as JsonArray, after as JsonArray, schema, path);
        if (path.Count == 0)
            return;
        if (before is null)
            Added.Insert(path);
        else if (after is null)
            Removed.Insert(path);
        else if (isLeaf && !JsonReading.Same(before, after))
            Modified.Insert(path);
    }

    private void VisitMaps(JsonObject? before, JsonObject? after, SchemaNode schema, List<string> path)
    {
        // Who owns what is itself nobody's.
        var isMetadata = path is ["f:metadata"];
        foreach (var (name, value) in after ?? Nothing)
        {
            if (!isMetadata || name != "managedFields")
                Step("f:" + name, before?[name], value, schema.Member(name) ?? SchemaNode.Anything, path);
        }
        foreach (var (name, value) in before ?? Nothing)
        {
            if (after?.ContainsKey(name) != true && (!isMetadata || name != "managedFields"))
                Step("f:" + name, value, null, schema.Member(name) ?? SchemaNode.Anything, path);
        }
    }

    private static readonly JsonObject Nothing = [];

    private void VisitLists(JsonArray? before, JsonArray? after, SchemaNode schema, List<string> path)
    {
        var old = (before ?? []).DistinctBy(i => TypedTree.Element(i, schema)).ToDictionary(i => TypedTree.Element(i, schema), i => i);
        var seen = new HashSet<string>();
        foreach (var item in after ?? [])
        {
            var element = TypedTree.Element(item, schema);
            if (seen.Add(element))
                Step(element, old.GetValueOrDefault(element), item, schema.Element!, path);
        }
        foreach (var (element, item) in old)
        {
            if (!seen.Contains(element))
                Step(element, item, null, schema.Element!, path);
        }
    }

    private void Step(string element, JsonNode? before, JsonNode? after, SchemaNode schema, List<string> path)
    {
        path.Add(element);
        Visit(before, after, schema, path);
        path.RemoveAt(path.Count - 1);
    }
}
