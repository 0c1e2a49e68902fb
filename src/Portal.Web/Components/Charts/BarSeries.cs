namespace Portal.Web.Components.Charts;

/// <summary>One part of every bar of a stack.</summary>
/// <param name="Values">One a bar, not negative.</param>
public sealed record BarSeries(string Name, IReadOnlyList<double> Values)
{
    /// <summary>Position in the chart palette, 1–6; 0: all others, grey.</summary>
    public int Color { get; init; }

    /// <summary>The CSS colour.</summary>
    public string Hue => Color is >= 1 and <= 6 ? $"var(--chart-{Color})" : "var(--chart-other)";
}
