using System.Globalization;

namespace Portal.Testing.Kubernetes.Json;

/// <summary>Amounts as the API writes them: <c>500m</c>, <c>1Gi</c>, <c>2e3</c>. Fractions finer than a thousandth are rounded up for display only.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Binary = [("Ei", 1152921504606846976m), ("Pi", 1125899906842624m), ("Ti", 1099511627776m), ("Gi", 1073741824m), ("Mi", 1048576m), ("Ki", 1024m)];

    private static readonly (string Suffix, decimal Factor)[] Decimal = [("E", 1e18m), ("P", 1e15m), ("T", 1e12m), ("G", 1e9m), ("M", 1e6m), ("k", 1e3m), ("", 1m), ("m", 1e-3m), ("u", 1e-6m), ("n", 1e-9m)];

    /// <summary>What the API says of a text that is no quantity.</summary>
    public const string FormatProblem = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    /// <summary>The amount, or null when the text is none.</summary>
    public static decimal? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        var end = text[0] is '+' or '-' ? 1 : 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            end++;
        if (!decimal.TryParse(text[..end], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return null;
        var suffix = text[end..];
        foreach (var (name, factor) in Binary.Concat(Decimal))
        {
            if (name == suffix)
                return number * factor;
        }
        if (suffix.Length > 1 && suffix[0] is 'e' or 'E' && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) && Math.Abs(exponent) <= 18)
            return number * (decimal)Math.Pow(10, exponent);
        return null;
    }

    /// <summary>The text as the API gives it back: <c>1000m</c> is <c>1</c>, <c>0.5Gi</c> is <c>512Mi</c>. Text that is no quantity stays.</summary>
    public static string Canonical(string text)
    {
        if (Parse(text) is not { } amount)
            return text;
        return text.EndsWith('i') ? FormatBinary(amount) : Format(amount, text.Contains('e') || (text.Contains('E') && !text.EndsWith('E')));
    }

    /// <summary>The amount in decimal form, with the largest suffix that leaves a whole number.</summary>
    public static string Format(decimal amount, bool exponent = false)
    {
        if (amount == 0)
            return "0";
        foreach (var (suffix, factor) in Decimal)
        {
            if (amount / factor == Math.Truncate(amount / factor))
                return (amount / factor).ToString("0", CultureInfo.InvariantCulture) + (exponent && factor > 1 ? "e" + Math.Round(Math.Log10((double)factor)) : suffix);
        }
        return Math.Ceiling(amount * 1e9m).ToString("0", CultureInfo.InvariantCulture) + "n";
    }

    /// <summary>The amount in binary form, with the largest suffix that leaves a whole number.</summary>
    public static string FormatBinary(decimal amount)
    {
        foreach (var (suffix, factor) in Binary)
        {
            if (amount != 0 && amount / factor == Math.Truncate(amount / factor))
                return (amount / factor).ToString("0", CultureInfo.InvariantCulture) + suffix;
        }
        return Math.Abs(amount) < 1024 && amount != Math.Truncate(amount) ? Format(amount) : Math.Ceiling(amount).ToString("0", CultureInfo.InvariantCulture);
    }

    /// <summary>A resource amount as its name's habit is: bytes in binary, the rest in decimal form.</summary>
    public static string FormatFor(string resource, decimal amount) =>
        resource.Contains("memory", StringComparison.Ordinal) || resource.Contains("storage", StringComparison.Ordinal) ? FormatBinary(amount) : Format(amount);
}
