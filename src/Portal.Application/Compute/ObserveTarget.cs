using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Portal.Application.Audit;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Compute;

/// <summary>
/// One look at everything on a target: what changed is written in one batch and its workloads are woken; metrics and samples are stored; what nobody owns is removed after a grace period.
/// </summary>
public sealed partial class ObserveTarget(
    IDbContextFactory<PortalDbContext> contexts, LogIngestion logs, ReconcileRequests requests, ReconcileOptions options, ILogger<ObserveTarget> logger)
{
    private const int MostAtOnce = 50;

    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(10);

    public async Task ExecuteAsync(IComputeTarget target, CancellationToken cancellationToken)
    {
        var seen = (await target.ObserveAllAsync(cancellationToken)).Select(TargetWords.Clean).ToDictionary(o => o.AllocationId);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var live = await db.Allocations.Where(a => a.Target == target.Name && a.EndedAt == null).ToListAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        await RecordAsync(db, live, seen, now, cancellationToken);
        await SweepAsync(target, seen.Values, live, now, cancellationToken);
    }

    /// <summary>The same of some allocations, without removing anything: what nobody owns is found by the look at everything.</summary>
    public async Task LookAgainAsync(IWatchedTarget target, IReadOnlySet<Guid> changed, CancellationToken cancellationToken)
    {
        var seen = (await target.ObserveSomeAsync(changed, cancellationToken)).Select(TargetWords.Clean).ToDictionary(o => o.AllocationId);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var live = await db.Allocations.Where(a => a.Target == target.Name && a.EndedAt == null && changed.Contains(a.Id)).ToListAsync(cancellationToken);
        await RecordAsync(db, live, seen, await db.NowAsync(cancellationToken), cancellationToken);
    }

    /// <summary>Puts what a target tells on the timelines, each note once.</summary>
    public async Task NoteAsync(IComputeTarget target, IReadOnlyList<TargetNote> notes, CancellationToken cancellationToken)
    {
        if (notes.Count == 0) return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var told = await db.Database.SqlQuery<Guid>($"""
            insert into workload_events (workload_id, at, "from", "to", reason, actor, attempt, source_id)
            select w.id, n.at, w.phase, w.phase, n.words, {target.Name}, a.attempt, n.id
            from unnest({notes.Select(n => n.AllocationId).ToArray()}, {notes.Select(n => n.Id).ToArray()}, {notes.Select(n => n.At).ToArray()}, {notes.Select(n => TargetWords.Clean(n.Text)).ToArray()}) n (allocation, id, at, words)
            join allocations a on a.id = n.allocation and a.target = {target.Name} join workloads w on w.id = a.workload_id order by n.at
            on conflict (workload_id, source_id) where source_id is not null do nothing returning workload_id as "Value"
            """).ToListAsync(cancellationToken);
        await db.NotifyAsync(told.Distinct(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task RecordAsync(PortalDbContext db, List<Allocation> live, Dictionary<Guid, Observation> seen, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (woken, told) = (new List<Guid>(), new List<Guid>());
        foreach (var allocation in live)
        {
            var observation = seen.GetValueOrDefault(allocation.Id) ?? new Observation(allocation.Id, ObservedState.NotFound);
            var hasWork = observation is not { State: ObservedState.Ready or ObservedState.Starting, Altered: null } || PartMetering.IsNews(allocation, observation.Parts);
            if (Changed(allocation, observation, now)) (hasWork ? woken : told).Add(allocation.WorkloadId);
            Sample(db, allocation, observation, now);
        }
        // Whether a program that runs answers just now is shown, and nothing follows from it; of one that is being started, everything does.
        if (told.Count > 0) woken.AddRange(await db.Workloads.Where(w => told.Contains(w.Id) && w.Phase != WorkloadPhase.Running).Select(w => w.Id).ToListAsync(cancellationToken));
        await StoreAsync(db, woken, told, cancellationToken);
        // When a whole cluster has news, the clock takes them in turns: people's wishes are not to wait behind all of it.
        if (woken.Count <= MostAtOnce) foreach (var workload in woken) requests.Enqueue(workload);
        foreach (var allocation in live.Where(a => seen.TryGetValue(a.Id, out var o) && o.LogEnd > a.LogCursor)) await logs.IngestAsync(allocation.Id, cancellationToken);
    }

    private static bool Changed(Allocation allocation, Observation observation, DateTimeOffset now)
    {
        // A start may be under way: intent is committed before the provider is called.
        var startUnderWay = allocation.StartedAt is null && now - allocation.CreatedAt < TimeSpan.FromSeconds(30);
        if (observation.State == ObservedState.Unknown || (startUnderWay && observation.State == ObservedState.NotFound)) return false;
        if (allocation.ObservedState == observation.State && allocation.ObservedMessage == observation.Message) return observation.Altered is not null || PartMetering.IsNews(allocation, observation.Parts);
        (allocation.ObservedState, allocation.ObservedMessage) = (observation.State, observation.Message);
        return true;
    }

    private static void Sample(PortalDbContext db, Allocation allocation, Observation observation, DateTimeOffset now)
    {
        if (observation.Use is not { } use || observation.State is not (ObservedState.Ready or ObservedState.Starting)) return;
        if (now - (allocation.LastSampleAt ?? DateTimeOffset.MinValue) < SampleEvery) return;
        allocation.LastSampleAt = now;
        Add("system/cpu", use.CpuCores);
        Add("system/memory", use.MemoryBytes / 1073741824.0);

        void Add(string name, double value) => db.MetricPoints.Add(new MetricPoint { WorkloadId = allocation.WorkloadId, Attempt = allocation.Attempt, Name = name, At = now, Value = value });
    }

    private static async Task StoreAsync(PortalDbContext db, List<Guid> woken, List<Guid> told, CancellationToken cancellationToken)
    {
        var sampled = db.ChangeTracker.Entries<MetricPoint>().Select(e => e.Entity.WorkloadId).ToList();
        if (woken.Count == 0 && told.Count == 0 && sampled.Count == 0) return;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Workloads before their allocations, and in the order of their ids, as everybody locks them: otherwise this and a reconciler would wait for each other.
        if (woken.Count > 0)
            await db.Database.ExecuteSqlAsync($"""
                with locked as (select id from workloads where id = any({woken}) order by id for no key update)
                update workloads set generation = generation + 1, next_action_at = to_timestamp(0) where id in (select id from locked)
                """, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync(woken.Concat(told).Concat(sampled), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task SweepAsync(IComputeTarget target, IEnumerable<Observation> seen, List<Allocation> live, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var owned = live.Select(a => a.Id).ToHashSet();
        var strays = seen.Where(o => !owned.Contains(o.AllocationId) && o.State is ObservedState.Starting or ObservedState.Ready && now - (o.StartedAt ?? now) > options.SweepGrace).ToList();
        if (strays.Count == 0) return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var installation = (await db.Installations.Select(i => i.Id).SingleAsync(cancellationToken)).ToString();
        // What belongs to another portal on the same cluster is that portal's to keep or to remove.
        foreach (var stray in strays.Where(s => s.PortalInstanceId is null || s.PortalInstanceId == installation)) await RemoveAsync(target, stray, now, cancellationToken);
    }

    private async Task RemoveAsync(IComputeTarget target, Observation stray, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // The list of live allocations was read after the observation; look again before taking anything away.
        if (await db.Allocations.AnyAsync(a => a.Id == stray.AllocationId && a.EndedAt == null, cancellationToken)) return;
        LogStray(logger, target.Name, stray.AllocationId, stray.ResourceId ?? "?");
        try
        {
            await target.StopAsync(stray.AllocationId, TimeSpan.FromSeconds(10), cancellationToken);
        }
        catch (ComputeTargetException exception)
        {
            // It is still there at the next look, and tried again; the others must not wait for it.
            LogStrayStays(logger, target.Name, stray.AllocationId, exception.Message);
            return;
        }
        db.Audit(null, now, "sweep.remove", "allocation", stray.AllocationId.ToString(), stray.ResourceId ?? "", new { target = target.Name });
        await db.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "On {Target}, {AllocationId} ({ResourceId}) belongs to no live allocation; removing it")]
    private static partial void LogStray(ILogger logger, string target, Guid allocationId, string resourceId);

    [LoggerMessage(Level = LogLevel.Error, Message = "On {Target}, {AllocationId} belongs to no live allocation and could not be removed: {Reason}")]
    private static partial void LogStrayStays(ILogger logger, string target, Guid allocationId, string reason);
}
