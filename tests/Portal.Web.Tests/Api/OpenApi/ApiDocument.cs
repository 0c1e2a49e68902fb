using System.Text.Json.Nodes;
using NJsonSchema;

namespace Portal.Web.Tests.Api.OpenApi;

/// <summary>The served OpenAPI document, as a stranger reads it.</summary>
internal sealed class ApiDocument(JsonObject root)
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch", "head", "options"];

    public JsonObject Root => root;

    public static async Task<ApiDocument> ReadAsync(PortalFactory portal) => new(JsonNode.Parse(await portal.Client(null).GetStringAsync("/openapi/v1.json"))!.AsObject());

    /// <summary>Every operation under its name, <c>GET /api/v1/me</c>.</summary>
    public IEnumerable<(string Name, JsonObject Operation)> Operations =>
        root["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Where(o => Methods.Contains(o.Key)).Select(o => ($"{o.Key.ToUpperInvariant()} {path.Key}", o.Value!.AsObject())));

    public JsonObject Operation(string name) => Operations.Single(o => o.Name == name).Operation;

    /// <summary>Schema of an answer's JSON; null when it has none.</summary>
    public static JsonNode? AnswerSchema(JsonObject operation, int status) => Media(operation["responses"]?[$"{status}"])?["schema"];

    /// <summary>The first kind of content of a request or an answer.</summary>
    public static JsonObject? Media(JsonNode? body) => body?["content"]?.AsObject().FirstOrDefault().Value?.AsObject();

    /// <summary>What is wrong with JSON against a schema of the document. Fields the schema does not know are wrong too.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync(JsonNode schema, string json)
    {
        var components = (JsonObject)root["components"]!["schemas"]!.DeepClone();
        foreach (var component in components) Close(component.Value);
        var whole = new JsonObject { ["allOf"] = new JsonArray(schema.DeepClone()), ["definitions"] = components };
        var rules = await JsonSchema.FromJsonAsync(whole.ToJsonString().Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal));
        return [.. rules.Validate(json).SelectMany(Words)];
    }

    // The words of a fault inside a choice are those of its parts.
    private static IEnumerable<string> Words(NJsonSchema.Validation.ValidationError fault) =>
        fault is NJsonSchema.Validation.ChildSchemaValidationError parts ? parts.Errors.Values.SelectMany(v => v).SelectMany(Words).Prepend($"{fault.Path}: {fault.Kind}") : [$"{fault.Path}: {fault.Kind}"];

    private static void Close(JsonNode? node)
    {
        if (node is not JsonObject schema) return;
        if (schema.ContainsKey("properties") && !schema.ContainsKey("additionalProperties")) schema["additionalProperties"] = false;
        foreach (var child in schema.ToList()) Close(child.Value);
    }
}
