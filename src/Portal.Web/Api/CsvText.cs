using System.Buffers;
using System.Globalization;

namespace Portal.Web.Api;

/// <summary>CSV as RFC 4180 has it (CRLF, quotes doubled), safe to open in a spreadsheet.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    // What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\n");

    /// <summary>One line with its end. Numbers are written as numbers, everything else as text.</summary>
    public static string Line(IEnumerable<object?> values) => string.Join(',', values.Select(Value)) + "\r\n";

    private static string Value(object? value) => value switch
    {
        decimal number => number.ToString("0.######", CultureInfo.InvariantCulture),
        null => "",
        _ => Text(value.ToString() ?? ""),
    };

    private static string Text(string text)
    {
        if (text.Length > 0 && Formula.Contains(text[0])) text = "'" + text;
        return text.AsSpan().ContainsAny(Quoted) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
