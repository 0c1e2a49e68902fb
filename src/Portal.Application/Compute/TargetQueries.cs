using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Compute;

/// <summary>A compute target as its administrators see it.</summary>
/// <param name="Used">Of <see cref="TargetDescription.Capacity"/>, by allocations that live.</param>
/// <param name="Findings">Resources that belonged to nobody and were removed, newest first.</param>
public sealed record TargetOverview(TargetDescription Description, ResourceAmount Used, IReadOnlyList<WorkloadRow> Running, IReadOnlyList<SweepFinding> Findings, DateTimeOffset? ObservedAt);

/// <summary>A resource that no workload owned.</summary>
public sealed record SweepFinding(DateTimeOffset At, string AllocationId, string Resource);

/// <summary>Reads targets.</summary>
public sealed class TargetQueries(IDbContextFactory<PortalDbContext> contexts, ComputeTargets targets, WorkloadQueries rows)
{
    private const int MostRunning = 200;
    private const int MostFindings = 20;

    /// <summary>Every target; null for people who neither administer nor audit.</summary>
    public async Task<IReadOnlyList<TargetOverview>?> AllAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadTargets)) return null;
        var found = new List<TargetOverview>();
        foreach (var target in targets.All) found.Add(await OfAsync(target, actor, cancellationToken));
        return found;
    }

    private async Task<TargetOverview> OfAsync(IComputeTarget target, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var live = db.Allocations.Where(a => a.Target == target.Name && a.EndedAt == null);
        var used = await live.GroupBy(_ => 1).Select(g => new ResourceAmount(g.Sum(a => a.Vcpu), g.Sum(a => a.MemoryGib), g.Sum(a => a.Gpus))).SingleOrDefaultAsync(cancellationToken);
        var running = await rows.RowsAsync(db, db.VisibleWorkloads(actor).Where(w => live.Any(a => a.WorkloadId == w.Id)).OrderByDescending(w => w.HourlyPrice).Take(MostRunning), actor, cancellationToken);
        var here = JsonSerializer.Serialize(new { target = target.Name });
        var findings = await db.AuditEntries.Where(a => a.Action == "sweep.remove" && EF.Functions.JsonContains(a.Detail!, here)).OrderByDescending(a => a.At).Take(MostFindings).Select(a => new SweepFinding(a.At, a.SubjectId, a.SubjectName)).ToListAsync(cancellationToken);
        var observed = await db.LeaderLeases.Where(l => l.Name == "observe:" + target.Name).Select(l => (DateTimeOffset?)l.ExpiresAt).SingleOrDefaultAsync(cancellationToken);
        return new TargetOverview(await target.DescribeAsync(cancellationToken), used ?? new ResourceAmount(0, 0, 0), running, findings, observed);
    }
}
