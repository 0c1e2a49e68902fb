using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Patches;

/// <summary>RFC 6902.</summary>
internal static class JsonPatch
{
    public static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
            throw ApiException.BadRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        JsonNode root = target.DeepClone();
        foreach (var operation in operations)
            root = Step(root, operation);
        return root as JsonObject ?? throw Refused();
    }

    private static JsonNode Step(JsonNode root, JsonNode? operation)
    {
        var path = Split(operation.Text("path"));
        switch (operation.Text("op"))
        {
            case "add":
                Add(root, path, operation.At("value")?.DeepClone());
                break;
            case "remove":
                Remove(root, path);
                break;
            case "replace":
                Find(root, path);
                Remove(root, path);
                Add(root, path, operation.At("value")?.DeepClone());
                break;
            case "copy":
                Add(root, path, Find(root, Split(operation.Text("from")))?.DeepClone());
                break;
            case "move":
                var from = Split(operation.Text("from"));
                var moved = Find(root, from)?.DeepClone();
                Remove(root, from);
                Add(root, path, moved);
                break;
            case "test" when JsonReading.Same(Find(root, path), operation.At("value")):
                break;
            default:
                throw Refused();
        }
        return root;
    }

    private static string[] Split(string? pointer) => pointer is { Length: > 0 } && pointer[0] == '/' ? [.. pointer[1..].Split('/').Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))] : throw Refused();

    private static JsonNode? Find(JsonNode? node, IEnumerable<string> path)
    {
        foreach (var part in path)
        {
            node = node switch
            {
                JsonObject map when map.TryGetPropertyValue(part, out var value) => value,
                JsonArray list when int.TryParse(part, out var index) && index >= 0 && index < list.Count => list[index],
                _ => throw Refused(),
            };
        }
        return node;
    }

    private static void Add(JsonNode root, string[] path, JsonNode? value)
    {
        switch (Find(root, path[..^1]))
        {
            case JsonObject map:
                map[path[^1]] = value;
                break;
            case JsonArray list when path[^1] == "-":
                list.Add(value);
                break;
            case JsonArray list when int.TryParse(path[^1], out var index) && index >= 0 && index <= list.Count:
                list.Insert(index, value);
                break;
            default:
                throw Refused();
        }
    }

    private static void Remove(JsonNode root, string[] path)
    {
        switch (Find(root, path[..^1]))
        {
            case JsonObject map when map.Remove(path[^1]):
                break;
            case JsonArray list when int.TryParse(path[^1], out var index) && index >= 0 && index < list.Count:
                list.RemoveAt(index);
                break;
            default:
                throw Refused();
        }
    }

    private static ApiException Refused() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);
}
