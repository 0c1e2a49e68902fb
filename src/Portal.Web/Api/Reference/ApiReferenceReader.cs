using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api.Reference;

/// <summary>Reads the served document into what the reference page shows. Endpoints do not change while the process lives: once is enough.</summary>
public sealed class ApiReferenceReader([FromKeyedServices(PortalOpenApi.Version)] IOpenApiDocumentProvider documents)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly ApiType AnyJson = new("any JSON", null);

    private ApiReference? _known;

    public async Task<ApiReference> ReadAsync(CancellationToken cancellationToken)
    {
        if (_known is not null) return _known;
        var document = await documents.GetOpenApiDocumentAsync(cancellationToken);
        return _known = Read(JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken))!.AsObject());
    }

    /// <summary>Arranges a document.</summary>
    internal static ApiReference Read(JsonObject document)
    {
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(o => (Tag: Text(o.Value!["tags"]?[0]), Operation: OperationOf(o.Key.ToUpperInvariant(), path.Key, o.Value!)))).ToList();
        var groups = document["tags"]!.AsArray().Select(tag => new ApiGroup(Text(tag!["name"])!, Anchor(Text(tag["name"])!), Text(tag["description"]) ?? "",
            [.. operations.Where(o => o.Tag == Text(tag["name"])).Select(o => o.Operation)]));
        var shapes = (document["components"]?["schemas"]?.AsObject() ?? []).Where(s => s.Value!["properties"] is not null || s.Value["enum"] is not null).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => ShapeOf(s.Key, s.Value!));
        var words = (Text(document["info"]!["description"]) ?? "").Split(["\r\n\r\n", "\n\n"], StringSplitOptions.RemoveEmptyEntries);
        return new ApiReference(Text(document["info"]!["title"])!, words, [.. groups.Where(g => g.Operations.Count > 0)], [.. shapes]);
    }

    private static ApiOperation OperationOf(string method, string path, JsonNode o)
    {
        var schemes = (o["security"]?.AsArray() ?? []).SelectMany(s => s!.AsObject().Select(p => p.Key)).ToList();
        var access = schemes.Count == 0 ? "Needs no token." : schemes.Contains(PortalOpenApi.Basic) ? "Needs an access token, or e-mail and password (HTTP Basic)." : "Needs an access token.";
        var parameters = (o["parameters"]?.AsArray() ?? []).Select(p => new ApiField(Text(p!["name"])!, Text(p["in"])!, TypeOf(p["schema"]), p["required"]?.GetValue<bool>() == true, Text(p["description"]))).ToList();
        var request = ContentOf(o["requestBody"]);
        var answers = o["responses"]!.AsObject().Select(a => new ApiAnswer(a.Key, Text(a.Value!["description"]) ?? "",
            [.. (a.Value["headers"]?.AsObject() ?? []).Select(h => new ApiField(h.Key, "header", TypeOf(h.Value!["schema"]), false, Text(h.Value!["description"])))], ContentOf(a.Value)));
        return new ApiOperation(Text(o["operationId"])!, method, path, Text(o["summary"]) ?? "", Text(o["description"]), access, parameters, request, [.. answers],
            CurlCommand.Of(method, path, schemes.Count > 0, parameters.Any(p => p.Name == Idempotency.Header), o["requestBody"] is null ? null : Media(o["requestBody"])?.Value?["example"]));
    }

    private static ApiContent? ContentOf(JsonNode? body) => Media(body) is not { Value: { } media } content ? null
        : new ApiContent(content.Key, TypeOf(media["schema"]), media["example"] switch
        {
            null => null,
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            var example => example.ToJsonString(Indented),
        });

    private static KeyValuePair<string, JsonNode?>? Media(JsonNode? body) => body?["content"]?.AsObject() is { Count: > 0 } content ? content.First() : null;

    private static ApiShape ShapeOf(string name, JsonNode schema)
    {
        var required = (schema["required"]?.AsArray() ?? []).Select(Text).ToHashSet();
        var fields = (schema["properties"]?.AsObject() ?? []).Select(p => new ApiField(p.Key, "body", TypeOf(p.Value), required.Contains(p.Key), Text(p.Value?["description"])));
        return new ApiShape(name, Text(schema["description"]), [.. fields], [.. (schema["enum"]?.AsArray() ?? []).Select(v => Text(v) ?? "null")]);
    }

    /// <summary>A schema in few words: <c>list of WorkloadSummary</c>, <c>text (uuid) or null</c>.</summary>
    internal static ApiType TypeOf(JsonNode? schema)
    {
        if (Text(schema?["$ref"]) is { } reference)
        {
            var name = reference[(reference.LastIndexOf('/') + 1)..];
            return name == nameof(JsonElement) ? AnyJson : new ApiType(name, name);
        }
        if ((schema?["oneOf"] ?? schema?["anyOf"])?.AsArray() is { } choices) return Joined([.. choices.Select(TypeOf)]);
        var names = schema?["type"] switch { JsonArray several => several.Select(Text).ToList(), JsonValue one => [Text(one)], _ => [] };
        return names.Count == 0 ? AnyJson : Joined([.. names.OrderBy(n => n == "null").Select(n => Named(n!, schema!))]);
    }

    private static ApiType Named(string name, JsonNode schema) => name switch
    {
        "array" when TypeOf(schema["items"]) is { } of => new ApiType($"list of {of.Words}", of.Shape),
        "object" when schema["additionalProperties"] is JsonObject values && TypeOf(values) is { } of => new ApiType($"map to {of.Words}", of.Shape),
        "string" => new ApiType(Text(schema["format"]) is { } format ? $"text ({format})" : "text", null),
        "integer" or "number" or "boolean" or "null" => new ApiType(name == "boolean" ? "true or false" : name == "integer" ? "whole number" : name, null),
        _ => new ApiType(name, null),
    };

    private static ApiType Joined(IReadOnlyList<ApiType> types) =>
        new(string.Join(" or ", types.OrderBy(t => t.Words == "null").Select(t => t.Words)), types.Select(t => t.Shape).FirstOrDefault(s => s is not null));

    private static string Anchor(string name) => name.ToLowerInvariant().Replace(' ', '-');

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
