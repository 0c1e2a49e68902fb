using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Application.Hosting;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;

namespace Portal.Application.Telemetry;

/// <summary>A figure that is true now.</summary>
/// <param name="Name">As Prometheus names it; one of <see cref="PortalFigures.Meanings"/>.</param>
public sealed record Figure(string Name, double Value, params KeyValuePair<string, string>[] Labels);

/// <summary>What the database knows about all processes together: counts and times, no names of people, no money. The same from every replica.</summary>
public sealed class PortalFigures(IDbContextFactory<PortalDbContext> contexts, LaunchMeasures measures, ComputeTargets targets, IReconcileBacklog backlog)
{
    /// <summary>Every figure and what it means.</summary>
    public static readonly IReadOnlyDictionary<string, string> Meanings = new Dictionary<string, string>
    {
        ["portal_database_up"] = "1 when the database could be asked for these figures; the others are missing otherwise.",
        ["portal_workloads"] = "Workloads by kind and phase.",
        ["portal_workloads_waiting_for_room"] = "Workloads in the queue because their target is full.",
        ["portal_jobs_waiting"] = "Looks at workloads that were asked for and that no worker has begun.",
        ["portal_reconcile_overdue_seconds"] = "For how long the most overdue look at a workload has been due; 0: none is.",
        ["portal_posting_lag_seconds"] = "For how long finished hours of use have been waiting to be posted to the ledger; 0: none is.",
        ["portal_target_healthy"] = "1 when the target can start workloads.",
        ["portal_target_vcpu_allocated"] = "vCPUs given to workloads that live.",
        ["portal_target_vcpu_capacity"] = "vCPUs that may be given away.",
        ["portal_target_memory_gib_allocated"] = "Memory in GiB given to workloads that live.",
        ["portal_launch_ready_seconds"] = "From launch to ready over the last 30 days, first attempts, queueing included.",
        ["portal_launches"] = "Launches placed within the last 30 days.",
        ["portal_attempts_failed"] = "Attempts that failed within the last 30 days, by reason.",
    };

    /// <exception cref="Npgsql.NpgsqlException">The database cannot be reached.</exception>
    public async Task<IReadOnlyList<Figure>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        List<Figure> figures = [new("portal_database_up", 1)];
        var byPhase = await db.Workloads.GroupBy(w => new { w.Kind, w.Phase }).Select(g => new { g.Key.Kind, g.Key.Phase, Count = g.Count() }).ToListAsync(cancellationToken);
        figures.AddRange(byPhase.Select(row => new Figure("portal_workloads", row.Count, new("kind", row.Kind.ToString()), new("phase", row.Phase.ToString()))));
        figures.Add(new("portal_workloads_waiting_for_room", await db.Workloads.CountAsync(w => w.Phase == WorkloadPhase.Queued && w.WaitsForCapacity, cancellationToken)));
        figures.Add(new("portal_jobs_waiting", backlog.Waiting));
        figures.Add(new("portal_reconcile_overdue_seconds", await SecondsAsync(db, $"""
            select coalesce(extract(epoch from clock_timestamp() - min(next_action_at)), 0)::float8 as "Value"
            from workloads where next_action_at <= clock_timestamp() and (lease_expires_at is null or lease_expires_at < clock_timestamp())
            """, cancellationToken)));
        // An hour is due once it is over; the minute that posting waits for late news is part of the lag.
        figures.Add(new("portal_posting_lag_seconds", await SecondsAsync(db, $"""
            select coalesce(extract(epoch from clock_timestamp() - min(least(date_trunc('hour', posted_until, 'UTC') + interval '1 hour', coalesce(ended_at, 'infinity')))), 0)::float8 as "Value"
            from usage_intervals where posted_until < coalesce(ended_at, date_trunc('hour', clock_timestamp(), 'UTC'))
            """, cancellationToken)));
        await AddTargetsAsync(figures, db, cancellationToken);
        foreach (var m in await measures.AllAsync(null, cancellationToken)) AddLaunches(figures, m);
        return figures;
    }

    private static async Task<double> SecondsAsync(PortalDbContext db, FormattableString sql, CancellationToken cancellationToken) => (await db.Database.SqlQuery<double>(sql).ToListAsync(cancellationToken))[0];

    private async Task AddTargetsAsync(List<Figure> figures, PortalDbContext db, CancellationToken cancellationToken)
    {
        var used = await db.Allocations.Where(a => a.EndedAt == null).GroupBy(a => a.Target).Select(g => new { g.Key, Vcpu = g.Sum(a => a.Vcpu), Memory = g.Sum(a => a.MemoryGib) }).ToDictionaryAsync(g => g.Key, cancellationToken);
        foreach (var target in targets.All)
        {
            var description = await target.DescribeAsync(cancellationToken);
            var label = new KeyValuePair<string, string>("target", description.Name);
            var taken = used.GetValueOrDefault(description.Name);
            figures.Add(new("portal_target_healthy", description.Healthy ? 1 : 0, label));
            figures.Add(new("portal_target_vcpu_allocated", (double)(taken?.Vcpu ?? 0), label));
            figures.Add(new("portal_target_vcpu_capacity", (double)description.Capacity.Vcpu, label));
            figures.Add(new("portal_target_memory_gib_allocated", (double)(taken?.Memory ?? 0), label));
        }
    }

    private static void AddLaunches(List<Figure> figures, LaunchMeasure measure)
    {
        KeyValuePair<string, string> item = new("item", measure.Item), target = new("target", measure.Target);
        if (measure.Median is { } median) figures.Add(new("portal_launch_ready_seconds", median.TotalSeconds, item, target, new("quantile", "0.5")));
        if (measure.P90 is { } p90) figures.Add(new("portal_launch_ready_seconds", p90.TotalSeconds, item, target, new("quantile", "0.9")));
        figures.Add(new("portal_launches", measure.Launches, item, target));
        figures.AddRange(measure.Failures.Select(f => new Figure("portal_attempts_failed", f.Value, item, target, new("reason", f.Key))));
    }
}
