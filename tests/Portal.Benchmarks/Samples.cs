using System.Globalization;

namespace Portal.Benchmarks;

/// <summary>What was seen of one thing, measured many times.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Median => At(0.5);

    public void Add(double value) => _values.Add(value);

    /// <summary>The smallest value that this share of all does not exceed.</summary>
    public double At(double share)
    {
        var sorted = _values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
    }

    /// <summary>For a table: how many, and the spread.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"n={Count}, p95 {At(0.95):0.##}, worst {At(1):0.##}");
}
