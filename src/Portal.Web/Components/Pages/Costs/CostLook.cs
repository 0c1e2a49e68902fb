using System.Globalization;
using Portal.Application.Costs;
using Portal.Domain.Workloads;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Costs;

/// <summary>How groups of costs read.</summary>
internal static class CostLook
{
    /// <summary>A dimension within a sentence: <c>team</c>, <c>tag project</c>.</summary>
    public static string Word(CostDimension dimension) => dimension.Kind == CostDimensionKind.Tag ? "tag " + dimension.Tag : dimension.Word;

    /// <summary>A dimension at the head of a column.</summary>
    public static string Title(CostDimension dimension) => Word(dimension) is var word ? char.ToUpperInvariant(word[0]) + word[1..] : "";

    /// <summary>A number of groups: <c>3 teams</c>, <c>1 category</c>.</summary>
    public static string Count(int groups, CostDimension dimension) => FormattableString.Invariant($"{groups:N0} ") + dimension.Kind switch
    {
        CostDimensionKind.Tag => $"{(groups == 1 ? "value" : "values")} of {Word(dimension)}",
        CostDimensionKind.Category => groups == 1 ? "category" : "categories",
        CostDimensionKind.Capacity => groups == 1 ? "kind of capacity" : "kinds of capacity",
        _ => Word(dimension) + (groups == 1 ? "" : "s"),
    };

    /// <summary>A group. Teams and items go by their slug here as everywhere.</summary>
    public static string Name(CostDimension dimension, string key, string name) => dimension.Kind switch
    {
        CostDimensionKind.Team or CostDimensionKind.Item => key,
        CostDimensionKind.Kind => Enum.TryParse<WorkloadKind>(key, out var kind) ? IconSet.Word(kind) : key,
        CostDimensionKind.Tag when key.Length == 0 => $"no {dimension.Tag}",
        CostDimensionKind.Day => Date(key).ToString("ddd d MMMM", CultureInfo.InvariantCulture),
        CostDimensionKind.Week => Date(key).ToString("'week of' d MMMM", CultureInfo.InvariantCulture),
        CostDimensionKind.Month => DateOnly.ParseExact(key, "yyyy-MM", CultureInfo.InvariantCulture).ToString("MMMM yyyy", CultureInfo.InvariantCulture),
        _ => name,
    };

    /// <summary>A period, its last day included: <c>November 2026</c>, <c>3–9 November 2026</c>.</summary>
    public static string Period(CostView view, DateTimeOffset now)
    {
        if (view.IsMonth) return view.From.ToString("MMMM yyyy", CultureInfo.InvariantCulture);
        var (from, last) = (view.From.UtcDateTime, (view.To ?? now).AddTicks(-1).UtcDateTime);
        if (from.Date == last.Date) return last.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
        var start = from.Year != last.Year ? "d MMMM yyyy" : from.Month != last.Month ? "d MMMM" : "%d";
        return from.ToString(start, CultureInfo.InvariantCulture) + "–" + last.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
    }

    /// <summary>A share of the whole: <c>43.0%</c>.</summary>
    public static string Share(decimal part, decimal whole) => whole == 0 ? "—" : (part / whole).ToString("0.0%", CultureInfo.InvariantCulture);

    /// <summary>Hours with one decimal.</summary>
    public static string Hours(decimal hours) => hours.ToString("#,0.0", CultureInfo.InvariantCulture) + "\u00A0h";

    private static DateOnly Date(string key) => DateOnly.ParseExact(key, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
