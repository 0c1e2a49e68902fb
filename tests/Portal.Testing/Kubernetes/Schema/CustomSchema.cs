using System.Text.Json.Nodes;
using k8s.Models;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Schema;

/// <summary>Shapes of custom resources, read off a definition's structural schema.</summary>
internal static class CustomSchema
{
    /// <summary>The shape of a whole object: the declared schema with the metadata that every object has.</summary>
    public static SchemaNode OfObject(JsonNode? schema, string kind)
    {
        var root = schema is null ? new SchemaNode(SchemaKind.Struct, kind) { PreservesUnknown = true } : Of(schema);
        var fields = new Dictionary<string, SchemaNode>(root.Fields)
        {
            ["apiVersion"] = new(SchemaKind.String, "string"),
            ["kind"] = new(SchemaKind.String, "string"),
            ["metadata"] = ModelSchema.Of<V1ObjectMeta>(),
        };
        return new SchemaNode(SchemaKind.Struct, kind) { FieldSource = () => fields, PreservesUnknown = root.PreservesUnknown, Rules = root.Rules };
    }

    private static SchemaNode Of(JsonNode schema)
    {
        if (schema.Flag("x-kubernetes-int-or-string") == true)
            return new SchemaNode(SchemaKind.IntOrString, "integer,string") { Rules = Rules(schema) };
        return schema.Text("type") switch
        {
            "object" => Object(schema),
            "array" => List(schema),
            "string" => new SchemaNode(SchemaKind.String, "string") { Rules = Rules(schema) },
            "integer" => new SchemaNode(SchemaKind.Integer, "integer") { Rules = Rules(schema) },
            "number" => new SchemaNode(SchemaKind.Number, "number") { Rules = Rules(schema) },
            "boolean" => new SchemaNode(SchemaKind.Boolean, "boolean") { Rules = Rules(schema) },
            _ => SchemaNode.Anything,
        };
    }

    private static SchemaNode Object(JsonNode schema)
    {
        var atomic = schema.Text("x-kubernetes-map-type") == "atomic";
        if (schema.At("additionalProperties") is JsonObject values)
            return new SchemaNode(SchemaKind.Map, "object") { Element = Of(values), Atomic = atomic, Rules = Rules(schema) };
        var preserves = schema.Flag("x-kubernetes-preserve-unknown-fields") == true || schema.At("additionalProperties").Flag() == true;
        var fields = schema.At("properties") is JsonObject members ? members.ToDictionary(m => m.Key, m => Of(m.Value!)) : [];
        return new SchemaNode(SchemaKind.Struct, "object") { FieldSource = () => fields, Atomic = atomic, PreservesUnknown = preserves, Rules = Rules(schema) };
    }

    private static SchemaNode List(JsonNode schema) => new(SchemaKind.List, "array")
    {
        Element = schema.At("items") is JsonObject items ? Of(items) : SchemaNode.Anything,
        Atomic = schema.Text("x-kubernetes-list-type") is null or "atomic",
        IsSet = schema.Text("x-kubernetes-list-type") == "set",
        Keys = schema.Texts("x-kubernetes-list-map-keys"),
        Rules = Rules(schema),
    };

    private static CustomRules Rules(JsonNode schema) => new()
    {
        Required = schema.Texts("required"),
        Enum = schema.At("enum") as JsonArray,
        Pattern = schema.Text("pattern"),
        Minimum = Real(schema.At("minimum")),
        Maximum = Real(schema.At("maximum")),
        MinLength = schema.Number("minLength"),
        MaxLength = schema.Number("maxLength"),
        MinItems = schema.Number("minItems"),
        MaxItems = schema.Number("maxItems"),
        Nullable = schema.Flag("nullable") == true,
        Default = schema.At("default"),
    };

    private static double? Real(JsonNode? node) => node is JsonValue value && double.TryParse(value.ToString(), System.Globalization.CultureInfo.InvariantCulture, out var real) ? real : null;
}
