using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;

namespace Portal.Application.Compute;

/// <summary>The portal's figures in Prometheus' text format: counts and times, no names of people, no money.</summary>
public sealed class PortalFigures(IDbContextFactory<PortalDbContext> contexts, LaunchMeasures measures, ComputeTargets targets)
{
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var text = new StringBuilder();
        var byPhase = await db.Workloads.GroupBy(w => new { w.Kind, w.Phase }).Select(g => new { g.Key.Kind, g.Key.Phase, Count = g.Count() }).ToListAsync(cancellationToken);
        Head(text, "portal_workloads", "gauge", "Workloads by kind and phase.");
        foreach (var row in byPhase.OrderBy(r => r.Kind).ThenBy(r => r.Phase)) Line(text, "portal_workloads", row.Count, ("kind", row.Kind.ToString()), ("phase", row.Phase.ToString()));
        Head(text, "portal_workloads_waiting_for_room", "gauge", "Workloads in the queue because their target is full.");
        Line(text, "portal_workloads_waiting_for_room", await db.Workloads.CountAsync(w => w.Phase == WorkloadPhase.Queued && w.WaitsForCapacity, cancellationToken));
        await WriteTargetsAsync(text, db, cancellationToken);
        var launches = await measures.AllAsync(null, cancellationToken);
        Head(text, "portal_launch_ready_seconds", "gauge", "From launch to ready over the last 30 days, first attempts, queueing included.");
        foreach (var m in launches.Where(m => m.Median is not null))
        {
            Line(text, "portal_launch_ready_seconds", m.Median!.Value.TotalSeconds, ("item", m.Item), ("target", m.Target), ("quantile", "0.5"));
            Line(text, "portal_launch_ready_seconds", m.P90!.Value.TotalSeconds, ("item", m.Item), ("target", m.Target), ("quantile", "0.9"));
        }
        Head(text, "portal_launches", "gauge", "Launches placed within the last 30 days.");
        foreach (var m in launches) Line(text, "portal_launches", m.Launches, ("item", m.Item), ("target", m.Target));
        Head(text, "portal_attempts_failed", "gauge", "Attempts that failed within the last 30 days, by reason.");
        foreach (var m in launches)
            foreach (var (reason, count) in m.Failures) Line(text, "portal_attempts_failed", count, ("item", m.Item), ("target", m.Target), ("reason", reason));
        return text.ToString();
    }

    private async Task WriteTargetsAsync(StringBuilder text, PortalDbContext db, CancellationToken cancellationToken)
    {
        var used = await db.Allocations.Where(a => a.EndedAt == null).GroupBy(a => a.Target).Select(g => new { g.Key, Vcpu = g.Sum(a => a.Vcpu), Memory = g.Sum(a => a.MemoryGib) }).ToDictionaryAsync(g => g.Key, cancellationToken);
        var described = new List<Domain.Compute.TargetDescription>();
        foreach (var target in targets.All) described.Add(await target.DescribeAsync(cancellationToken));
        Head(text, "portal_target_healthy", "gauge", "1 when the target can start workloads.");
        foreach (var d in described) Line(text, "portal_target_healthy", d.Healthy ? 1 : 0, ("target", d.Name));
        Head(text, "portal_target_vcpu_allocated", "gauge", "vCPUs given to workloads that live.");
        foreach (var d in described) Line(text, "portal_target_vcpu_allocated", (double)(used.GetValueOrDefault(d.Name)?.Vcpu ?? 0), ("target", d.Name));
        Head(text, "portal_target_vcpu_capacity", "gauge", "vCPUs that may be given away.");
        foreach (var d in described) Line(text, "portal_target_vcpu_capacity", (double)d.Capacity.Vcpu, ("target", d.Name));
        Head(text, "portal_target_memory_gib_allocated", "gauge", "Memory in GiB given to workloads that live.");
        foreach (var d in described) Line(text, "portal_target_memory_gib_allocated", (double)(used.GetValueOrDefault(d.Name)?.Memory ?? 0), ("target", d.Name));
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Line(StringBuilder text, string name, double value, params (string Name, string Value)[] labels)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').AppendJoin(',', labels.Select(l => $"{l.Name}=\"{l.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"")).Append('}');
        text.Append(CultureInfo.InvariantCulture, $" {value:R}\n");
    }
}
