using System.Globalization;
using System.Text;

namespace Portal.Web.Components.Charts;

/// <summary>The geometry of one drawing: where values lie in pixels.</summary>
public sealed record ChartFrame(double Left, double Top, double Width, double Height, double MinX, double MaxX, double MinY, double MaxY)
{
    public double Bottom => Top + Height;

    public double Right => Left + Width;

    public double X(double value) => Left + (MaxX > MinX ? (value - MinX) / (MaxX - MinX) : 0.5) * Width;

    public double Y(double value) => Bottom - (MaxY > MinY ? (value - MinY) / (MaxY - MinY) : 0.5) * Height;

    /// <summary>The SVG path of a line; gaps break it.</summary>
    public string Line(IReadOnlyList<ChartPoint> points)
    {
        var path = new StringBuilder();
        var down = false;
        foreach (var point in points)
        {
            if (!double.IsFinite(point.Y))
            {
                down = false;
                continue;
            }
            path.Append(down ? 'L' : 'M').Append(N(X(point.X))).Append(' ').Append(N(Y(point.Y)));
            down = true;
        }
        return path.ToString();
    }

    /// <summary>The path of the area under a line, stretch by stretch.</summary>
    public string Area(IReadOnlyList<ChartPoint> points)
    {
        var path = new StringBuilder();
        double? last = null;
        foreach (var point in points)
        {
            if (!double.IsFinite(point.Y))
            {
                Close();
                continue;
            }
            path.Append(last is null ? $"M{N(X(point.X))} {N(Bottom)}L" : "L").Append(N(X(point.X))).Append(' ').Append(N(Y(point.Y)));
            last = point.X;
        }
        Close();
        return path.ToString();

        void Close()
        {
            if (last is { } x) path.Append('L').Append(N(X(x))).Append(' ').Append(N(Bottom)).Append('Z');
            last = null;
        }
    }

    /// <summary>A number for SVG.</summary>
    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
