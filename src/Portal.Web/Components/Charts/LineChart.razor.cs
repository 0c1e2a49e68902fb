using System.Globalization;
using Microsoft.AspNetCore.Components;
using Portal.Web.Components.Progress;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Charts;

public partial class LineChart
{
    private static readonly int[] LineColors = [1, 6, 3, 4, 2, 5];

    private ChartFrame? _frame;
    private List<(double Y, string Text)> _yTicks = [];
    private List<(double X, string Text, string Anchor)> _xTicks = [];
    private List<(ChartSeries Series, int Color, IReadOnlyList<ChartPoint> Points)> _drawn = [];
    private bool _whole;
    private bool _table;

    /// <summary>What the chart shows, for assistive technology: <c>Loss by step</c>.</summary>
    [Parameter, EditorRequired] public string Label { get; set; } = "";

    [Parameter, EditorRequired] public IReadOnlyList<ChartSeries> Series { get; set; } = [];

    [Parameter] public ChartAxis Axis { get; set; }

    /// <summary>Before the first number of the x axis and in the read-out: <c>step</c>.</summary>
    [Parameter] public string? XLabel { get; set; }

    /// <summary>After values in the read-out: <c>%</c>, <c>GiB</c>.</summary>
    [Parameter] public string? Unit { get; set; }

    /// <summary>Before values on the axis and in the read-out: <c>$</c>.</summary>
    [Parameter] public string? Prefix { get; set; }

    /// <summary>Events as vertical lines.</summary>
    [Parameter] public IReadOnlyList<ChartMarker> Markers { get; set; } = [];

    /// <summary>What the markers are, for the legend.</summary>
    [Parameter] public string MarkerName { get; set; } = "Spot interruption";

    /// <summary>px, legend excluded.</summary>
    [Parameter] public int Height { get; set; } = 320;

    /// <summary>Ends of the axes where the data should not decide.</summary>
    [Parameter] public double? MinX { get; set; }

    [Parameter] public double? MaxX { get; set; }

    [Parameter] public double? MinY { get; set; }

    [Parameter] public double? MaxY { get; set; }

    /// <summary>Fills under the lines.</summary>
    [Parameter] public bool Area { get; set; }

    [Parameter] public bool Legend { get; set; } = true;

    /// <summary>Few ticks, no marker words, no table: for MiniChart.</summary>
    [Parameter] public bool Small { get; set; }

    /// <summary>What stands there without data.</summary>
    [Parameter] public string Empty { get; set; } = "No values yet.";

    [Inject] private BrowserTimeZone TimeZone { get; set; } = null!;

    private string Summary => Label + ". " + string.Join(" ", Series.Select(Describe)) + (Markers.Count > 0 ? $" {Markers.Count} marked: {MarkerName}." : "");

    protected override void Lay()
    {
        var points = Series.SelectMany(s => s.Points).Where(p => double.IsFinite(p.Y) && double.IsFinite(p.X)).ToList();
        if (points.Count == 0)
        {
            _frame = null;
            return;
        }
        _whole = points.All(p => double.IsInteger(p.X));
        var minX = MinX ?? points.Min(p => p.X);
        var maxX = Math.Max(MaxX ?? points.Max(p => p.X), minX);
        // One point has no span; give it room on both sides.
        if (maxX - minX <= 0) (minX, maxX) = Axis == ChartAxis.Time ? (minX - 30, maxX + 30) : (minX - 1, maxX + 1);
        var ticks = YTicks(points);
        var step = ticks.Count > 1 ? ticks[1] - ticks[0] : 0;
        _yTicks = [.. ticks.Select(t => (t, Prefix + ChartScale.Text(t, t == 0 ? 0 : step)))];
        var left = 14 + _yTicks.Max(t => t.Text.Length) * 6.6;
        _frame = new ChartFrame(left, 10, Math.Max(20, Width - left - 8), Math.Max(20, Height - 10 - 26), minX, maxX, ticks[0], ticks[^1]);
        _xTicks = XTicks(_frame);
        _drawn = [.. Series.Select((s, i) => (s, s.Color is >= 1 and <= 6 ? s.Color : LineColors[i % LineColors.Length], ChartThinning.Thin(s.Points, Math.Max(100, Width))))];
    }

    // A small chart whose ends are given shows just these and the middle.
    private IReadOnlyList<double> YTicks(List<ChartPoint> points) => (Small, MinY, MaxY) switch
    {
        (true, { } min, { } max) when min < max && points.All(p => p.Y <= max) => [min, (min + max) / 2, max],
        _ => ChartScale.Covering(MinY ?? points.Min(p => p.Y), MaxY ?? points.Max(p => p.Y), Small ? 3 : 5),
    };

    private List<(double, string, string)> XTicks(ChartFrame frame)
    {
        var wanted = Math.Clamp((int)(frame.Width / 95), 3, 8);
        List<(double X, string Text)> ticks;
        var (from, to) = (At(frame.MinX), At(frame.MaxX));
        if (Axis == ChartAxis.Time && Small)
        {
            ticks = [.. new[] { frame.MinX, (frame.MinX + frame.MaxX) / 2, frame.MaxX }.Select(x => (x, TimeTicks.Text(TimeZone.Local(At(x)), to - from)))];
        }
        else if (Axis == ChartAxis.Time)
        {
            ticks = [.. TimeTicks.Between(from, to, TimeZone.Zone, wanted).Select(t => (t.ToUnixTimeMilliseconds() / 1000d, TimeTicks.Text(TimeZone.Local(t), to - from)))];
        }
        else
        {
            var values = ChartScale.Within(frame.MinX, frame.MaxX, wanted);
            ticks = [.. values.Select((v, i) => (v, (i == 0 && XLabel is not null ? XLabel + " " : "") + v.ToString("#,0.######", CultureInfo.InvariantCulture)))];
        }
        return [.. ticks.Select(t => (t.X, t.Text, Anchor(frame, t.X)))];
    }

    // A marker's words go to the side with more room and are cut to it (6 px is a generous letter of 11 px Inter).
    private static string Fit(string text, double room) => text.Length * 6 <= room ? text : room < 60 ? "" : text[..(int)(room / 6)] + "…";

    // Words at the edges stay inside the drawing.
    private static string Anchor(ChartFrame frame, double x)
        => frame.X(x) < frame.Left + 24 ? "start" : frame.X(x) > frame.Right - 24 ? "end" : "middle";

    private string Describe(ChartSeries series)
    {
        var values = series.Points.Where(p => double.IsFinite(p.Y)).ToList();
        if (values.Count == 0) return $"{series.Name}: no values.";
        var unit = Unit is null ? "" : " " + Unit;
        return $"{series.Name}: {values.Count} values from {Prefix}{ChartScale.Text(values.Min(p => p.Y))} to {Prefix}{ChartScale.Text(values.Max(p => p.Y))}{unit}, last {Prefix}{ChartScale.Text(values[^1].Y)}{unit}.";
    }

    private static ChartPoint? LastOf(IReadOnlyList<ChartPoint> points)
    {
        for (var i = points.Count - 1; i >= 0; i--)
            if (double.IsFinite(points[i].Y)) return points[i];
        return null;
    }

    private static DateTimeOffset At(double unixSeconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)(Math.Clamp(unixSeconds, 0, 253_000_000_000) * 1000));

    private static string N(double value) => ChartFrame.N(value);

    private static string R(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
