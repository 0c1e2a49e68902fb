using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;

namespace Portal.Testing.Kubernetes.Patches;

/// <summary>The patch that knows lists by their items' keys, with its directives <c>$patch</c>, <c>$retainKeys</c>, <c>$deleteFromPrimitiveList</c> and <c>$setElementOrder</c>.</summary>
internal static class StrategicMergePatch
{
    public static JsonObject Apply(JsonObject target, JsonObject patch, SchemaNode schema)
    {
        switch (patch.Text("$patch"))
        {
            case "delete":
                return [];
            case "replace":
                var whole = patch.Copy();
                whole.Remove("$patch");
                return whole;
        }
        var result = target.Copy();
        if (patch.At("$retainKeys") is JsonArray retained)
        {
            foreach (var name in result.Select(m => m.Key).Except(retained.Select(r => r.Text()!)).ToList())
                result.Remove(name);
        }
        foreach (var (name, value) in patch)
            Member(result, name, value, schema);
        return result;
    }

    private static void Member(JsonObject result, string name, JsonNode? value, SchemaNode schema)
    {
        if (name is "$patch" or "$retainKeys" || name.StartsWith("$setElementOrder/", StringComparison.Ordinal))
            return;
        if (name.StartsWith("$deleteFromPrimitiveList/", StringComparison.Ordinal))
        {
            if (result[name[25..]] is JsonArray list)
                result[name[25..]] = new JsonArray([.. list.Where(i => ((JsonArray)value!).All(d => !JsonReading.Same(d, i))).Select(JsonReading.CopyOf)]);
            return;
        }
        var member = schema.Member(name) ?? SchemaNode.Anything;
        if (value is null)
            result.Remove(name);
        else if (value is JsonObject inner)
            result[name] = Apply(result[name] as JsonObject ?? [], inner, member);
        else if (value is JsonArray items && result[name] is JsonArray existing && member.PatchKey is { } key)
            result[name] = Items(existing, items, key, member.Element!);
        else if (value is JsonArray more && result[name] is JsonArray old && member.IsSet)
            result[name] = new JsonArray([.. old.Concat(more.Where(m => old.All(o => !JsonReading.Same(o, m)))).Select(JsonReading.CopyOf)]);
        else if (value is JsonArray fresh && member.PatchKey is not null)
            result[name] = Items([], fresh, member.PatchKey, member.Element!);
        else
            result[name] = value.DeepClone();
    }

    private static JsonArray Items(JsonArray existing, JsonArray patch, string key, SchemaNode schema)
    {
        if (patch.Any(i => i.Text("$patch") == "replace"))
            return [.. patch.Where(i => i.Text("$patch") != "replace").Select(JsonReading.CopyOf)];
        var result = (JsonArray)existing.DeepClone();
        foreach (var item in patch.OfType<JsonObject>())
        {
            var id = item[key] ?? throw ApiException.BadRequest($"map: {JsonReading.Compact(item)} does not contain declared merge key: {key}");
            var at = result.ToList().FindIndex(r => JsonReading.Same(r.At(key), id));
            if (item.Text("$patch") == "delete")
            {
                if (at >= 0)
                    result.RemoveAt(at);
            }
            else if (at < 0)
            {
                result.Add(Apply([], item, schema));
            }
            else
            {
                result[at] = Apply((JsonObject)result[at]!, item, schema);
            }
        }
        return result;
    }
}
