using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Application.Teams;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>What a target can hold and what of it is allocated.</summary>
/// <param name="Allocated">Sum over live allocations on it.</param>
public sealed record TargetRoom(TargetDescription Target, ResourceAmount Allocated)
{
    public decimal FreeVcpu => Target.Capacity.Vcpu - Allocated.Vcpu;
    public decimal FreeMemoryGib => Target.Capacity.MemoryGib - Allocated.MemoryGib;
    public int FreeGpus => Target.Capacity.Gpus - Allocated.Gpus;

    /// <summary>What is missing for this hardware, in words; null when it fits.</summary>
    public string? Missing(HardwareProfileSpec hardware)
    {
        var wanted = hardware.Altogether;
        var lacks = new List<string>();
        if (wanted.Vcpu > FreeVcpu) lacks.Add($"{wanted.Vcpu:0.##} vCPU ({Math.Max(FreeVcpu, 0):0.##} of {Target.Capacity.Vcpu:0.##} free)");
        if (wanted.MemoryGib > FreeMemoryGib) lacks.Add($"{wanted.MemoryGib:0.##} GiB memory ({Math.Max(FreeMemoryGib, 0):0.##} of {Target.Capacity.MemoryGib:0.##} free)");
        if (wanted.Gpus > FreeGpus) lacks.Add($"{wanted.Gpus} GPU ({Math.Max(FreeGpus, 0)} of {Target.Capacity.Gpus} free)");
        return lacks.Count == 0 ? null : string.Join(" and ", lacks);
    }
}

/// <summary>Finds places: what targets offer, less what is allocated, first come first served.</summary>
public sealed class Placements(ComputeTargets targets, ResourceLimits limits)
{
    /// <summary>Room on a target as the database counts it.</summary>
    public async Task<TargetRoom> RoomAsync(PortalDbContext db, IComputeTarget target, CancellationToken cancellationToken)
    {
        var description = await target.DescribeAsync(cancellationToken);
        var live = await db.Allocations.Where(a => a.Target == target.Name && a.EndedAt == null && (description.HostId == null || a.HostId == description.HostId))
            .GroupBy(_ => 1).Select(g => new { Vcpu = g.Sum(a => a.Vcpu), MemoryGib = g.Sum(a => a.MemoryGib), Gpus = g.Sum(a => a.Gpus) })
            .SingleOrDefaultAsync(cancellationToken);
        return new TargetRoom(description, new ResourceAmount(live?.Vcpu ?? 0, live?.MemoryGib ?? 0, live?.Gpus ?? 0));
    }

    /// <summary>Where a waiting workload could go now, or what it waits for and behind whom.</summary>
    public async Task<(Placement Placement, bool ForCapacity)> FindAsync(
        PortalDbContext db, Workload workload, HardwareProfileSpec hardware, ItemSpec item, CancellationToken cancellationToken)
    {
        var target = targets.Find(workload.Target);
        if (target is null) return (new Placement(null, $"The compute target '{workload.Target}' is not registered."), false);
        var deployment = item.DeploymentFor((await target.DescribeAsync(cancellationToken)).Kind) ?? item.Deployments[0];
        var offers = await target.GetOffersAsync(OfferRequest.For(item, deployment, hardware, workload.OwnerId), cancellationToken);
        var offer = Offer.Best(offers, workload.Capacity);
        if (offer is null) return (new Placement(null, Offer.WhyNone(offers, workload.Capacity) ?? $"'{workload.Target}' has nothing to offer."), false);
        // Whoever waits for a limit of their own holds nobody else up.
        if (await limits.MissingAsync(db, workload, hardware, cancellationToken) is { } limited) return (new Placement(null, limited), false);
        var missing = (await RoomAsync(db, target, cancellationToken)).Missing(hardware);
        var ahead = await AheadAsync(db, workload, cancellationToken);
        if (missing is null && ahead.Count == 0) return (new Placement(offer, null), false);
        var position = ahead.Count == 0 ? "next in line" : $"position {ahead.Count + 1}, behind {Names(ahead, workload)}";
        return (new Placement(null, missing is null ? $"Waiting for its turn on {workload.Target}; {position}." : $"Waiting for {missing} on {workload.Target}; {position}."), true);
    }

    private static Task<List<Ahead>> AheadAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken) =>
        db.Workloads.Where(w => w.Target == workload.Target && w.Id != workload.Id && w.WaitsForCapacity && w.Desired == DesiredState.Running
                && (w.Phase == WorkloadPhase.Queued || w.Phase == WorkloadPhase.Recovering)
                && (w.QueuedAt < workload.QueuedAt || (w.QueuedAt == workload.QueuedAt && w.Id.CompareTo(workload.Id) < 0)))
            .OrderBy(w => w.QueuedAt).Select(w => new Ahead(w.Name, w.TeamId)).Take(100).ToListAsync(cancellationToken);

    // Another team's names are none of this team's business: only their number is told.
    private static string Names(List<Ahead> ahead, Workload workload)
    {
        var own = ahead.Where(a => a.TeamId == workload.TeamId).Select(a => a.Name).Take(3).ToList();
        var others = ahead.Count - own.Count;
        var parts = own.Count == 0 ? [] : new List<string> { string.Join(", ", own) };
        if (others > 0) parts.Add(own.Count == 0 ? $"{others} other{(others == 1 ? "" : "s")}" : $"{others} more");
        return string.Join(" and ", parts);
    }

    private sealed record Ahead(string Name, Guid TeamId);
}
