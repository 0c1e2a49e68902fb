using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Section <c>Reconcile</c>.</summary>
public sealed class ReconcileOptions
{
    /// <summary>How long a claim lasts without renewal; a crashed worker's workloads are free again after it.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Limit of one provider call: under half the lease, so that a claim never ends under a running call.</summary>
    public TimeSpan ProviderCallTimeout => LeaseDuration * 0.45;

    /// <summary>How often targets are observed.</summary>
    public TimeSpan ObserveEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each running workload is asked whether it is in use.</summary>
    public TimeSpan ProbeEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the portal answers, handed to programs; set by the host from its own address.</summary>
    public string? PortalUrl { get; set; }

    /// <summary>How old a resource that nobody owns must be before it is removed.</summary>
    public TimeSpan SweepGrace { get; set; } = TimeSpan.FromSeconds(60);
}

/// <summary>The right to act on one workload, for a while. Claimed and checked with the database's clock.</summary>
internal sealed class WorkloadLease(IDbContextFactory<PortalDbContext> contexts, Guid workloadId, Guid token, TimeSpan duration)
{
    public Guid WorkloadId => workloadId;

    public static async Task<WorkloadLease?> ClaimAsync(IDbContextFactory<PortalDbContext> contexts, Guid workloadId, TimeSpan duration, CancellationToken cancellationToken)
    {
        var token = Guid.NewGuid();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var claimed = await db.Database.ExecuteSqlAsync($"""
            update workloads set lease_token = {token}, lease_expires_at = clock_timestamp() + {duration}
            where id = (select id from workloads where id = {workloadId} and (lease_expires_at is null or lease_expires_at < clock_timestamp()) for update skip locked)
            """, cancellationToken);
        return claimed == 1 ? new WorkloadLease(contexts, workloadId, token, duration) : null;
    }

    /// <summary>Holds on for another while; false when another worker has it.</summary>
    public async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.ExecuteSqlAsync($"""
            update workloads set lease_expires_at = clock_timestamp() + {duration} where id = {workloadId} and lease_token = {token}
            """, cancellationToken) == 1;
    }

    /// <summary>The row, locked for this transaction; null when the lease is another's now. Rows that refer to it may be inserted meanwhile (no key update).</summary>
    public Task<Workload?> LockAsync(PortalDbContext db, CancellationToken cancellationToken) =>
        db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {workloadId} and lease_token = {token} for no key update").SingleOrDefaultAsync(cancellationToken);

    /// <summary>Gives the claim back and sets the next look, unless something changed since <paramref name="generation"/>: then false, and the claim is kept.</summary>
    public async Task<bool> ReleaseAsync(long generation, DateTimeOffset? nextActionAt, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var released = await db.Database.ExecuteSqlAsync($"""
            update workloads set lease_token = null, lease_expires_at = null, next_action_at = {nextActionAt}
            where id = {workloadId} and lease_token = {token} and generation = {generation}
            """, cancellationToken);
        if (released == 1) return true;
        return !await RenewAsync(cancellationToken);
    }

    /// <summary>Gives the claim back whatever changed; used after a failure.</summary>
    public async Task AbandonAsync(TimeSpan lookAgainIn, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"""
            update workloads set lease_token = null, lease_expires_at = null, next_action_at = clock_timestamp() + {lookAgainIn} where id = {workloadId} and lease_token = {token}
            """, cancellationToken);
    }
}
