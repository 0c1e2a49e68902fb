namespace Portal.Web.Components.Progress;

/// <summary>One line of a log as shown.</summary>
/// <param name="Source"><c>out</c>, <c>err</c> or <c>portal</c>.</param>
public sealed record LogEntry(DateTimeOffset At, string Source, string Text);

/// <summary>Finding words in lines, without regard to case.</summary>
public static class LogSearch
{
    /// <summary>Indexes of the lines that contain the term; none for an empty term.</summary>
    public static IReadOnlyList<int> Matches(IReadOnlyList<LogEntry> lines, string term)
    {
        if (string.IsNullOrEmpty(term)) return [];
        var found = new List<int>();
        for (var i = 0; i < lines.Count; i++)
            if (lines[i].Text.Contains(term, StringComparison.OrdinalIgnoreCase)) found.Add(i);
        return found;
    }

    /// <summary>The text cut into parts, those that match marked.</summary>
    public static IEnumerable<(string Part, bool Hit)> Split(string text, string term)
    {
        var from = 0;
        while (term.Length > 0 && text.IndexOf(term, from, StringComparison.OrdinalIgnoreCase) is var at and >= 0)
        {
            if (at > from) yield return (text[from..at], false);
            yield return (text.Substring(at, term.Length), true);
            from = at + term.Length;
        }
        if (from < text.Length) yield return (text[from..], false);
    }
}
