using System.Globalization;
using Portal.Application.Costs;
using Portal.Web.Components.Charts;

namespace Portal.Web.Components.Pages.Costs;

/// <summary>The bars above the table: by day, or by month when there are more days than a screen can tell apart.</summary>
internal sealed record CostDays(bool ByMonth, IReadOnlyList<(string Short, string Long)> Bars, IReadOnlyList<BarSeries> Series)
{
    private const int MostDays = 186;

    /// <summary>The last group's name when there are more groups than colours.</summary>
    public const string Others = "Other";

    public static CostDays Of(CostOverview overview, CostView view)
    {
        if (overview.Days.Count == 0) return new CostDays(false, [], []);
        var first = Later(DateOnly.FromDateTime(view.From.UtcDateTime), overview.Days.Min(d => d.Day), view.IsMonth);
        var last = DateOnly.FromDateTime((view.To ?? overview.Report.AsOf).AddTicks(-1).UtcDateTime);
        // A period without end, or with one far ahead, ends today; a month is drawn whole.
        var today = DateOnly.FromDateTime(overview.Report.AsOf.UtcDateTime);
        if (!view.IsMonth && last > today) last = today;
        var byMonth = last.DayNumber - first.DayNumber >= MostDays;
        List<DateOnly> bars = [];
        for (var day = byMonth ? new DateOnly(first.Year, first.Month, 1) : first; day <= last; day = byMonth ? day.AddMonths(1) : day.AddDays(1)) bars.Add(day);
        var series = overview.Top.Select((key, n) => Part(Name(overview, view, key), key) with { Color = n + 1 }).ToList();
        if (overview.Days.Any(d => d.Group is null)) series.Add(Part(Others, null));
        return new CostDays(byMonth, [.. bars.Select(b => Words(b, byMonth, first.Year == last.Year && first.Month == last.Month))], series);

        BarSeries Part(string name, string? key)
        {
            var sums = overview.Days.Where(d => d.Group == key).GroupBy(d => byMonth ? new DateOnly(d.Day.Year, d.Day.Month, 1) : d.Day).ToDictionary(g => g.Key, g => (double)g.Sum(d => d.Cost));
            return new BarSeries(name, [.. bars.Select(b => sums.GetValueOrDefault(b))]);
        }
    }

    // A year that began before there was anything is not drawn empty.
    private static DateOnly Later(DateOnly from, DateOnly data, bool month) => month || data.DayNumber - from.DayNumber < MostDays ? from : data;

    private static string Name(CostOverview overview, CostView view, string key) => overview.Report.Rows.First(r => r.Keys[0] == key) is var row ? CostLook.Name(view.Group, key, row.Names[0]) : key;

    private static (string, string) Words(DateOnly day, bool byMonth, bool sameMonth) => byMonth
        ? (day.ToString("MMM yy", CultureInfo.InvariantCulture), day.ToString("MMMM yyyy", CultureInfo.InvariantCulture))
        : (day.ToString(sameMonth ? "%d" : "d MMM", CultureInfo.InvariantCulture), day.ToString("ddd d MMMM yyyy", CultureInfo.InvariantCulture));
}
