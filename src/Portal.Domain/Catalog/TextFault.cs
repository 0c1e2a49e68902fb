namespace Portal.Domain.Catalog;

/// <summary>The only two things refused in text; everything else arrives byte for byte.</summary>
public static class TextFault
{
    /// <summary>What is wrong with a text as such: NUL cannot be in an argument or variable, a lone surrogate is no character.</summary>
    public static string? Of(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
                return $"contains a NUL character at {Place(text, i)}; no program can be given one";
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return $"contains half a character (the lone surrogate U+{(int)text[i]:X4}) at {Place(text, i)}";
        }
        return null;
    }

    private static string Place(string text, int index)
    {
        var before = text.AsSpan(0, index);
        var line = before.Count('\n') + 1;
        var column = index - before.LastIndexOf('\n');
        return line == 1 && !text.Contains('\n', StringComparison.Ordinal) ? $"position {column}" : $"line {line}, column {column}";
    }
}
