using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Portal.Application.Catalog.Files;

/// <summary>The JSON Schema (2020-12) of an item file, made from the same shapes that files are checked with. Editors use it for completion; rules between fields are checked by the portal only.</summary>
public static class CatalogSchema
{
    /// <summary>Where the portal serves it.</summary>
    public const string Path = "/schemas/catalog-item-v1.json";

    private const string Duration = "^P(?!$)([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?$";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema, indented.</summary>
    public static string Json { get; } = Build();

    private static string Build()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$id"] = Path,
            ["title"] = "Portal catalog item",
            ["description"] = "One version of one thing that people can launch.",
        };
        foreach (var (key, value) in Of(CatalogShapes.Item).ToList())
            schema[key] = value?.DeepClone();
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Of(Shape shape)
    {
        var schema = Plain(shape);
        return shape.Nullable ? new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) } : schema;
    }

    private static JsonObject Plain(Shape shape) => shape switch
    {
        TextShape text => OfText(text),
        WordShape { Words: [var only] } => new JsonObject { ["const"] = only },
        WordShape words => new JsonObject { ["enum"] = Words(words.Words) },
        WholeShape whole => new JsonObject { ["type"] = "integer", ["minimum"] = whole.Min, ["maximum"] = whole.Max },
        NumberShape number => new JsonObject { ["type"] = "number", ["minimum"] = number.Min, ["maximum"] = number.Max },
        FlagShape => new JsonObject { ["type"] = "boolean" },
        DurationShape => new JsonObject { ["type"] = "string", ["format"] = "duration", ["pattern"] = Duration },
        BoundShape => new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "number" }, new JsonObject { ["type"] = "string", ["format"] = "duration", ["pattern"] = Duration }) },
        ListShape list => new JsonObject { ["type"] = "array", ["items"] = Of(list.Item), ["minItems"] = list.Min, ["maxItems"] = list.Max },
        MapShape map => new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(map.Value) },
        TextOrObjectShape either => new JsonObject { ["anyOf"] = new JsonArray(Of(either.Text), Of(either.Object)) },
        WholeOrObjectShape either => new JsonObject { ["anyOf"] = new JsonArray(Of(either.Whole), Of(either.Object)) },
        ObjectShape form => OfObject(form),
        _ => [],
    };

    /// <summary>The portal takes plain numbers and flags as the text they are written as (<c>STEPS: 5</c>), so the schema does, where any text is right.</summary>
    private static JsonObject OfText(TextShape text)
    {
        var schema = new JsonObject { ["type"] = text.Pattern is null ? Words(["string", "number", "boolean"]) : "string", ["minLength"] = text.Min, ["maxLength"] = text.Max };
        if (text.Pattern is { } pattern)
            schema["pattern"] = $"^(?:{pattern})$";
        return schema;
    }

    private static JsonObject OfObject(ObjectShape form)
    {
        var properties = new JsonObject();
        foreach (var field in form.Fields)
        {
            var schema = new JsonObject { ["description"] = field.Help };
            foreach (var (key, value) in Of(field.Shape).ToList())
                schema[key] = value?.DeepClone();
            properties[field.Name] = schema;
        }
        var whole = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (form.Fields.Any(f => f.Required))
            whole["required"] = Words(form.Fields.Where(f => f.Required).Select(f => f.Name));
        if (form.AtLeastOne)
            whole["minProperties"] = 1;
        return whole;
    }

    private static JsonArray Words(IEnumerable<string> words) => [.. words.Select(w => (JsonNode)w)];
}
