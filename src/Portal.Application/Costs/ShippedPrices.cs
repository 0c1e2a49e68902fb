using System.Globalization;
using Portal.Domain.Costs;

namespace Portal.Application.Costs;

/// <summary>
/// Prices of EC2's machines (Linux, USD per hour) as they were on 2026-11-22, by AWS zone id; source: the public repository skypilot-org/skypilot-catalog. On-demand prices are a region's, spot prices a zone's; the latter age fastest.
/// </summary>
internal static class ShippedPrices
{
    /// <summary>The first instant they hold for; those of later releases get a later one.</summary>
    private static readonly DateTimeOffset From = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<InstancePrice> Read()
    {
        using var stream = typeof(ShippedPrices).Assembly.GetManifestResourceStream("ec2-prices.csv") ?? throw new InvalidOperationException("The shipped prices are not in the assembly.");
        using var reader = new StreamReader(stream);
        reader.ReadLine();
        var known = new HashSet<(string, string)>();
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(',');
            var (region, zone, type) = (fields[0], fields[1], fields[2]);
            if (known.Add((region, type))) yield return Price(type, region, "", spot: false, fields[3]);
            if (fields[4].Length > 0) yield return Price(type, region, zone, spot: true, fields[4]);
        }
    }

    private static InstancePrice Price(string type, string region, string zone, bool spot, string price) => new()
    {
        Id = Guid.CreateVersion7(), InstanceType = type, Region = region, Zone = zone, Spot = spot, Price = decimal.Parse(price, CultureInfo.InvariantCulture), Currency = "USD", EffectiveFrom = From,
    };
}
