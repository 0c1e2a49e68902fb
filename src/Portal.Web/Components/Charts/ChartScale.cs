using System.Globalization;

namespace Portal.Web.Components.Charts;

/// <summary>Round axis ticks and short numbers (the "nice numbers" of Heckbert, Graphics Gems, 1990: steps of 1, 2, 5 × 10ⁿ).</summary>
public static class ChartScale
{
    /// <summary>Ticks that cover the values, about <paramref name="wanted"/> of them; the first and the last are the axis' ends.</summary>
    public static IReadOnlyList<double> Covering(double min, double max, int wanted)
    {
        if (!double.IsFinite(min) || !double.IsFinite(max)) (min, max) = (0, 1);
        if (min > max) (min, max) = (max, min);
        if (max - min <= Math.Abs(max) * 1e-12) (min, max) = min == 0 ? (0, 1) : (min - Math.Abs(min) * 0.1, max + Math.Abs(max) * 0.1);
        var step = Step((max - min) / Math.Max(1, wanted - 1));
        // A hair beyond the last tick does not deserve another one.
        var first = Math.Floor(min / step + 1e-9);
        var last = Math.Ceiling(max / step - 1e-9);
        var ticks = new List<double>();
        for (var i = first; i <= last && ticks.Count < 50; i++) ticks.Add(i * step);
        return ticks;
    }

    /// <summary>Round values within the range, at most about <paramref name="wanted"/>.</summary>
    public static IReadOnlyList<double> Within(double min, double max, int wanted)
        => [.. Covering(min, max, wanted).Where(t => t >= min - (max - min) * 1e-9 && t <= max + (max - min) * 1e-9)];

    /// <summary><c>1,234</c>, <c>15k</c>, <c>2.4M</c>, <c>0.003</c>, <c>5.9e-5</c>; decimals as the distance of the ticks needs.</summary>
    public static string Text(double value, double step = 0)
    {
        var size = Math.Abs(value);
        if (size == 0) return "0";
        if (size >= 1e15) return value.ToString("0.##e0", CultureInfo.InvariantCulture);
        if (size >= 1e9) return Short(value / 1e9, step / 1e9) + "G";
        if (size >= 1e6) return Short(value / 1e6, step / 1e6) + "M";
        if (size >= 1e4) return Short(value / 1e3, step / 1e3) + "k";
        if (size < 1e-3) return value.ToString("0.##e-0", CultureInfo.InvariantCulture);
        return Short(value, step);
    }

    private static string Short(double value, double step)
    {
        var decimals = step > 0 ? Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 6) : Math.Abs(value) >= 100 ? 0 : Math.Abs(value) >= 10 ? 1 : 3;
        return value.ToString(step > 0 ? "N" + decimals : "#,0." + new string('#', decimals), CultureInfo.InvariantCulture);
    }

    private static double Step(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { < 1.5 => 1, < 3 => 2, < 7 => 5, _ => 10 } * power;
    }
}
