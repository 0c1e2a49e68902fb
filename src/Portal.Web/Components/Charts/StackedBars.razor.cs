using Microsoft.AspNetCore.Components;

namespace Portal.Web.Components.Charts;

public partial class StackedBars
{
    private ChartFrame? _frame;
    private List<(double Y, string Text)> _ticks = [];
    private int _labelEvery = 1;
    private bool _table;

    /// <summary>What the chart shows, for assistive technology: <c>Cost by day</c>.</summary>
    [Parameter, EditorRequired] public string Label { get; set; } = "";

    /// <summary>Below the bar, and in full for its read-out and the table.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<(string Short, string Long)> Bars { get; set; } = [];

    /// <summary>From the bottom up.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<BarSeries> Series { get; set; } = [];

    /// <summary>Head of the table's first column: <c>Day</c>.</summary>
    [Parameter] public string StepName { get; set; } = "Day";

    /// <summary>A value in words.</summary>
    [Parameter] public Func<double, string> Format { get; set; } = value => ChartScale.Text(value);

    /// <summary>Before numbers on the axis: <c>$</c>.</summary>
    [Parameter] public string? Prefix { get; set; }

    /// <summary>px, legend excluded.</summary>
    [Parameter] public int Height { get; set; } = 280;

    /// <summary>What stands there without data.</summary>
    [Parameter] public string Empty { get; set; } = "No values yet.";

    private double Step => _frame!.Width / Bars.Count;

    private double Gap => Step > 8 ? Step * 0.14 : Step > 3 ? 0.5 : 0;

    private string Summary => $"{Label}. {string.Join(" ", Series.Select(s => $"{s.Name}: {Format(s.Values.Sum())}."))}";

    protected override void Lay()
    {
        _frame = null;
        if (Bars.Count == 0 || Series.Count == 0) return;
        // Money below a cent is drawn on a scale of a cent: nobody reads hundredths of it.
        var ticks = ChartScale.Covering(0, Math.Max(Enumerable.Range(0, Bars.Count).Max(Sum), Prefix is null ? 0 : 0.01), 5);
        _ticks = [.. ticks.Select(t => (t, Prefix + ChartScale.Text(t, t == 0 ? 0 : ticks[1] - ticks[0])))];
        var left = 14 + _ticks.Max(t => t.Text.Length) * 6.6;
        _frame = new ChartFrame(left, 10, Math.Max(20, Width - left - 8), Math.Max(20, Height - 10 - 26), 0, Bars.Count, ticks[0], ticks[^1]);
        _labelEvery = Math.Max(1, (int)Math.Ceiling((Bars.Max(b => b.Short.Length) * 7 + 8) / Step));
    }

    private double Sum(int bar) => Series.Sum(s => s.Values[bar]);

    private List<(string Hue, double Top, double Height)> Parts(int bar)
    {
        var (parts, below) = (new List<(string, double, double)>(), 0d);
        foreach (var series in Series.Where(s => s.Values[bar] > 0))
        {
            var top = _frame!.Y(below + series.Values[bar]);
            // A hair of the ground between two parts, where they are thick enough to spare it.
            var height = _frame.Y(below) - top;
            parts.Add((series.Hue, top, height > 4 && below > 0 ? height - 1 : height));
            below += series.Values[bar];
        }
        return parts;
    }

    private string Words(int bar) => $"{Bars[bar].Long}: {Format(Sum(bar))}{string.Concat(Series.Where(s => s.Values[bar] > 0).Reverse().Select(s => $"\n{s.Name} {Format(s.Values[bar])}"))}";

    private static string N(double value) => ChartFrame.N(value);
}
