using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>Reads values out of nodes without complaining: what does not fit was refused by <see cref="ShapeCheck"/> already and is left out here.</summary>
internal static class NodeReading
{
    public static Node? Get(this Node? node, string key) => node is MapNode map ? map[key] : null;

    public static string? Text(this Node? node) => node is ScalarNode { IsNull: false } scalar ? scalar.Text : null;

    public static string Text(this Node? node, string fallback) => node.Text() ?? fallback;

    public static bool IsNull(this Node? node) => node is ScalarNode { IsNull: true };

    public static decimal? Number(this Node? node) => node is ScalarNode scalar && ShapeCheck.TryNumber(scalar, out var number) ? number : null;

    public static int? Whole(this Node? node) => node.Number() is { } number && number == decimal.Truncate(number) && Math.Abs(number) <= int.MaxValue ? (int)number : null;

    public static bool Flag(this Node? node, bool fallback) => node switch
    {
        ScalarNode { Plain: true, Text: "true" } => true,
        ScalarNode { Plain: true, Text: "false" } => false,
        _ => fallback,
    };

    public static TimeSpan? Duration(this Node? node) => IsoDuration.TryParse(node.Text(), out var duration) ? duration : null;

    public static IReadOnlyList<Node> Items(this Node? node) => node is ListNode list ? list.Items : [];

    public static IReadOnlyList<MapEntry> Entries(this Node? node) => node is MapNode map ? map.Entries : [];

    /// <summary>Texts at their positions; an item that is no text keeps its place, empty, so that positions stay right.</summary>
    public static IReadOnlyList<string> Texts(this Node? node) => [.. node.Items().Select(n => n.Text(""))];
}
