namespace Portal.Application.Tests.Access;

/// <summary>The table of who may do what, as a text that people read.</summary>
internal sealed record RightsTable(IReadOnlyList<string> Columns, IReadOnlyList<RightsTable.Line> Lines)
{
    public const char Allowed = '+';
    public const char Refused = '-';
    public const char Hidden = '.';

    /// <param name="Cells">One a column.</param>
    public sealed record Line(string Name, string Cells);

    /// <summary>Reads the file: <c># col name</c> names a column, a line of a name and cells is a row; blanks between cells group them.</summary>
    public static RightsTable Read(string path)
    {
        var lines = File.ReadAllLines(path).Where(l => l.Trim().Length > 0).ToList();
        var columns = lines.Where(l => l.StartsWith("# col ", StringComparison.Ordinal)).Select(l => l["# col ".Length..].Trim()).ToList();
        var rows = lines.Where(l => !l.StartsWith('#')).Select(l => l.Split(' ', 2)).Select(p => new Line(p[0], p[1].Replace(" ", "", StringComparison.Ordinal))).ToList();
        foreach (var row in rows.Where(r => r.Cells.Length != columns.Count || r.Cells.Trim(Allowed, Refused, Hidden).Length > 0)) throw new FormatException($"{row.Name}: {columns.Count} cells of +, - and . are needed.");
        return new RightsTable(columns, rows);
    }

    public static string Word(char cell) => cell switch { Allowed => "allowed", Refused => "refused", _ => "hidden" };

    /// <summary>A line a use case: who may, who is refused; for all others it does not exist.</summary>
    public string ToMarkdown()
    {
        string Names(Line line, char cell) => string.Join(", ", Columns.Where((_, i) => line.Cells[i] == cell)) is { Length: > 0 } names ? names : "nobody";
        var rows = Lines.Select(l => l.Cells.All(c => c == Allowed) ? $"| `{l.Name}` | everybody | nobody |" : $"| `{l.Name}` | {Names(l, Allowed)} | {Names(l, Refused)} |");
        return string.Join('\n', ["| Use case or query | may | is refused |", "| --- | --- | --- |", .. rows]);
    }
}
