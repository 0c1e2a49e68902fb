namespace Portal.Web.Components.Charts;

/// <summary>Keeps charts light: of many points only those the eye can tell apart are drawn.</summary>
public static class ChartThinning
{
    /// <summary>
    /// At most about <paramref name="most"/> points: of each bucket the lowest and the highest, so that no spike is lost. First and last stay, and a gap stays a gap.
    /// </summary>
    public static IReadOnlyList<ChartPoint> Thin(IReadOnlyList<ChartPoint> points, int most)
    {
        if (points.Count <= most || most < 4) return points;
        var buckets = most / 2;
        var kept = new List<ChartPoint>(most + 2) { points[0] };
        for (var b = 0; b < buckets; b++)
        {
            var from = (int)((long)b * points.Count / buckets);
            var to = (int)((long)(b + 1) * points.Count / buckets);
            var (low, high, gap) = Extremes(points, from, to);
            foreach (var i in new[] { low, high, gap }.Where(i => i > 0 && i < points.Count - 1).Distinct().Order()) kept.Add(points[i]);
        }
        kept.Add(points[^1]);
        return kept;
    }

    private static (int Low, int High, int Gap) Extremes(IReadOnlyList<ChartPoint> points, int from, int to)
    {
        var (low, high, gap) = (-1, -1, -1);
        for (var i = from; i < to; i++)
        {
            var y = points[i].Y;
            if (!double.IsFinite(y)) gap = i;
            else if (low < 0 || y < points[low].Y) low = i;
            if (double.IsFinite(y) && (high < 0 || y > points[high].Y)) high = i;
        }
        return (low, high, gap);
    }
}
