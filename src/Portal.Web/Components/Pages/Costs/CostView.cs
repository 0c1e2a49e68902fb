using System.Globalization;
using Portal.Application.Costs;
using Portal.Web.Api;

namespace Portal.Web.Components.Pages.Costs;

/// <summary>What the address says the Costs page shows, and the addresses of other views: <c>/costs?group=team&amp;then=item&amp;month=2026-11&amp;filter=kind:TrainingRun</c>.</summary>
public sealed record CostView
{
    private const string MonthForm = "yyyy-MM";

    /// <summary>What the page offers to group by first; a second grouping may also be one of time.</summary>
    public static IReadOnlyList<CostDimension> Groups { get; } = [.. Enum.GetValues<CostDimensionKind>().Where(k => k < CostDimensionKind.Tag).Select(k => new CostDimension(k))];

    /// <summary>What the page offers as the second grouping.</summary>
    public static IReadOnlyList<CostDimension> Thens { get; } = [.. Groups, .. Enum.GetValues<CostDimensionKind>().Where(k => k > CostDimensionKind.Tag).Select(k => new CostDimension(k))];

    public required CostDimension Group { get; init; }

    public CostDimension? Then { get; init; }

    public required DateTimeOffset From { get; init; }

    /// <summary>Exclusive; null: until now.</summary>
    public DateTimeOffset? To { get; init; }

    public IReadOnlyList<CostFilter> Filters { get; init; } = [];

    /// <summary>What the address has that nobody understands, in words; it is left out.</summary>
    public IReadOnlyList<string> Wrong { get; init; } = [];

    /// <summary>True when it is one calendar month (UTC).</summary>
    public bool IsMonth => From == MonthOf(From) && To == From.AddMonths(1);

    /// <summary>Period and filters, not grouped.</summary>
    public CostQuery Query => new() { From = From, To = To, Filters = Filters };

    /// <summary>What the table is expanded by, down to workloads.</summary>
    public IReadOnlyList<CostDimension> Levels
    {
        get
        {
            List<CostDimension> levels = Then is null ? [Group] : [Group, Then];
            var workload = new CostDimension(CostDimensionKind.Workload);
            if (!levels.Contains(workload)) levels.Add(workload);
            return levels;
        }
    }

    /// <summary>The same as a file.</summary>
    public string ExportHref => "/api/v1/costs/export?format=csv&" + CostWords.Write(Query with { GroupBy = Then is null ? [Group] : [Group, Then] });

    /// <summary>Its address.</summary>
    public string Href => "/costs?" + string.Join('&', [
        "group=" + Uri.EscapeDataString(Group.Word),
        .. Then is null ? Array.Empty<string>() : ["then=" + Uri.EscapeDataString(Then.Word)],
        .. IsMonth ? ["month=" + From.ToString(MonthForm, CultureInfo.InvariantCulture)] : To is null ? ["from=" + CostWords.Write(From)] : new[] { "from=" + CostWords.Write(From), "to=" + CostWords.Write(To.Value) },
        .. Filters.Select(f => "filter=" + CostWords.Write(f)),
    ]);

    /// <summary>Reads an address; without a period, this month.</summary>
    public static CostView Of(string uri, DateTimeOffset now)
    {
        var address = uri.IndexOf('?', StringComparison.Ordinal) is var at and >= 0 ? uri[(at + 1)..].Split('#')[0] : "";
        var (query, errors) = CostWords.Read(address, now);
        var wrong = errors.Select(e => $"{e.Key}: {e.Value[0]}").ToList();
        var group = Dimension(address, "group", Groups, wrong) ?? new CostDimension(CostDimensionKind.Team);
        var then = Dimension(address, "then", Thens, wrong);
        var month = MonthOf(now);
        if (CostWords.One(address, "month") is { } word)
        {
            if (DateTime.TryParseExact(word, MonthForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)) month = new DateTimeOffset(first, TimeSpan.Zero);
            else wrong.Add("month: Give one such as 2026-11.");
        }
        var hasPeriod = query is not null && (CostWords.One(address, "from") ?? CostWords.One(address, "to")) is not null;
        return new CostView { Group = group, Then = then == group ? null : then, From = hasPeriod ? query!.From : month, To = hasPeriod ? query!.To : month.AddMonths(1), Filters = query?.Filters ?? [], Wrong = wrong };
    }

    /// <summary>The month some months later or earlier.</summary>
    public CostView Month(int later) => this with { From = MonthOf(From).AddMonths(later), To = MonthOf(From).AddMonths(later + 1) };

    /// <summary>The current month.</summary>
    public CostView ThisMonth(DateTimeOffset now) => this with { From = MonthOf(now), To = MonthOf(now).AddMonths(1) };

    /// <summary>One value more of a dimension.</summary>
    public CostView With(CostDimension dimension, string value)
    {
        var known = Filters.FirstOrDefault(f => f.Dimension == dimension);
        return this with { Filters = [.. Filters.Where(f => f.Dimension != dimension), new CostFilter(dimension, [.. (known?.Values ?? []).Union([value])])] };
    }

    /// <summary>Without a filter.</summary>
    public CostView Without(CostFilter filter) => this with { Filters = [.. Filters.Where(f => f != filter)] };

    private static CostDimension? Dimension(string address, string name, IReadOnlyList<CostDimension> offered, List<string> wrong)
    {
        if (CostWords.One(address, name) is not { } word) return null;
        if (CostDimension.Parse(word) is { } dimension && (dimension.Kind == CostDimensionKind.Tag || offered.Contains(dimension))) return dimension;
        wrong.Add($"{name}: '{word}' is unknown. Allowed: {string.Join(", ", offered.Select(d => d.Word))}, tag:NAME.");
        return null;
    }

    private static DateTimeOffset MonthOf(DateTimeOffset at) => new(at.UtcDateTime.Year, at.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
}
