using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Testing.Hosting;

/// <summary>Short ways to launch and look at workloads.</summary>
public static class HostWorkloads
{
    public const string Notebook = "jupyter-notebook";
    public const string Training = "python-training";

    /// <summary>Launches with the smallest hardware and answers the id; throws what was said when it is refused.</summary>
    public static async Task<Guid> LaunchAsync(this ApplicationHost host, Actor actor, string item = Notebook, string? name = null, string? hardware = "cpu-tiny", TimeSpan? lifetime = null, object? parameters = null, string? team = null)
    {
        var outcome = await host.Get<LaunchWorkload>().ExecuteAsync(
            new LaunchRequest { Item = item, Name = name, Hardware = hardware, Lifetime = lifetime, Team = team, Parameters = parameters is null ? null : JsonSerializer.SerializeToElement(parameters) }, actor, CancellationToken.None);
        return outcome is LaunchWorkload.Outcome.Launched launched ? launched.WorkloadId
            : throw new InvalidOperationException($"Not launched: {outcome}{(outcome is LaunchWorkload.Outcome.Invalid i ? string.Join("; ", i.Errors.Select(e => $"{e.Key}: {e.Value[0]}")) : "")}");
    }

    /// <summary>Launches and pumps until it runs.</summary>
    public static async Task<Guid> LaunchRunningAsync(this ApplicationHost host, Actor actor, string item = Notebook, string? name = null, string? hardware = "cpu-tiny", TimeSpan? lifetime = null, object? parameters = null)
    {
        var id = await host.LaunchAsync(actor, item, name, hardware, lifetime, parameters);
        await host.PumpAsync();
        var row = await host.RowAsync(id);
        return row.Phase == WorkloadPhase.Running ? id : throw new InvalidOperationException($"It is {row.Phase}: {row.PhaseReason}");
    }

    /// <summary>The row as it is now.</summary>
    public static async Task<Workload> RowAsync(this ApplicationHost host, Guid id)
    {
        await using var db = await host.OpenAsync();
        return await db.Workloads.AsNoTracking().SingleAsync(w => w.Id == id);
    }

    /// <summary>All its allocations, oldest first.</summary>
    public static async Task<IReadOnlyList<Allocation>> AllocationsAsync(this ApplicationHost host, Guid id)
    {
        await using var db = await host.OpenAsync();
        return await db.Allocations.AsNoTracking().Where(a => a.WorkloadId == id).OrderBy(a => a.Attempt).ToListAsync();
    }

    /// <summary>Its live allocation; throws when there is none.</summary>
    public static async Task<Allocation> LiveAsync(this ApplicationHost host, Guid id) => (await host.AllocationsAsync(id)).Single(a => a.EndedAt is null);

    /// <summary>The phases its timeline has gone through, repeats left out.</summary>
    public static async Task<IReadOnlyList<WorkloadPhase>> PhasesAsync(this ApplicationHost host, Guid id)
    {
        await using var db = await host.OpenAsync();
        var phases = await db.WorkloadEvents.Where(e => e.WorkloadId == id).OrderBy(e => e.Seq).Select(e => e.To).ToListAsync();
        return [.. phases.Where((phase, i) => i == 0 || phases[i - 1] != phase)];
    }

    /// <summary>
    /// Moves a workload's past back by a span, as if that much time had gone by since: its instants, its allocations' and its open usage. What was due within the span is due now.
    /// </summary>
    public static async Task AgeAsync(this ApplicationHost host, Guid id, TimeSpan by)
    {
        await host.Database.ExecuteAsync("""
            update workloads set created_at = created_at - $2, queued_at = queued_at - $2, phase_since = phase_since - $2, started_at = started_at - $2, ready_at = ready_at - $2,
              ended_at = ended_at - $2, expires_at = expires_at - $2, not_before = not_before - $2, next_action_at = next_action_at - $2,
              activity_at = activity_at - $2, idle_stop_at = idle_stop_at - $2, probed_at = probed_at - $2 where id = $1
            """, id, by);
        await host.Database.ExecuteAsync("""
            update allocations set created_at = created_at - $2, started_at = started_at - $2, ready_at = ready_at - $2, stop_asked_at = stop_asked_at - $2, last_sample_at = last_sample_at - $2
            where workload_id = $1 and ended_at is null
            """, id, by);
        await host.Database.ExecuteAsync("""
            update usage_intervals i set started_at = i.started_at - $2, posted_until = i.posted_until - $2 where workload_id = $1 and ended_at is null
              and not exists (select 1 from usage_records r where r.interval_id = i.id)
            """, id, by);
    }

    /// <summary>Makes every wait of the workload over: back-off and next look are now. Then pumps.</summary>
    public static async Task HurryAsync(this ApplicationHost host, Guid id)
    {
        await host.Database.ExecuteAsync("update workloads set not_before = null, next_action_at = '2020-01-01Z' where id = $1", id);
        await host.PumpAsync();
    }
}
