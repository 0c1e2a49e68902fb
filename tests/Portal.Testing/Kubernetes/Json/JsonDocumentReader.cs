using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Portal.Testing.Kubernetes.Json;

/// <summary>Reads request bodies: JSON, or YAML where the API takes it. Members named twice are remembered, because the API complains of them.</summary>
internal static class JsonDocumentReader
{
    /// <summary>The object in the bytes.</summary>
    /// <param name="duplicates">Receives the paths of members that were named twice; the last one wins.</param>
    public static JsonNode? Read(ReadOnlySpan<byte> bytes, bool yamlAllowed, List<string> duplicates)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Disallow });
            reader.Read();
            var node = Read(ref reader, "", duplicates);
            if (reader.Read())
                throw new JsonException("data after the value");
            return node;
        }
        catch (JsonException problem)
        {
            if (!yamlAllowed)
                throw ApiException.BadRequest($"couldn't get version/kind; json parse error: {problem.Message}");
            return ReadYaml(Encoding.UTF8.GetString(bytes), duplicates);
        }
    }

    private static JsonNode? Read(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = string.Intern(reader.GetString()!);
                    var inner = path.Length == 0 ? name : $"{path}.{name}";
                    reader.Read();
                    if (map.ContainsKey(name))
                        duplicates.Add(inner);
                    map[name] = Read(ref reader, inner, duplicates);
                }
                return map;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    list.Add(Read(ref reader, $"{path}[{list.Count}]", duplicates));
                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(reader.GetBoolean());
            default:
                return null;
        }
    }

    private static JsonNode? ReadYaml(string text, List<string> duplicates)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
                return null;
            return ReadYaml(parser, "", duplicates);
        }
        catch (YamlException problem)
        {
            throw ApiException.BadRequest($"error decoding YAML: error converting YAML to JSON: yaml: {problem.Message}");
        }
    }

    private static JsonNode? ReadYaml(IParser parser, string path, List<string> duplicates)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
            return Plain(scalar);
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
                list.Add(ReadYaml(parser, $"{path}[{list.Count}]", duplicates));
            return list;
        }
        parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var name = parser.Consume<Scalar>().Value;
            var inner = path.Length == 0 ? name : $"{path}.{name}";
            if (map.ContainsKey(name))
                duplicates.Add(inner);
            map[name] = ReadYaml(parser, inner, duplicates);
        }
        return map;
    }

    private static JsonNode? Plain(Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain)
            return JsonValue.Create(scalar.Value);
        return scalar.Value switch
        {
            "" or "null" or "~" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" or "yes" or "on" => JsonValue.Create(true),
            "false" or "False" or "FALSE" or "no" or "off" => JsonValue.Create(false),
            var text when long.TryParse(text, out var whole) => JsonValue.Create(whole),
            var text when double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var real) && char.IsAsciiDigit(text[^1]) => JsonValue.Create(real),
            var text => JsonValue.Create(text),
        };
    }
}
