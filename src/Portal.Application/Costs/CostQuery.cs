using System.Globalization;

namespace Portal.Application.Costs;

/// <summary>Only costs whose dimension has one of the values. A tag's value <c>""</c> stands for workloads without the tag.</summary>
public sealed record CostFilter(CostDimension Dimension, IReadOnlyList<string> Values);

/// <summary>Which costs, and by what they are added up.</summary>
public sealed record CostQuery
{
    /// <summary>Usage that begins before it does not count. The ledger is kept by the clock hour (UTC): a record counts whole, in the period in which it begins.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Exclusive; null: until now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>None: one row for all. No dimension twice.</summary>
    public IReadOnlyList<CostDimension> GroupBy { get; init; } = [];

    /// <summary>All of them must hold.</summary>
    public IReadOnlyList<CostFilter> Filters { get; init; } = [];

    /// <summary>The same narrowed to one group: what <see cref="CostRow.Keys"/> holds for the dimension.</summary>
    public CostQuery Within(CostDimension dimension, string key)
    {
        if (!dimension.IsTime) return this with { Filters = [.. Filters, new CostFilter(dimension, [key])] };
        var start = new DateTimeOffset(DateTime.ParseExact(key, dimension.Kind == CostDimensionKind.Month ? "yyyy-MM" : "yyyy-MM-dd", CultureInfo.InvariantCulture), TimeSpan.Zero);
        var end = dimension.Kind switch { CostDimensionKind.Day => start.AddDays(1), CostDimensionKind.Week => start.AddDays(7), _ => start.AddMonths(1) };
        return this with { From = start > From ? start : From, To = To is null || end < To ? end : To };
    }
}

/// <summary>Costs added up.</summary>
/// <param name="Hours">Hours billed of the <c>compute</c> component, so that a second component does not count the same hour again.</param>
public record CostSum(decimal Cost, decimal ListCost, decimal Hours)
{
    /// <summary>What list prices would have cost more.</summary>
    public decimal Saving => ListCost - Cost;

    public static CostSum operator +(CostSum a, CostSum b) => new(a.Cost + b.Cost, a.ListCost + b.ListCost, a.Hours + b.Hours);

    public static CostSum operator -(CostSum a, CostSum b) => new(a.Cost - b.Cost, a.ListCost - b.ListCost, a.Hours - b.Hours);
}

/// <summary>One group.</summary>
/// <param name="Keys">One a dimension: team and item and category by slug, owner by e-mail, workload by id, day and week (its Monday) as 2026-11-02, month as 2026-11.</param>
/// <param name="Names">The same for people: the team's name, the workload's name.</param>
public sealed record CostRow(IReadOnlyList<string> Keys, IReadOnlyList<string> Names, decimal Cost, decimal ListCost, decimal Hours, string Currency) : CostSum(Cost, ListCost, Hours);

/// <summary>Rows and what they come to.</summary>
/// <param name="Total">Of all groups, also of those left out of <paramref name="Rows"/>.</param>
/// <param name="Groups">How many there are.</param>
/// <param name="AsOf">The instant until which open usage is counted.</param>
public sealed record CostReport(IReadOnlyList<CostRow> Rows, CostSum Total, int Groups, string Currency, DateTimeOffset AsOf);

/// <summary>What the Costs page shows before anything is expanded.</summary>
/// <param name="Report">The most expensive groups first.</param>
/// <param name="Top">Keys of the groups that have days of their own.</param>
/// <param name="Days">Cost by day, and by group or, with a null group, of all others.</param>
public sealed record CostOverview(CostReport Report, IReadOnlyList<string> Top, IReadOnlyList<(DateOnly Day, string? Group, decimal Cost)> Days);
