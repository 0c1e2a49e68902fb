namespace Portal.Web.Components.Pages.Items;

/// <summary>One bar of the cost histogram: how many launches cost between two amounts.</summary>
public sealed record CostBar(decimal From, decimal To, int Count, bool HoldsMedian)
{
    private const int Bars = 7;

    /// <summary>Seven bars of equal width from 0 to the largest cost. The last includes its end.</summary>
    public static IReadOnlyList<CostBar> Of(IReadOnlyList<decimal> costs, decimal median)
    {
        var largest = costs.DefaultIfEmpty(0).Max();
        // All free: one amount is still drawn.
        var width = largest > 0 ? largest / Bars : 0.01m;
        var counts = new int[Bars];
        foreach (var cost in costs) counts[Bar(cost)]++;
        return [.. counts.Select((count, i) => new CostBar(i * width, (i + 1) * width, count, i == Bar(median)))];

        int Bar(decimal cost) => Math.Clamp((int)Math.Floor(cost / width), 0, Bars - 1);
    }
}
