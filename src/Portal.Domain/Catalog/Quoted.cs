using System.Text;

namespace Portal.Domain.Catalog;

/// <summary>Shows a value somebody gave inside a message: short, on one line, nothing invisible.</summary>
public static class Quoted
{
    private const int Shown = 60;

    /// <summary>The text in double quotes, cut to 60 characters, control and lone surrogate characters as <c>\uXXXX</c>.</summary>
    public static string Text(string text)
    {
        var shown = new StringBuilder("\"");
        var end = Math.Min(text.Length, Shown);
        if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
            end--;
        for (var i = 0; i < end; i++)
            Append(shown, text, i);
        return shown.Append(end < text.Length ? "…\"" : "\"").ToString();
    }

    private static void Append(StringBuilder shown, string text, int i)
    {
        var c = text[i];
        var paired = char.IsHighSurrogate(c) ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
            : char.IsLowSurrogate(c) && i > 0 && char.IsHighSurrogate(text[i - 1]);
        if (c == '\n')
            shown.Append("\\n");
        else if (c == '\t')
            shown.Append("\\t");
        else if (char.IsControl(c) || char.IsSurrogate(c) && !paired)
            shown.Append("\\u").Append(((int)c).ToString("X4", System.Globalization.CultureInfo.InvariantCulture));
        else
            shown.Append(c);
    }
}
