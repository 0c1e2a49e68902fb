using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Application;
using Portal.Application.Workloads;
using Portal.Domain.Catalog;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>A launch request as text: the body of the API call, as curl and as YAML. Secrets are left out by name.</summary>
internal static class LaunchText
{
    private const string Hidden = "********";
    private static readonly JsonSerializerOptions Indented = new(PortalJson.Options) { WriteIndented = true };

    public static string Curl(LaunchRequest request, ItemSpec item, Uri portal) =>
        $"""
        curl -X POST {new Uri(portal, "/api/v1/workloads")} \
          -H "Authorization: Bearer $PORTAL_TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: {request.RequestId}" \
          --data-binary @- <<'JSON'
        {Json(request, item).ToJsonString(Indented)}
        JSON
        """;

    public static string Yaml(LaunchRequest request, ItemSpec item)
    {
        var text = new StringBuilder();
        Write(text, Json(request, item), 0);
        return text.ToString().TrimEnd();
    }

    private static JsonObject Json(LaunchRequest request, ItemSpec item)
    {
        var body = new JsonObject { ["name"] = request.Name, ["item"] = request.Item, ["version"] = request.Version, ["team"] = request.Team, ["hardware"] = request.Hardware, ["target"] = request.Target, ["capacity"] = request.Capacity };
        if (request.Parameters is { } parameters && JsonNode.Parse(parameters.GetRawText()) is JsonObject values)
        {
            foreach (var secret in item.Parameters.Where(p => p.Secret && values.ContainsKey(p.Name))) values[secret.Name] = Hidden;
            body["parameters"] = values;
        }
        if (request.Tags is { Count: > 0 } tags) body["tags"] = JsonSerializer.SerializeToNode(tags);
        if (request.Lifetime is { } lifetime) body["lifetime"] = System.Xml.XmlConvert.ToString(lifetime);
        if (request.IdleTimeout is { } idle) body["idleTimeout"] = System.Xml.XmlConvert.ToString(idle);
        if (request.Reason is { } reason) body["reason"] = reason;
        foreach (var empty in body.Where(e => e.Value is null).Select(e => e.Key).ToList()) body.Remove(empty);
        return body;
    }

    // JSON is YAML, so that every scalar may be written as JSON does; text of several lines as a block.
    private static void Write(StringBuilder text, JsonNode? node, int depth)
    {
        var indent = new string(' ', depth * 2);
        foreach (var (key, value) in node!.AsObject())
        {
            var name = Plain(key) ? key : JsonSerializer.Serialize(key);
            switch (value)
            {
                case JsonObject { Count: > 0 } map:
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{name}:\n");
                    Write(text, map, depth + 1);
                    break;
                case JsonArray { Count: > 0 } list:
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{name}:\n");
                    foreach (var element in list) text.Append(CultureInfo.InvariantCulture, $"{indent}  - {element?.ToJsonString(PortalJson.Options) ?? "null"}\n");
                    break;
                case JsonValue scalar when scalar.TryGetValue<string>(out var words) && IsBlock(words):
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{name}: |{(words.EndsWith('\n') ? "" : "-")}\n");
                    foreach (var line in words.TrimEnd('\n').Split('\n')) text.Append(line.Length == 0 ? "\n" : $"{indent}  {line}\n");
                    break;
                case JsonValue scalar when scalar.TryGetValue<string>(out var word) && Plain(word):
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{name}: {word}\n");
                    break;
                default:
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{name}: {value?.ToJsonString(PortalJson.Options) ?? "null"}\n");
                    break;
            }
        }
    }

    private static bool IsBlock(string text) => text.TrimEnd('\n').Contains('\n', StringComparison.Ordinal) && !text.StartsWith(' ') && !text.EndsWith("\n\n", StringComparison.Ordinal) && text.All(c => c is '\n' or '\t' || !char.IsControl(c));

    // A word that YAML reads as nothing but text.
    private static bool Plain(string text) => text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");
}
