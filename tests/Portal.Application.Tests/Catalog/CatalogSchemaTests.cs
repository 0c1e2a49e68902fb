using System.Text.Json;
using AwesomeAssertions;
using Portal.Application.Catalog.Files;
using Xunit;

namespace Portal.Application.Tests.Catalog;

public sealed class CatalogSchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(CatalogSchema.Json).RootElement;

    public static TheoryData<string> ItemFiles => new(Directory.EnumerateFiles(CatalogFixture.Shipped, "*.yaml", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(CatalogFixture.Shipped, f)).Where(f => f.Contains('/')));

    [Theory]
    [MemberData(nameof(ItemFiles))]
    public void Schema_ShippedItem_Agrees(string file) => Faults(File.ReadAllText(Path.Combine(CatalogFixture.Shipped, file))).Should().BeEmpty();

    [Theory]
    [InlineData("name: Demo", "nmae: Demo", "nmae: unknown", ": name missing")]
    [InlineData("auth: token", "auth: digest", "ports[0].auth: not in enum")]
    [InlineData("{parameter: text}", "{param: text}", "files.corpus.txt: fits none")]
    [InlineData("slug: demo", "slug: De mo", "slug: pattern")]
    [InlineData("hardware: [cpu-small, cpu-tiny]", "hardware: []", "hardware: too few")]
    public void Schema_BrokenItem_Disagrees(string piece, string with, params string[] faults) => Faults(CatalogFixture.Item.Replace(piece, with)).Should().Equal(faults);

    [Fact]
    public void Schema_Itself_IsNamedAndClosed()
    {
        Schema.GetProperty("$id").GetString().Should().Be("/schemas/catalog-item-v1.json");
        Schema.GetProperty("additionalProperties").GetBoolean().Should().BeFalse();
        Schema.GetProperty("required").EnumerateArray().Select(e => e.GetString()).Should().Contain(["slug", "hardware", "deployments"]);
        Schema.GetProperty("properties").GetProperty("parameters").GetProperty("items").GetProperty("properties").GetProperty("type").GetProperty("enum")
            .EnumerateArray().Select(e => e.GetString()).Should().Equal("string", "text", "integer", "number", "boolean", "enum", "secret", "stringList", "map", "duration", "run", "artifact");
    }

    private static List<string> Faults(string text)
    {
        var faults = new List<string>();
        Walk(YamlTree.Parse(text, new ProblemLog("x"))!, Schema, "", faults);
        return faults;
    }

    /// <summary>The few keywords that the schema uses, walked by hand.</summary>
    private static void Walk(Node node, JsonElement schema, string path, List<string> faults)
    {
        if (schema.TryGetProperty("anyOf", out var choices))
        {
            if (!choices.EnumerateArray().Any(c => { var inner = new List<string>(); Walk(node, c, path, inner); return inner.Count == 0; }))
                faults.Add($"{path}: fits none");
            return;
        }
        if (schema.TryGetProperty("type", out var type) && !Types(node).Intersect(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!]).Any())
            faults.Add($"{path}: not {type}");
        else if (node is MapNode map)
            WalkMap(map, schema, path, faults);
        else if (node is ListNode list)
            WalkList(list, schema, path, faults);
        else if (node is ScalarNode scalar)
            WalkScalar(scalar, schema, path, faults);
    }

    private static void WalkMap(MapNode map, JsonElement schema, string path, List<string> faults)
    {
        if (!schema.TryGetProperty("additionalProperties", out var free))
            return;
        var known = schema.TryGetProperty("properties", out var properties) ? properties : default;
        foreach (var entry in map.Entries)
        {
            var below = path.Length == 0 ? entry.Key.Text : $"{path}.{entry.Key.Text}";
            if (known.ValueKind == JsonValueKind.Object && known.TryGetProperty(entry.Key.Text, out var field))
                Walk(entry.Value, field, below, faults);
            else if (free.ValueKind == JsonValueKind.Object)
                Walk(entry.Value, free, below, faults);
            else
                faults.Add($"{below}: unknown");
        }
        if (schema.TryGetProperty("required", out var required))
            faults.AddRange(required.EnumerateArray().Where(r => map[r.GetString()!] is null).Select(r => $"{path}: {r} missing"));
    }

    private static void WalkList(ListNode list, JsonElement schema, string path, List<string> faults)
    {
        if (schema.TryGetProperty("minItems", out var least) && list.Items.Count < least.GetInt32())
            faults.Add($"{path}: too few");
        for (var i = 0; i < list.Items.Count && schema.TryGetProperty("items", out var item); i++)
            Walk(list.Items[i], item, $"{path}[{i}]", faults);
    }

    private static void WalkScalar(ScalarNode scalar, JsonElement schema, string path, List<string> faults)
    {
        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(w => w.GetString() == scalar.Text))
            faults.Add($"{path}: not in enum");
        if (schema.TryGetProperty("const", out var only) && only.GetString() != scalar.Text)
            faults.Add($"{path}: not {only}");
        if (schema.TryGetProperty("pattern", out var pattern) && !System.Text.RegularExpressions.Regex.IsMatch(scalar.Text, pattern.GetString()!))
            faults.Add($"{path}: pattern");
    }

    private static string[] Types(Node node) => node switch
    {
        MapNode => ["object"],
        ListNode => ["array"],
        ScalarNode { IsNull: true } => ["null"],
        ScalarNode { Plain: true, Text: "true" or "false" } => ["boolean"],
        ScalarNode scalar when ShapeCheck.TryNumber(scalar, out var number) => number == decimal.Truncate(number) ? ["integer", "number"] : ["number"],
        _ => ["string"],
    };
}
