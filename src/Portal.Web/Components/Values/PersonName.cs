using System.Globalization;

namespace Portal.Web.Components.Values;

/// <summary>What is shown of a display name.</summary>
public static class PersonName
{
    /// <summary>The first word; of an e-mail address the part before the @.</summary>
    public static string First(string name) => Words(name) is [var first, ..] ? first : "Unknown";

    /// <summary>Two letters: of first and last word, or the first two of a single one. Counted in text elements, so that no letter is cut in half.</summary>
    public static string Initials(string name)
    {
        var words = Words(name);
        var letters = words.Length switch
        {
            0 => "?",
            1 => Take(words[0], 2),
            _ => Take(words[0], 1) + Take(words[^1], 1),
        };
        return letters.ToUpperInvariant();
    }

    private static string[] Words(string name)
    {
        var plain = name.Split('@')[0];
        char[] separators = name.Contains('@', StringComparison.Ordinal) ? ['.', '_', '-', ' '] : [' '];
        return plain.Split(separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static string Take(string word, int count) => new StringInfo(word) is var info && info.LengthInTextElements > count ? info.SubstringByTextElements(0, count) : word;
}
