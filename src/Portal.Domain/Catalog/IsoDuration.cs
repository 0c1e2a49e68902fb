using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Portal.Domain.Catalog;

/// <summary>Durations as files and the API write them: ISO 8601 with weeks, days, hours, minutes and seconds (<c>PT8H</c>, <c>P1DT12H</c>, <c>PT0.5S</c>). Years and months have no fixed length and are refused.</summary>
public static partial class IsoDuration
{
    /// <summary>What a message says is allowed.</summary>
    public const string Allowed = "an ISO 8601 duration such as PT30S, PT15M, PT8H or P7D";

    /// <summary>The longest duration taken: ten years of 366 days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    /// <summary>Reads a duration; false when it is not one, is negative or is longer than <see cref="Longest"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is null || text.Length > 64)
            return false;
        var match = Form().Match(text);
        if (!match.Success || text[^1] is 'P' or 'T')
            return false;
        var days = Part(match, 1) * 7 + Part(match, 2);
        var seconds = days * 86400 + Part(match, 3) * 3600 + Part(match, 4) * 60 + Part(match, 5);
        if (seconds > Longest.TotalSeconds)
            return false;
        duration = TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary>The shortest form: <c>PT8H</c>, <c>P1DT30M</c>, <c>PT0S</c>. <see cref="TryParse"/> reads it back to the same value.</summary>
    public static string Format(TimeSpan duration)
    {
        var text = new StringBuilder("P");
        if (duration.Days > 0)
            text.Append(CultureInfo.InvariantCulture, $"{duration.Days}D");
        var rest = duration - TimeSpan.FromDays(duration.Days);
        if (rest > TimeSpan.Zero || duration.Days == 0)
            text.Append('T');
        if (rest.Hours > 0)
            text.Append(CultureInfo.InvariantCulture, $"{rest.Hours}H");
        if (rest.Minutes > 0)
            text.Append(CultureInfo.InvariantCulture, $"{rest.Minutes}M");
        var seconds = (decimal)(rest.Ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond;
        if (seconds > 0 || duration == TimeSpan.Zero)
            text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}S");
        return text.ToString();
    }

    private static double Part(Match match, int group) =>
        match.Groups[group].Success ? double.Parse(match.Groups[group].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\AP(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,7})?)S)?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
