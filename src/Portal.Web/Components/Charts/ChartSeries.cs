namespace Portal.Web.Components.Charts;

/// <summary>A point of a chart. For charts over time, x is Unix time in seconds.</summary>
public readonly record struct ChartPoint(double X, double Y);
