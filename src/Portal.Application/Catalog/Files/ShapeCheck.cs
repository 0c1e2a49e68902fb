using System.Globalization;
using System.Text.RegularExpressions;
using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>Compares a document with its shape: unknown and missing keys, wrong types, wrong words. Goes on after every problem, so that one look shows them all.</summary>
internal static class ShapeCheck
{
    public static void Check(Node node, Shape shape, NodePath path, ProblemLog log)
    {
        if (node is ScalarNode { IsNull: true } && shape is not AnyShape)
        {
            if (!shape.Nullable)
                log.Add(path, node, $"Has no value. Must be {Describe(shape)}.");
            return;
        }
        switch (shape, node)
        {
            case (ObjectShape form, MapNode map): CheckObject(map, form, path, log); break;
            case (MapShape form, MapNode map): CheckMap(map, form, path, log); break;
            case (ListShape form, ListNode list): CheckList(list, form, path, log); break;
            case (TextOrObjectShape form, MapNode map): CheckObject(map, form.Object, path, log); break;
            case (TextOrObjectShape form, ScalarNode): Check(node, form.Text, path, log); break;
            case (WholeOrObjectShape form, MapNode map): CheckObject(map, form.Object, path, log); break;
            case (WholeOrObjectShape form, ScalarNode): Check(node, form.Whole, path, log); break;
            case (AnyShape, _): break;
            case (TextShape or WordShape or WholeShape or NumberShape or FlagShape or DurationShape or BoundShape, ScalarNode scalar):
                if (RefuseScalar(scalar, shape) is { } refusal)
                    log.Add(path, node, refusal);
                break;
            default: log.Add(path, node, $"Must be {Describe(shape)}; got {Describe(node)}."); break;
        }
    }

    /// <summary>Reads a plain JSON-like number.</summary>
    public static bool TryNumber(ScalarNode scalar, out decimal number)
    {
        number = 0;
        return scalar.Plain && decimal.TryParse(scalar.Text, NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite), CultureInfo.InvariantCulture, out number);
    }

    public static string Describe(Node node) => node switch
    {
        ListNode => "a list",
        MapNode => "a map",
        ScalarNode { IsNull: true } => "nothing",
        ScalarNode scalar => Quoted.Text(scalar.Text),
        _ => "something else",
    };

    private static void CheckObject(MapNode map, ObjectShape shape, NodePath path, ProblemLog log)
    {
        var known = shape.Fields.Select(f => f.Name).ToList();
        foreach (var entry in map.Entries)
        {
            if (shape.Fields.FirstOrDefault(f => f.Name == entry.Key.Text) is { } field)
                Check(entry.Value, field.Shape, path / field.Name, log);
            else
                log.Add(path / entry.Key.Text, entry.Key, $"Unknown key {Quoted.Text(entry.Key.Text)}.{NearestName.Hint(entry.Key.Text, known)} Allowed: {string.Join(", ", known)}.");
        }
        foreach (var field in shape.Fields.Where(f => f.Required && map[f.Name] is null))
            log.Add(path / field.Name, map, $"The key \"{field.Name}\" is missing: {Describe(field.Shape)}.");
        if (shape.AtLeastOne && map.Entries.Count == 0)
            log.Add(path, map, $"Must have at least one of {string.Join(", ", known)}.");
    }

    private static void CheckMap(MapNode map, MapShape shape, NodePath path, ProblemLog log)
    {
        foreach (var entry in map.Entries)
            Check(entry.Value, shape.Value, path / entry.Key.Text, log);
    }

    private static void CheckList(ListNode list, ListShape shape, NodePath path, ProblemLog log)
    {
        if (list.Items.Count < shape.Min || list.Items.Count > shape.Max)
            log.Add(path, list, $"Must be {Describe(shape)}; got {list.Items.Count}.");
        for (var i = 0; i < list.Items.Count; i++)
            Check(list.Items[i], shape.Item, path[i], log);
    }

    private static string? RefuseScalar(ScalarNode scalar, Shape shape)
    {
        var good = shape switch
        {
            TextShape text => scalar.Text.Length >= text.Min && scalar.Text.Length <= text.Max && (text.Pattern is null || Regex.IsMatch(scalar.Text, $@"\A(?:{text.Pattern})\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))),
            WordShape words => words.Words.Contains(scalar.Text, StringComparer.Ordinal),
            WholeShape whole => TryNumber(scalar, out var number) && number == decimal.Truncate(number) && number >= whole.Min && number <= whole.Max,
            NumberShape bounds => TryNumber(scalar, out var number) && number >= bounds.Min && number <= bounds.Max,
            FlagShape => scalar is { Plain: true, Text: "true" or "false" },
            DurationShape bounds => IsoDuration.TryParse(scalar.Text, out var duration) && duration >= bounds.Min && duration <= bounds.Max,
            _ => TryNumber(scalar, out _) || IsoDuration.TryParse(scalar.Text, out _),
        };
        if (good)
            return null;
        var quoted = !scalar.Plain && shape is WholeShape or NumberShape or FlagShape && !scalar.Plain ? " (text, because it is in quotes)" : "";
        var length = shape is TextShape bound && (scalar.Text.Length < bound.Min || scalar.Text.Length > bound.Max) ? $" ({scalar.Text.Length} characters)" : "";
        return $"Must be {Describe(shape)}; got {Quoted.Text(scalar.Text)}{quoted}{length}.{(shape is WordShape w ? NearestName.Hint(scalar.Text, w.Words) : "")}";
    }

    private static string Describe(Shape shape) => shape switch
    {
        TextShape { Allowed: { } allowed } => allowed,
        TextShape text => text.Min > 0 ? $"text of {text.Min} to {text.Max} characters" : $"text of at most {text.Max} characters",
        WordShape words => $"one of {string.Join(", ", words.Words)}",
        WholeShape whole => $"a whole number from {whole.Min} to {whole.Max}",
        NumberShape number => string.Create(CultureInfo.InvariantCulture, $"a number from {number.Min} to {number.Max}"),
        FlagShape => "true or false",
        DurationShape duration => $"{IsoDuration.Allowed}, from {IsoDuration.Format(duration.Min)} to {IsoDuration.Format(duration.Max)}",
        ListShape list => list.Min > 0 ? $"a list with at least {list.Min} and at most {list.Max}" : $"a list with at most {list.Max}",
        MapShape => "a map of names to values",
        ObjectShape form => $"a map with {string.Join(", ", form.Fields.Select(f => f.Name))}",
        TextOrObjectShape either => $"{Describe(either.Text)}, or {Describe(either.Object)}",
        WholeOrObjectShape either => $"{Describe(either.Whole)}, or {Describe(either.Object)}",
        BoundShape => $"a number, or for a duration parameter {IsoDuration.Allowed}",
        _ => "a value",
    } + (shape.Nullable ? ", or null" : "");
}
