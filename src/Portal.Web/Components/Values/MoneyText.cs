using System.Globalization;

namespace Portal.Web.Components.Values;

/// <summary>How money reads: <c>$0.6059/h</c>, <c>$3,096.40</c>, <c>≈ $442/month</c>. Always with the currency.</summary>
public static class MoneyText
{
    /// <summary>What an unknown amount reads.</summary>
    public const string None = "—";

    private const decimal Huge = 10_000_000m;

    /// <summary>
    /// An amount, or a rate when <paramref name="per"/> is given (<c>h</c>, <c>month</c>). Decimals default to 4 for prices an hour, 0 for estimates of 100 and more and for months, else 2.
    /// What would round to nothing reads <c>&lt;$0.01</c>; from ten million on it is shortened (<c>$12.3M</c>).
    /// </summary>
    public static string Format(decimal? amount, string? per = null, int? decimals = null, bool estimated = false, string currency = "USD")
    {
        if (amount is not { } value) return None;
        var places = decimals ?? DefaultDecimals(value, per, estimated);
        return (estimated ? "≈ " : "") + Number(value, places, currency) + (per is null ? "" : "/" + per);
    }

    /// <summary>A price an hour with two decimals, for buttons: <c>$0.61/h</c>.</summary>
    public static string Button(decimal? hourly, string currency = "USD") => Format(hourly, "h", 2, currency: currency);

    private static int DefaultDecimals(decimal value, string? per, bool estimated) => per switch
    {
        "h" => 4,
        "month" => Math.Abs(value) < 10 ? 2 : 0,
        _ => estimated && Math.Abs(value) >= 100 ? 0 : 2,
    };

    private static string Number(decimal value, int places, string currency)
    {
        var (before, after) = Symbol(currency);
        var size = Math.Abs(value);
        var smallest = 1m / (decimal)Math.Pow(10, places);
        var sign = value < 0 ? "−" : "";
        if (size > 0 && Math.Round(size, places, MidpointRounding.AwayFromZero) == 0)
            return FormattableString.Invariant($"<{sign}{before}{smallest.ToString("F" + places, CultureInfo.InvariantCulture)}{after}");
        if (size >= 1_000 * Huge) return Shortened(size / 1_000_000_000m, "B");
        if (size >= Huge) return Shortened(size / 1_000_000m, "M");
        if (Math.Round(size, places, MidpointRounding.AwayFromZero) == 0) sign = "";
        return sign + before + size.ToString("N" + places, CultureInfo.InvariantCulture) + after;

        string Shortened(decimal millions, string suffix) => sign + before + millions.ToString("#,0.0", CultureInfo.InvariantCulture) + suffix + after;
    }

    private static (string Before, string After) Symbol(string currency) => currency switch
    {
        "USD" => ("$", ""),
        "EUR" => ("€", ""),
        "GBP" => ("£", ""),
        _ => ("", "\u00A0" + currency),
    };
}
