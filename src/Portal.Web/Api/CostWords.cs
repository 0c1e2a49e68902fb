using System.Globalization;
using Portal.Application.Costs;
using Portal.Domain.Workloads;

namespace Portal.Web.Api;

/// <summary>Costs in addresses, the same for the API and the Costs page: <c>from=2026-11-01&amp;to=2026-12-01&amp;groupBy=team,day&amp;filter=kind:TrainingRun</c>.</summary>
internal static class CostWords
{
    /// <summary>More would be no report any more, and slow.</summary>
    private const int MostGroupings = 5;

    private static readonly string[] DateForms = ["yyyy-MM-dd"];
    private static readonly string[] Capacities = [CapacityType.OnDemand.ToWord(), CapacityType.Spot.ToWord()];

    /// <summary>The query of an address, or what is wrong with it by parameter.</summary>
    /// <param name="address">The query string as it was sent: what is encoded tells a comma in a value from one between values.</param>
    public static (CostQuery? Query, IReadOnlyDictionary<string, string[]> Errors) Read(string? address, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string[]>();
        var (from, to) = Period(One(address, "from"), One(address, "to"), now, errors);
        var groupBy = new List<CostDimension>();
        foreach (var word in Values(address, "groupBy").Select(Decode).SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            if (CostDimension.Parse(word) is not { } dimension) errors["groupBy"] = [$"'{word}' is unknown. Allowed: {CostDimension.Groupings}."];
            else if (!groupBy.Contains(dimension)) groupBy.Add(dimension);
        }
        if (groupBy.Count > MostGroupings) errors["groupBy"] = [$"At most {MostGroupings} at once."];
        var filters = new List<CostFilter>();
        foreach (var raw in Values(address, "filter").Where(v => v.Length > 0))
        {
            var (filter, wrong) = Filter(raw);
            if (filter is not null) filters.Add(filter);
            else errors["filter"] = [wrong!];
        }
        return (errors.Count > 0 ? null : new CostQuery { From = from, To = to, GroupBy = groupBy, Filters = filters }, errors);
    }

    /// <summary>A filter as the value of a <c>filter</c> parameter, encoded.</summary>
    public static string Write(CostFilter filter) => $"{Uri.EscapeDataString(filter.Dimension.Word).Replace("%3A", ":", StringComparison.Ordinal)}:{string.Join(',', filter.Values.Select(Uri.EscapeDataString))}";

    /// <summary>A query as an address without its question mark.</summary>
    public static string Write(CostQuery query)
    {
        var parts = new List<string> { "from=" + Write(query.From) };
        if (query.To is { } to) parts.Add("to=" + Write(to));
        if (query.GroupBy.Count > 0) parts.Add("groupBy=" + string.Join(',', query.GroupBy.Select(d => Uri.EscapeDataString(d.Word))));
        return string.Join('&', parts.Concat(query.Filters.Select(f => "filter=" + Write(f))));
    }

    /// <summary>A date where it is one, else the instant.</summary>
    public static string Write(DateTimeOffset instant) => instant.UtcDateTime is { TimeOfDay.Ticks: 0 } date ? date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : instant.ToString("O", CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal);

    /// <summary>A UTC date or an instant with its offset, of years with which can be reckoned; null when it is none.</summary>
    public static DateTimeOffset? Instant(string? word) => Parsed(word) is { Year: >= 1970 and < 3000 } instant ? instant : null;

    private static DateTimeOffset? Parsed(string? word) =>
        DateTime.TryParseExact(word, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? new DateTimeOffset(date, TimeSpan.Zero)
        : word?.IndexOf('T', StringComparison.OrdinalIgnoreCase) == 10 && (word.EndsWith('Z') || word.LastIndexOfAny(['+', '-']) > 10)
            && DateTimeOffset.TryParse(word, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant) ? instant.ToUniversalTime() : null;

    private static (DateTimeOffset From, DateTimeOffset? To) Period(string? fromWord, string? toWord, DateTimeOffset now, Dictionary<string, string[]> errors)
    {
        const string Form = "Give a UTC date such as 2026-11-01, or an instant such as 2026-11-01T08:00:00Z, from 1970 to 2999.";
        var to = Instant(toWord);
        if (toWord is not null && to is null) errors["to"] = [Form];
        // Without a beginning: the month of the end.
        var last = to?.AddTicks(-1) ?? now;
        var from = Instant(fromWord) ?? (fromWord is null ? new DateTimeOffset(last.Year, last.Month, 1, 0, 0, 0, TimeSpan.Zero) : null);
        if (from is null) errors["from"] = [Form];
        else if (to <= from) errors["to"] = ["It must be later than 'from'; it is exclusive."];
        return (from ?? now, to);
    }

    private static (CostFilter? Filter, string? Wrong) Filter(string raw)
    {
        // Encoded as a whole, as most libraries do: then the colon tells, and a comma within a value is encoded a second time.
        var text = raw.Contains(':', StringComparison.Ordinal) ? raw : Decode(raw);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && text[..colon].Equals("tag", StringComparison.OrdinalIgnoreCase)) colon = text.IndexOf(':', colon + 1);
        if (colon < 0) return (null, $"'{Decode(raw)}' is not dimension:value[,value]. Dimensions: {CostDimension.Filters}.");
        var word = Decode(text[..colon]);
        if (CostDimension.Parse(word) is not { } dimension) return (null, $"'{word}' is unknown. Allowed: {CostDimension.Filters}.");
        if (dimension.IsTime) return (null, "Use 'from' and 'to' for times.");
        string[] values = [.. text[(colon + 1)..].Split(',').Select(Decode)];
        if (values.Any(v => v.Contains('\0'))) return (null, "A value has a character that no value can have.");
        return dimension.Kind switch
        {
            CostDimensionKind.Kind => Words<WorkloadKind>(dimension, values),
            CostDimensionKind.Capacity when values.Except(Capacities).Any() => (null, $"capacity: allowed are {string.Join(", ", Capacities)}."),
            _ => (new CostFilter(dimension, values), null),
        };
    }

    private static (CostFilter?, string?) Words<T>(CostDimension dimension, string[] values) where T : struct, Enum =>
        ApiWords.TryList<T>(string.Join(',', values), out var found) && found.Count > 0 ? (new CostFilter(dimension, [.. found.Select(f => f.ToString())]), null) : (null, $"{dimension.Word}: allowed are {string.Join(", ", Enum.GetNames<T>())}.");

    /// <summary>The last value of a parameter; null when it is absent or empty.</summary>
    public static string? One(string? address, string name) => Values(address, name).Select(Decode).LastOrDefault(v => v.Length > 0);

    private static IEnumerable<string> Values(string? address, string name) => (address ?? "").TrimStart('?').Split('&').Select(p => p.Split('=', 2))
        .Where(p => p.Length == 2 && Decode(p[0]).Equals(name, StringComparison.OrdinalIgnoreCase)).Select(p => p[1]);

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
