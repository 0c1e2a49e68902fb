using System.Globalization;

namespace Portal.Web.Components.Values;

/// <summary>How durations read: <c>66 s</c>, <c>11 m</c>, <c>5 h 48 m</c>, <c>1 d 18 h</c>. Never negative; parts are cut, not rounded.</summary>
public static class DurationText
{
    /// <summary>At most two units; seconds below two minutes.</summary>
    public static string Compact(TimeSpan duration)
    {
        var d = Positive(duration);
        if (d.TotalSeconds < 120) return N(Math.Floor(d.TotalSeconds), "s");
        if (d.TotalHours < 1) return N(d.Minutes, "m");
        return d.TotalDays < 1 ? Two(d.Hours, "h", d.Minutes, "m") : Two(Math.Floor(d.TotalDays), "d", d.Hours, "h");
    }

    /// <summary>For how long something has been so: as <see cref="Compact"/>, but days alone from two days on.</summary>
    public static string Since(TimeSpan duration)
    {
        var d = Positive(duration);
        return d.TotalDays >= 2 ? N(Math.Floor(d.TotalDays), "d") : Compact(d);
    }

    /// <summary>For sentences and measurements: <c>9 s</c>, <c>1 min 44 s</c>, then as <see cref="Compact"/>; milliseconds below a second.</summary>
    public static string Precise(TimeSpan duration)
    {
        var d = Positive(duration);
        if (d == TimeSpan.Zero) return "0 s";
        if (d.TotalSeconds < 1) return N(Math.Max(1, Math.Floor(d.TotalMilliseconds)), "ms");
        if (d.TotalMinutes < 1) return N(Math.Floor(d.TotalSeconds), "s");
        return d.TotalHours < 1 ? N(d.Minutes, "min") + " " + N(d.Seconds, "s") : Compact(d);
    }

    private static TimeSpan Positive(TimeSpan duration) => duration < TimeSpan.Zero ? TimeSpan.Zero : duration;

    private static string Two(double big, string bigUnit, int small, string smallUnit)
        => small == 0 ? N(big, bigUnit) : N(big, bigUnit) + " " + N(small, smallUnit);

    // The space between number and unit does not break.
    private static string N(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:#,0}\u00A0{unit}");
}
