using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>Objects of a cluster as they are written down.</summary>
internal static partial class Manifest
{
    private static readonly IDeserializer Yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
    private static readonly ISerializer Json = new SerializerBuilder().JsonCompatible().Build();

    /// <summary>Each document of a text.</summary>
    public static IReadOnlyList<JsonObject> Read(string yaml) =>
        [.. DocumentEnd().Split(yaml).Select(document => Yaml.Deserialize(document)).Where(document => document is not null).Select(document => JsonNode.Parse(Json.Serialize(document)!)).OfType<JsonObject>()];

    public static string Kind(this JsonObject item) => (string)item["kind"]!;

    public static string Name(this JsonObject item) => (string)item["metadata"]!["name"]!;

    /// <summary>Such as <c>Deployment/portal-web</c>.</summary>
    public static string Key(this JsonObject item) => $"{item.Kind()}/{item.Name()}";

    /// <summary>The pod that the object makes; null for what makes none.</summary>
    public static JsonObject? Pod(this JsonObject item) => item["spec"]?["template"]?["spec"] as JsonObject;

    /// <summary>Every text in the object, with the name it stands under.</summary>
    public static IEnumerable<(string Name, string Text)> Texts(this JsonNode? node, string name = "") => node switch
    {
        JsonObject map => map.SelectMany(m => m.Value.Texts(m.Key)),
        JsonArray list => list.SelectMany(item => item.Texts(name)),
        JsonValue value => [(name, value.ToString())],
        _ => [],
    };

    [GeneratedRegex("^---.*$", RegexOptions.Multiline)]
    private static partial Regex DocumentEnd();
}
