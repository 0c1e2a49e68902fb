using System.Globalization;
using System.Text.RegularExpressions;

namespace Portal.Domain.Workloads;

/// <summary>A <c>::metric name=value [name=value …] [step=n]</c> line of a workload's standard output.</summary>
public static partial class MetricLine
{
    /// <summary>Longest metric name kept.</summary>
    public const int MaxNameLength = 80;

    /// <summary>The metrics of a line, or nothing when the line is not one. Values that are not finite numbers are left out.</summary>
    public static IReadOnlyList<(string Name, double Value, long? Step)> Parse(string line)
    {
        if (!line.StartsWith("::metric ", StringComparison.Ordinal) || line.Length > 4096) return [];
        var pairs = Pair().Matches(line).Select(m => (Name: m.Groups[1].Value, Value: m.Groups[2].Value)).ToList();
        long? step = null;
        foreach (var pair in pairs.Where(p => p.Name == "step"))
            if (double.TryParse(pair.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && Math.Abs(n) < 1e15) step = (long)n;
        return pairs.Where(p => p.Name != "step" && p.Name.Length <= MaxNameLength)
            .Select(p => (p.Name, Ok: double.TryParse(p.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var v) && double.IsFinite(v), Value: v))
            .Where(p => p.Ok).Select(p => (p.Name, p.Value, step)).ToList();
    }

    [GeneratedRegex(@"(?<=\s)([A-Za-z][A-Za-z0-9_./\-]*)=(\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Pair();
}
