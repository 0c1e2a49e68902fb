using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;

namespace Portal.Application.Workloads;

/// <summary>How long people wait for an item on a target, and how often it fails them.</summary>
/// <param name="Launches">Placed for the first time within the period.</param>
/// <param name="BecameReady">Of them, those that could be used.</param>
/// <param name="Median">From pressing Launch until it could be used; null: none became ready.</param>
/// <param name="P90">The same, nine in ten wait no longer.</param>
/// <param name="Attempts">Attempts that have ended or become ready.</param>
/// <param name="Failures">Of them, by failure class; interruptions count.</param>
public sealed record LaunchMeasure(string Item, string Target, int Launches, int BecameReady, TimeSpan? Median, TimeSpan? P90, int Attempts, IReadOnlyDictionary<string, int> Failures)
{
    /// <summary>Share of attempts that failed, 0 to 1.</summary>
    public double FailureRate => Attempts == 0 ? 0 : (double)Failures.Values.Sum() / Attempts;
}

/// <summary>Measures engineers' time: from the launch to the first use.</summary>
public sealed class LaunchMeasures(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>How far back is looked.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromDays(30);

    /// <summary>By item and target; of one item, or of all. Figures only, no names: everybody may see them.</summary>
    public async Task<IReadOnlyList<LaunchMeasure>> AllAsync(string? item, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var since = await db.NowAsync(cancellationToken) - Period;
        var times = await db.Database.SqlQuery<TimeRow>($"""
            select i.slug as item, a.target as target, count(*)::int as launches, count(a.ready_at)::int as became_ready,
              percentile_cont(0.5) within group (order by extract(epoch from a.ready_at - w.created_at)) as median, percentile_cont(0.9) within group (order by extract(epoch from a.ready_at - w.created_at)) as p90
            from allocations a join workloads w on w.id = a.workload_id join item_versions v on v.id = w.item_version_id join catalog_items i on i.id = v.item_id
            where a.attempt = 1 and a.created_at > {since} and ({item}::text is null or i.slug = {item}) group by i.slug, a.target order by i.slug, a.target
            """).ToListAsync(cancellationToken);
        var ends = await db.Database.SqlQuery<EndRow>($"""
            select i.slug as item, a.target as target, a.failure as failure, count(*)::int as count
            from allocations a join workloads w on w.id = a.workload_id join item_versions v on v.id = w.item_version_id join catalog_items i on i.id = v.item_id
            where a.created_at > {since} and (a.ended_at is not null or a.ready_at is not null) and ({item}::text is null or i.slug = {item}) group by i.slug, a.target, a.failure
            """).ToListAsync(cancellationToken);
        return [.. times.Select(t => Of(t, [.. ends.Where(e => e.Item == t.Item && e.Target == t.Target)]))];
    }

    private static LaunchMeasure Of(TimeRow t, IReadOnlyList<EndRow> ends) => new(t.Item, t.Target, t.Launches, t.BecameReady, Seconds(t.Median), Seconds(t.P90), ends.Sum(e => e.Count),
        ends.Where(e => e.Failure is not null).ToDictionary(e => e.Failure!, e => e.Count));

    private static TimeSpan? Seconds(double? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;

    private sealed record TimeRow(string Item, string Target, int Launches, int BecameReady, double? Median, double? P90);

    private sealed record EndRow(string Item, string Target, string? Failure, int Count);
}
