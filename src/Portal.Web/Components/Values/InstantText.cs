using System.Globalization;

namespace Portal.Web.Components.Values;

/// <summary>How instants read. All arguments are on the person's clock.</summary>
public static class InstantText
{
    /// <summary><c>4 s ago</c>, <c>26 min ago</c>, <c>5 h ago</c>, <c>yesterday</c>, <c>Sunday</c>, <c>9 Oct</c>, <c>9 Oct 2025</c>; ahead: <c>in 22 min</c>, <c>tomorrow 14:06</c>.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var passed = now - at;
        return passed >= TimeSpan.Zero ? Past(at, now, passed) : Ahead(at, now, -passed);
    }

    /// <summary><c>14:30:54 today</c>, <c>02:30 tomorrow</c>, <c>9 Oct 14:02</c>.</summary>
    public static string Clock(DateTimeOffset at, DateTimeOffset now, bool seconds = false)
    {
        var time = at.ToString(seconds ? "HH:mm:ss" : "HH:mm", CultureInfo.InvariantCulture);
        return Days(at, now) switch
        {
            0 => time + " today",
            1 => time + " tomorrow",
            -1 => time + " yesterday",
            _ => Date(at, now) + " " + time,
        };
    }

    /// <summary>As short as a table needs: the time today, else the day.</summary>
    public static string Short(DateTimeOffset at, DateTimeOffset now) => Days(at, now) switch
    {
        0 => at.ToString("HH:mm", CultureInfo.InvariantCulture),
        -1 => "yesterday",
        < 0 and > -7 => at.ToString("dddd", CultureInfo.InvariantCulture),
        1 => "tomorrow",
        _ => Date(at, now),
    };

    /// <summary>Nothing left to guess: <c>Tuesday 24 November 2026, 14:32:05 (UTC+1)</c>.</summary>
    public static string Exact(DateTimeOffset at)
    {
        var offset = at.Offset == TimeSpan.Zero ? "UTC" : string.Create(CultureInfo.InvariantCulture,
            $"UTC{(at.Offset < TimeSpan.Zero ? "−" : "+")}{at.Offset.Duration().TotalHours:0.##}");
        return at.ToString("dddd d MMMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture) + " (" + offset + ")";
    }

    /// <summary><c>9 Oct</c>, with the year when it is not this one.</summary>
    public static string Date(DateTimeOffset at, DateTimeOffset now) => at.ToString(at.Year == now.Year ? "d MMM" : "d MMM yyyy", CultureInfo.InvariantCulture);

    private static string Past(DateTimeOffset at, DateTimeOffset now, TimeSpan passed)
    {
        if (passed.TotalSeconds < 2) return "just now";
        if (passed.TotalSeconds < 120) return Invariant($"{Math.Floor(passed.TotalSeconds)} s ago");
        if (passed.TotalMinutes < 60) return Invariant($"{Math.Floor(passed.TotalMinutes)} min ago");
        if (passed.TotalHours < 12 || Days(at, now) == 0) return Invariant($"{Math.Floor(passed.TotalHours)} h ago");
        return Short(at, now);
    }

    private static string Ahead(DateTimeOffset at, DateTimeOffset now, TimeSpan left)
    {
        if (left.TotalSeconds < 120) return Invariant($"in {Math.Floor(left.TotalSeconds)} s");
        if (left.TotalMinutes < 60) return Invariant($"in {Math.Floor(left.TotalMinutes)} min");
        if (left.TotalHours < 12) return "in " + DurationText.Compact(left);
        var time = at.ToString("HH:mm", CultureInfo.InvariantCulture);
        return Days(at, now) switch
        {
            0 => "today " + time,
            1 => "tomorrow " + time,
            < 7 => at.ToString("dddd ", CultureInfo.InvariantCulture) + time,
            _ => Date(at, now),
        };
    }

    private static int Days(DateTimeOffset at, DateTimeOffset now) => (at.Date - now.Date).Days;

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text).Replace(' ', '\u00A0');
}
