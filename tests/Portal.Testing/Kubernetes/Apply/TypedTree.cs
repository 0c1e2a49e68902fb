using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;

namespace Portal.Testing.Kubernetes.Apply;

/// <summary>What server-side apply does with values by their shape: which paths a value has, what differs between two, one laid over another, one with paths taken out.</summary>
internal static class TypedTree
{
    /// <summary>The paths that a value has.</summary>
    public static FieldSet Paths(JsonNode? value, SchemaNode schema)
    {
        var set = new FieldSet();
        Collect(value, schema, [], set);
        return set;
    }

    /// <summary>One value laid over another: what the upper names wins, the rest stays.</summary>
    public static JsonNode? Merge(JsonNode? lower, JsonNode? upper, SchemaNode schema)
    {
        if (upper is null)
            return lower?.DeepClone();
        if (lower is null || IsLeaf(upper, schema) || upper.GetValueKind() != lower.GetValueKind())
            return upper.DeepClone();
        if (upper is JsonObject over && lower is JsonObject under)
            return over.Count == 0 && under.Count == 0 ? new JsonObject() : MergeMaps(under, over, schema);
        return MergeLists((JsonArray)lower, (JsonArray)upper, schema);
    }

    /// <summary>The value without the paths of a set.</summary>
    public static JsonNode? Without(JsonNode? value, FieldSet paths, SchemaNode schema)
    {
        if (value is null || value is JsonValue)
            return value?.DeepClone();
        if (IsLeaf(value, schema))
            return null;
        if (value is JsonObject map)
        {
            var result = new JsonObject();
            foreach (var (name, inner) in map)
            {
                var below = paths.Below("f:" + name);
                if (below?.IsMember == true)
                    continue;
                var kept = below is null ? inner?.DeepClone() : Without(inner, below, schema.Member(name) ?? SchemaNode.Anything);
                if (kept is not null)
                    result[name] = kept;
            }
            return result.Count > 0 || map.Count == 0 ? result : null;
        }
        var items = new JsonArray();
        foreach (var item in (JsonArray)value)
        {
            var below = paths.Below(Element(item, schema));
            if (below?.IsMember == true)
                continue;
            items.Add(below is null ? item?.DeepClone() : Without(item, below, schema.Element!));
        }
        return items.Count > 0 ? items : null;
    }

    /// <summary>Is the value owned as a whole?</summary>
    public static bool IsLeaf(JsonNode? value, SchemaNode schema) => value switch
    {
        JsonObject => schema.Atomic,
        JsonArray => !schema.IsGranularList,
        _ => true,
    };

    /// <summary>How an item of a granular list is named in paths.</summary>
    public static string Element(JsonNode? item, SchemaNode list)
    {
        if (list.IsSet)
            return "v:" + JsonReading.Compact(item);
        var keys = new JsonObject();
        foreach (var key in list.Keys.Order(StringComparer.Ordinal))
            keys[key] = item.At(key)?.DeepClone() ?? (key == "protocol" ? JsonValue.Create("TCP") : null);
        return "k:" + JsonReading.Compact(keys);
    }

    private static void Collect(JsonNode? value, SchemaNode schema, List<string> path, FieldSet set)
    {
        if (IsLeaf(value, schema) || JsonReading.IsEmpty(value))
        {
            if (path.Count > 0)
                set.Insert(path);
            return;
        }
        if (value is JsonObject map)
        {
            foreach (var (name, inner) in map)
            {
                path.Add("f:" + name);
                Collect(inner, schema.Member(name) ?? SchemaNode.Anything, path, set);
                if (schema.Kind is SchemaKind.Map or SchemaKind.Any)
                    set.Insert(path);
                path.RemoveAt(path.Count - 1);
            }
            return;
        }
        foreach (var item in (JsonArray)value!)
        {
            path.Add(Element(item, schema));
            if (schema.Element!.Kind == SchemaKind.Struct)
                Collect(item, schema.Element, path, set);
            set.Insert(path);
            path.RemoveAt(path.Count - 1);
        }
    }

    private static JsonObject MergeMaps(JsonObject under, JsonObject over, SchemaNode schema)
    {
        var result = new JsonObject();
        foreach (var (name, value) in under)
            result[name] = over.ContainsKey(name) ? Merge(value, over[name], schema.Member(name) ?? SchemaNode.Anything) : value?.DeepClone();
        foreach (var (name, value) in over)
        {
            if (!under.ContainsKey(name))
                result[name] = value?.DeepClone();
        }
        return result;
    }

    /// <summary>The applied order wins among the items that both have; items that only the object has keep their place.</summary>
    private static JsonArray MergeLists(JsonArray under, JsonArray over, SchemaNode schema)
    {
        var left = under.Select(item => (Element: Element(item, schema), Item: item)).ToList();
        var right = over.Select(item => (Element: Element(item, schema), Item: item)).ToList();
        var (leftItems, rightNames) = (left.DistinctBy(l => l.Element).ToDictionary(l => l.Element, l => l.Item), right.Select(r => r.Element).ToHashSet());
        var shared = new Queue<string>(right.Select(r => r.Element).Where(leftItems.ContainsKey));
        var result = new JsonArray();
        var (l, r) = (0, 0);
        while (l < left.Count || r < right.Count)
        {
            if (l < left.Count && r < right.Count && left[l].Element == right[r].Element)
            {
                result.Add(Merge(left[l].Item, right[r].Item, schema.Element!));
                (l, r) = (l + 1, r + 1);
                shared.TryDequeue(out _);
            }
            else if (l < left.Count && rightNames.Contains(left[l].Element) && r < right.Count && shared.TryPeek(out var next) && next != left[l].Element)
            {
                l++;
            }
            else if (l < left.Count && !rightNames.Contains(left[l].Element))
            {
                result.Add(left[l++].Item?.DeepClone());
            }
            else if (r < right.Count)
            {
                if (shared.TryPeek(out var expected) && expected == right[r].Element)
                    shared.Dequeue();
                result.Add(Merge(leftItems.GetValueOrDefault(right[r].Element), right[r].Item, schema.Element!));
                r++;
            }
            else
            {
                l++;
            }
        }
        return result;
    }
}
