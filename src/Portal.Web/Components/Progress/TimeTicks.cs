using System.Globalization;

namespace Portal.Web.Components.Progress;

/// <summary>Round instants for time axes, on the person's clock.</summary>
public static class TimeTicks
{
    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3),
        TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromDays(1), TimeSpan.FromDays(2), TimeSpan.FromDays(7), TimeSpan.FromDays(30), TimeSpan.FromDays(90),
    ];

    /// <summary>At most <paramref name="most"/> instants within the span, all multiples of one round step counted from local midnight.</summary>
    public static IReadOnlyList<DateTimeOffset> Between(DateTimeOffset from, DateTimeOffset to, TimeZoneInfo zone, int most)
    {
        var span = to - from;
        if (span <= TimeSpan.Zero || most < 1) return [];
        var step = Steps.FirstOrDefault(s => span / s <= most, TimeSpan.FromDays(365));
        // Ticks are aligned to the wall clock at the start; a change of the clock within the span shifts none of them.
        var offset = zone.GetUtcOffset(from);
        var first = new DateTimeOffset((from.UtcTicks + offset.Ticks + step.Ticks - 1) / step.Ticks * step.Ticks - offset.Ticks, TimeSpan.Zero);
        var ticks = new List<DateTimeOffset>();
        for (var at = first; at <= to && ticks.Count <= most; at += step) ticks.Add(at);
        return ticks;
    }

    /// <summary>The words of a tick: seconds for short spans, days for long ones.</summary>
    public static string Text(DateTimeOffset local, TimeSpan span)
    {
        if (span < TimeSpan.FromMinutes(3)) return local.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        if (span < TimeSpan.FromHours(30)) return local.ToString("HH:mm", CultureInfo.InvariantCulture);
        return local.ToString(local.TimeOfDay == TimeSpan.Zero || span > TimeSpan.FromDays(5) ? "d MMM" : "d MMM HH:mm", CultureInfo.InvariantCulture);
    }
}
