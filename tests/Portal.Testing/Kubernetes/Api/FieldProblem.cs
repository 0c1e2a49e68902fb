using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Api;

/// <summary>What is wrong with one field, in the API's words.</summary>
internal sealed record FieldProblem(string Type, string Field, string Body)
{
    public static FieldProblem Required(string field, string detail = "") => new("FieldValueRequired", field, "Required value" + (detail.Length > 0 ? $": {detail}" : ""));

    public static FieldProblem Invalid(string field, object? value, string detail) => new("FieldValueInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    public static FieldProblem Duplicate(string field, object? value) => new("FieldValueDuplicate", field, $"Duplicate value: {Show(value)}");

    public static FieldProblem Forbidden(string field, string detail) => new("FieldValueForbidden", field, $"Forbidden: {detail}");

    public static FieldProblem NotFound(string field, object? value) => new("FieldValueNotFound", field, $"Not found: {Show(value)}");

    public static FieldProblem TooLong(string field, int limit) => new("FieldValueTooLong", field, $"Too long: may not be more than {limit} bytes");

    public static FieldProblem TooMany(string field, int count, int limit) => new("FieldValueTooMany", field, $"Too many: {count}: must have at most {limit} items");

    public static FieldProblem NotSupported(string field, object? value, params IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Order(StringComparer.Ordinal).Select(s => $"\"{s}\""))}");

    public static FieldProblem TypeInvalid(string field, object? value, string detail) => new("FieldValueTypeInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    public override string ToString() => $"{Field}: {Body}";

    public JsonObject ToCause() => new() { ["reason"] = Type, ["message"] = Body, ["field"] = Field };

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => JsonReading.Compact(JsonValue.Create(text)),
        bool flag => flag ? "true" : "false",
        JsonNode node => JsonReading.Compact(node),
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };
}
