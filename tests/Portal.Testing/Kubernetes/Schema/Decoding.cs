using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Schema;

/// <summary>
/// Reads a body into its kind as the server does: types are checked, members that are not declared are dropped and remembered, null and empty values that the kind leaves out are dropped, quantities are written
/// in their canonical form.
/// </summary>
internal sealed class Decoding(string kind)
{
    /// <summary>Members that the kind does not declare, by path.</summary>
    public List<string> Unknown { get; } = [];

    /// <summary>The first value of a wrong type in the server's words, or null.</summary>
    public string? TypeProblem { get; private set; }

    /// <summary>The decoded object; the given one is not changed.</summary>
    public JsonObject Decode(JsonObject body, SchemaNode schema) => (JsonObject)(Visit(body, schema, "", kind) ?? new JsonObject());

    private JsonNode? Visit(JsonNode? node, SchemaNode schema, string path, string owner) => (schema.Kind, node) switch
    {
        (_, null) => null,
        (SchemaKind.Any, _) => node.DeepClone(),
        (SchemaKind.Struct, JsonObject map) => VisitStruct(map, schema, path),
        (SchemaKind.Map, JsonObject map) => VisitMap(map, schema, path, owner),
        (SchemaKind.List, JsonArray list) => VisitList(list, schema, path, owner),
        (SchemaKind.String, JsonValue value) when value.GetValueKind() == JsonValueKind.String => value.DeepClone(),
        (SchemaKind.Boolean, JsonValue value) when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.DeepClone(),
        (SchemaKind.Integer, JsonValue value) when Fits(value, schema.TypeName) => JsonValue.Create(value.Number()!.Value),
        (SchemaKind.Number, JsonValue value) when value.GetValueKind() == JsonValueKind.Number => value.DeepClone(),
        (SchemaKind.IntOrString, JsonValue value) when value.GetValueKind() == JsonValueKind.String || Fits(value, "int32") => value.DeepClone(),
        (SchemaKind.Quantity, JsonValue value) => VisitQuantity(value, path, owner),
        (SchemaKind.Bytes, JsonValue value) => VisitBytes(value, path, owner),
        (SchemaKind.Time or SchemaKind.MicroTime, JsonValue value) => VisitTime(value, schema),
        _ => Wrong(node, schema, path, owner),
    };

    private JsonObject VisitStruct(JsonObject map, SchemaNode schema, string path)
    {
        var result = new JsonObject();
        foreach (var (name, value) in map)
        {
            var inner = Join(path, name);
            if (schema.Member(name) is not { } member)
            {
                Unknown.Add(inner);
                continue;
            }
            var decoded = Visit(value, member, inner, schema.TypeName);
            var isLeftOut = decoded is null || (member.Kind is SchemaKind.List or SchemaKind.Map && member.Rules is null && JsonReading.IsEmpty(decoded));
            if (!isLeftOut)
                result[name] = decoded;
        }
        return result;
    }

    private JsonObject VisitMap(JsonObject map, SchemaNode schema, string path, string owner)
    {
        var result = new JsonObject();
        foreach (var (name, value) in map)
        {
            // A null in a map of texts is the empty text, as Go reads it.
            result[name] = value is null && schema.Element!.Kind == SchemaKind.String ? "" : Visit(value, schema.Element!, Join(path, name), owner);
        }
        return result;
    }

    private JsonArray VisitList(JsonArray list, SchemaNode schema, string path, string owner)
    {
        var result = new JsonArray();
        for (var i = 0; i < list.Count; i++)
            result.Add(Visit(list[i], schema.Element!, $"{path}[{i}]", owner) ?? (schema.Element!.Kind == SchemaKind.Struct ? new JsonObject() : null));
        return result;
    }

    private JsonNode? VisitQuantity(JsonValue value, string path, string owner)
    {
        var text = value.Text() ?? (value.GetValueKind() == JsonValueKind.Number ? value.ToJsonString() : null);
        if (Quantity.Parse(text) is not null)
            return JsonValue.Create(Quantity.Canonical(text!));
        TypeProblem ??= text is null ? Mismatch(value, path, owner, "Quantity") : Quantity.FormatProblem;
        return JsonValue.Create("0");
    }

    private JsonNode? VisitBytes(JsonValue value, string path, string owner)
    {
        if (value.Text() is not { } text)
            return Wrong(value, new SchemaNode(SchemaKind.Bytes, "[]uint8"), path, owner);
        var buffer = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, buffer, out _))
            TypeProblem ??= $"illegal base64 data at input byte {Math.Max(0, text.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/').Count())}";
        return value.DeepClone();
    }

    private JsonNode? VisitTime(JsonValue value, SchemaNode schema)
    {
        if (value.Instant() is { } instant)
            return JsonValue.Create(schema.Kind == SchemaKind.MicroTime ? JsonReading.MicroStamp(instant) : JsonReading.Stamp(instant));
        TypeProblem ??= $"parsing time {value.ToJsonString()} as \"2006-01-02T15:04:05Z07:00\": cannot parse {value.ToJsonString()} as \"2006\"";
        return null;
    }

    private JsonNode? Wrong(JsonNode node, SchemaNode schema, string path, string owner)
    {
        TypeProblem ??= Mismatch(node, path, owner, schema.Kind switch
        {
            SchemaKind.Map => "map[string]string",
            SchemaKind.List => "[]" + schema.Element!.TypeName,
            SchemaKind.Struct => "v1." + schema.TypeName,
            _ => schema.TypeName,
        });
        return null;
    }

    private static string Mismatch(JsonNode node, string path, string owner, string type)
    {
        var given = node.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number when node is JsonValue number && number.Number() is null || type is "int32" or "int64" => $"number {node.ToJsonString()}",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            _ => "object",
        };
        return $"json: cannot unmarshal {given} into Go struct field {owner}.{System.Text.RegularExpressions.Regex.Replace(path, @"\[\d+\]", "")} of type {type}";
    }

    private static bool Fits(JsonValue value, string type) =>
        value.GetValueKind() == JsonValueKind.Number && value.Number() is { } number && (type != "int32" || number is >= int.MinValue and <= int.MaxValue);

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
