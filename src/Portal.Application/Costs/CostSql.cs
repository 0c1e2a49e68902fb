using Npgsql;
using NpgsqlTypes;

namespace Portal.Application.Costs;

/// <summary>
/// Writes the statement that adds up posted records and open stretches in the database. Words of people become parameters; only dimensions, which are a closed set, become text.
/// </summary>
/// <param name="visible">A query that answers the ids of the workloads the actor may see; its own parameters are added by the caller.</param>
internal sealed class CostSql(CostQuery query, DateTimeOffset now, string visible)
{
    private readonly List<NpgsqlParameter> _parameters = [];

    /// <summary>Values of <see cref="Groups"/>.</summary>
    public IReadOnlyList<NpgsqlParameter> Parameters => _parameters;

    /// <summary>One row a group: keys, names, cost, list cost, hours, currency, number of groups.</summary>
    /// <param name="most">No more than this.</param>
    /// <param name="costliestFirst">Instead of in the order of their keys.</param>
    public string Groups(int? most, bool costliestFirst)
    {
        _parameters.Clear();
        var count = query.GroupBy.Count;
        var keys = string.Concat(query.GroupBy.Select((d, n) => $"{Key(d, n)} as k{n}, {Name(d, n)} as n{n}, "));
        var groups = string.Join(", ", query.GroupBy.Select((_, n) => $"{2 * n + 1}"));
        var order = !costliestFirst || count == 0 ? groups : "cost desc, " + groups;
        return $"""
            with scope as ({Scope()}),
            usage as ({Posted()} union all {Open()})
            select {keys}sum(u.cost) as cost, sum(u.list_cost) as list_cost, round(extract(epoch from sum(u.time)) / 3600, 6) as hours, min(u.currency) as currency, (count(*) over ())::int as groups
            from usage u join scope s on s.allocation_id = u.allocation_id
            {(count == 0 ? "having count(*) > 0" : "group by " + groups)}
            {(order.Length == 0 ? "" : "order by " + order)} {(most is null ? "" : $"limit {most}")}
            """;
    }

    // The allocations that count, with what they are grouped by: some ten thousands where there are millions of records.
    private string Scope()
    {
        var columns = string.Concat(query.GroupBy.Select((d, n) => Column(d) is { } c ? $", {c.Key} as k{n}, {c.Name} as n{n}" : ""));
        var filters = string.Concat(query.Filters.Where(f => f.Dimension.Kind != CostDimensionKind.Capacity).Select(f => $" and {Condition(f)}"));
        return $"""
            select a.id as allocation_id{columns}
            from allocations a join workloads w on w.id = a.workload_id{Joins()}
            where w.id in ({visible}){filters}
            """;
    }

    // Only what is asked for: over ten thousand workloads each join that changes nothing takes milliseconds. Every workload has one of each, so none drops a row.
    private string Joins()
    {
        var asked = query.GroupBy.Concat(query.Filters.Select(f => f.Dimension)).Select(d => d.Kind).ToHashSet();
        var joins = "";
        if (asked.Contains(CostDimensionKind.Team)) joins += " join teams t on t.id = w.team_id";
        if (asked.Contains(CostDimensionKind.Owner)) joins += " join users o on o.id = w.owner_id";
        if (asked.Contains(CostDimensionKind.Item) || asked.Contains(CostDimensionKind.Category)) joins += " join item_versions v on v.id = w.item_version_id join catalog_items i on i.id = v.item_id";
        if (asked.Contains(CostDimensionKind.Category)) joins += " join categories c on c.slug = i.category_slug";
        return joins;
    }

    /// <summary>The records and, last of their attempt, the open stretches themselves, attempt by attempt.</summary>
    public string Records()
    {
        _parameters.Clear();
        return $"""
            with scope as ({Scope()})
            select r.allocation_id, a.attempt, r.component, r.period_start, r.period_end, r.revision, r.hourly_price, r.list_hourly_price, r.cost, r.list_cost, r.currency, r.capacity_type, false
            from usage_records r join allocations a on a.id = r.allocation_id
            where {PostedCondition()}
            union all
            select i.allocation_id, a.attempt, i.component, p.since at time zone 'UTC', p.until at time zone 'UTC', 0, i.hourly_price, i.list_hourly_price, {Between("i.hourly_price")}, {Between("i.list_hourly_price")}, i.currency, i.capacity_type, i.ended_at is null
            from {OpenPieces()} join allocations a on a.id = i.allocation_id
            where {OpenCondition()}
            order by 2, 4, 3, 6
            """;
    }

    // A correction repeats the period of what it corrects, with its cost negative; its time is what lies behind the interval's end.
    private string Posted() => $"""
        select r.allocation_id, r.capacity_type, {Day("r.period_start at time zone 'UTC'")} as day, min(r.currency) as currency, sum(r.cost) as cost, sum(r.list_cost) as list_cost,
          sum(case when r.component <> 'compute' then interval '0' when r.revision = 0 then r.period_end - r.period_start when r.revision = 1
            then -(select r.period_end - greatest(r.period_start, least(r.period_end, i.ended_at)) from usage_intervals i where i.id = r.interval_id) else interval '0' end) as time
        from usage_records r
        where {PostedCondition()}
        group by 1, 2, 3
        """;

    private string Open() => $"""
        select i.allocation_id, i.capacity_type, {Day("d.day")}, i.currency, {Between("i.hourly_price")}, {Between("i.list_hourly_price")}, case when i.component = 'compute' then p.until - p.since else interval '0' end
        from {OpenPieces()}
        where {OpenCondition()}
        """;

    private string PostedCondition() => $"r.period_start >= {From} and r.period_start < {To} and r.allocation_id in (select allocation_id from scope){Capacity("r")}";

    // What is not posted yet counts as it will be posted: by the hour, each in the period in which it begins, and cut at midnight with the ledger's own arithmetic.
    private string OpenPieces() => $"""
        usage_intervals i
        cross join lateral (select (case when i.posted_until >= {From} then i.posted_until else {FromHour} end) at time zone 'UTC' as since, least(coalesce(i.ended_at, {Now}), {ToHour}) at time zone 'UTC' as until) s
        cross join lateral (select generate_series(date_trunc('day', s.since), s.until, interval '1 day') as day) d
        cross join lateral (select greatest(s.since, d.day) as since, least(s.until, d.day + interval '1 day') as until, i.started_at at time zone 'UTC' as started) p
        """;

    private string OpenCondition() => $"(i.ended_at is null or i.posted_until < i.ended_at) and i.posted_until < {To} and p.since < p.until and i.allocation_id in (select allocation_id from scope){Capacity("i")}";

    private string Day(string timestamp) => query.GroupBy.Any(d => d.IsTime) ? $"({timestamp})::date" : "null::date";

    /// <summary><see cref="Domain.Costs.Accrual.Between"/>, in the database.</summary>
    private static string Between(string price) => $"({Accrued(price, "p.until")} - {Accrued(price, "p.since")}) * 0.000001";

    // Price × time in millionths, rounded half to even (PostgreSQL's own round goes away from zero). m is exact, so the remainder decides without error.
    private static string Accrued(string price, string at) =>
        $"(select div(m, 3600) + case when mod(m, 3600) > 1800 or (mod(m, 3600) = 1800 and mod(div(m, 3600), 2) = 1) then 1 else 0 end from (select {price} * extract(epoch from {at} - p.started) * 1000000 as m) x)";

    private string Key(CostDimension dimension, int n) => dimension.Kind switch
    {
        CostDimensionKind.Capacity => "u.capacity_type",
        CostDimensionKind.Day => "to_char(u.day, 'YYYY-MM-DD')",
        CostDimensionKind.Week => "to_char(date_trunc('week', u.day::timestamp), 'YYYY-MM-DD')",
        CostDimensionKind.Month => "to_char(u.day, 'YYYY-MM')",
        _ => $"s.k{n}",
    };

    private string Name(CostDimension dimension, int n) => $"min({(OfRecord(dimension) ? Key(dimension, n) : $"s.n{n}")})";

    private static bool OfRecord(CostDimension dimension) => dimension.IsTime || dimension.Kind == CostDimensionKind.Capacity;

    // Columns of the scope; null for what a record itself says.
    private (string Key, string Name)? Column(CostDimension dimension) => dimension.Kind switch
    {
        CostDimensionKind.Team => ("t.slug", "t.name"),
        CostDimensionKind.Owner => ("o.email", "o.display_name"),
        CostDimensionKind.Category => ("c.slug", "c.name"),
        CostDimensionKind.Item => ("i.slug", "i.slug"),
        CostDimensionKind.Kind => ("w.kind", "w.kind"),
        CostDimensionKind.Target => ("a.target", "a.target"),
        CostDimensionKind.Workload => ("w.id::text", "w.name"),
        CostDimensionKind.Tag => Twice($"coalesce(w.tags ->> {Add(dimension.Tag!)}, '')"),
        _ => null,
    };

    private string Condition(CostFilter filter) => filter.Dimension.Kind switch
    {
        CostDimensionKind.Owner => $"lower(o.email) = any({Add(filter.Values.Select(v => v.ToLowerInvariant()).ToArray())})",
        // By id as in an answer's keys, or by name as people know it; a name that looks like an id does not stand for it.
        CostDimensionKind.Workload => $"(w.id::text = any({Add(filter.Values.Where(v => Guid.TryParse(v, out _)).ToArray())}) or w.name = any({Add(filter.Values.Where(v => !Guid.TryParse(v, out _)).ToArray())}))",
        _ => $"{Column(filter.Dimension)!.Value.Key} = any({Add(filter.Values.ToArray())})",
    };

    private string Capacity(string alias) => string.Concat(query.Filters.Where(f => f.Dimension.Kind == CostDimensionKind.Capacity).Select(f => $" and {alias}.capacity_type = any({Add(f.Values.ToArray())})"));

    private string From => Add(query.From);

    private string To => Add(query.To ?? CeilingHour(now.AddTicks(1)));

    private string FromHour => Add(CeilingHour(query.From));

    private string ToHour => Add(CeilingHour(query.To ?? now));

    private string Now => Add(now);

    private static DateTimeOffset CeilingHour(DateTimeOffset at) => at.UtcTicks % TimeSpan.TicksPerHour == 0 ? at : new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerHour + TimeSpan.TicksPerHour, TimeSpan.Zero);

    private static (string, string) Twice(string column) => (column, column);

    private string Add(DateTimeOffset instant) => Add(new NpgsqlParameter { Value = instant.ToUniversalTime(), NpgsqlDbType = NpgsqlDbType.TimestampTz });

    private string Add(string word) => Add(new NpgsqlParameter { Value = word, NpgsqlDbType = NpgsqlDbType.Text });

    private string Add(string[] words) => Add(new NpgsqlParameter { Value = words, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });

    private string Add(NpgsqlParameter parameter)
    {
        parameter.ParameterName = $"cost{_parameters.Count}";
        _parameters.Add(parameter);
        return "@" + parameter.ParameterName;
    }
}
