namespace Portal.Web.Components.Charts;

/// <summary>A point of a chart. For charts over time, x is Unix time in seconds. A y that is not finite is a gap.</summary>
public readonly record struct ChartPoint(double X, double Y);

/// <summary>One line of a chart.</summary>
/// <param name="Name">As in the legend.</param>
/// <param name="Points">In the order of x.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>Position in the chart palette, 1–6; 0 takes 1, 6, 3 … in turn, the order in which lines stay apart best.</summary>
    public int Color { get; init; }

    /// <summary>Dashed: a forecast, a limit.</summary>
    public bool Dashed { get; init; }

    /// <summary>Thicker, with a dot at its last point: the line that matters.</summary>
    public bool Strong { get; init; }
}

/// <summary>A vertical line that marks an event, such as an interruption.</summary>
public sealed record ChartMarker(double X, string? Text = null);

/// <summary>What the x axis counts.</summary>
public enum ChartAxis
{
    Number,
    /// <summary>Unix seconds, shown on the person's clock.</summary>
    Time,
}
