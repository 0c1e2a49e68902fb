using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>What each decision does. Every write is guarded by the lease; a lost lease ends the work.</summary>
public sealed partial class ReconcileWorkload
{
    private Task<bool> ActAsync(WorkloadLease lease, Situation situation, Decision decision, CancellationToken cancellationToken) => decision switch
    {
        Decision.Start start => PlaceAsync(lease, situation, start.Offer, cancellationToken),
        Decision.Resume => StartAsync(lease, situation, cancellationToken),
        Decision.Advance advance => AdvanceAsync(lease, advance, situation, cancellationToken),
        Decision.Expire expire => ExpireAsync(lease, expire, situation, cancellationToken),
        Decision.Stop stop => StopAsync(lease, situation, stop, cancellationToken),
        Decision.Settle { Phase: WorkloadPhase.Deleted } settle => DeleteAsync(lease, situation, settle, cancellationToken),
        _ => EndAsync(lease, situation, decision, cancellationToken),
    };

    /// <summary>
    /// One guarded transaction on the workload and its live allocation. The change answers the timeline's words, or null to write none. With <paramref name="plannedOn"/>,
    /// nothing is written when a person's wish or an observation came in between: the loop plans again. False when the lease is lost.
    /// </summary>
    private async Task<bool> ApplyAsync(WorkloadLease lease, Situation? plannedOn, Func<PortalDbContext, Workload, Allocation?, DateTimeOffset, Task<string?>> change, CancellationToken cancellationToken, string? faultBeforeCommit = null)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await lease.LockAsync(db, cancellationToken) is not { } workload) return false;
        if (plannedOn is not null && plannedOn.Workload.Generation != workload.Generation) return true;
        var live = await db.Allocations.SingleOrDefaultAsync(a => a.WorkloadId == workload.Id && a.EndedAt == null, cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var (from, since, ready) = (workload.Phase, workload.PhaseSince, workload.ReadyAt);
        var words = await change(db, workload, live, now);
        if (words is not null) db.Record(workload, from, words, null, now);
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync([workload.Id], cancellationToken);
        if (faultBeforeCommit is not null) faults.Pass(faultBeforeCommit);
        await transaction.CommitAsync(cancellationToken);
        if (from != workload.Phase) meters.Moved(workload.Kind, from, now - since);
        if (ready is null && workload is { ReadyAt: { } readyAt, Attempt: 1 }) meters.BecameReady(workload.Kind, workload.Target, readyAt - workload.CreatedAt);
        if (words is not null && from != workload.Phase) LogPhase(logger, workload.Id, from, workload.Phase, words);
        return true;
    }

    private async Task NoteReasonAsync(WorkloadLease lease, Situation situation, string reason, CancellationToken cancellationToken)
    {
        if (situation.Workload.PhaseReason == reason && situation.Workload.WaitsForCapacity == situation.WaitsForCapacity) return;
        await ApplyAsync(lease, situation, (_, workload, _, _) =>
        {
            workload.PhaseReason = reason;
            workload.WaitsForCapacity = situation.WaitsForCapacity;
            return Task.FromResult<string?>(null);
        }, cancellationToken);
    }

    private async Task<bool> PlaceAsync(WorkloadLease lease, Situation situation, Offer offer, CancellationToken cancellationToken)
    {
        var quote = (await prices.GetAsync(cancellationToken)).For(offer, situation.Hardware);
        var placed = await ApplyAsync(lease, situation, async (db, workload, live, now) =>
        {
            if (live is not null || workload.Desired != DesiredState.Running) return null;
            // One placement at a time per target, so that two workers cannot give the same room away twice.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"place:" + workload.Target}, 0))", cancellationToken);
            await ResourceLimits.LockAsync(db, workload, cancellationToken);
            var (placement, forCapacity) = await placements.FindAsync(db, workload, situation.Hardware, situation.Version.Spec, cancellationToken);
            if (placement.Offer is null)
            {
                (workload.PhaseReason, workload.WaitsForCapacity) = (placement.WaitReason, forCapacity);
                return null;
            }
            workload.Attempt++;
            workload.WaitsForCapacity = false;
            // Nodes of a cluster may carry no type.
            var place = placement.Offer.InstanceType.Length > 0 ? $"{placement.Offer.InstanceType} on {placement.Offer.Target}" : $"a machine on {placement.Offer.Target}";
            workload.Enter(WorkloadPhase.Placing, $"Taking {place}.", now);
            db.Allocations.Add(await NewAllocationAsync(workload, situation.Hardware, placement.Offer, quote, now, cancellationToken));
            return $"Offer taken: {place} at {quote.HourlyPrice:0.####} {quote.Currency}/h.";
        }, cancellationToken);
        if (!placed) return false;
        faults.Pass(FaultPoints.StartAllocationCommitted);
        await WakeWaitingAsync(situation.Workload, cancellationToken);
        return true;
    }

    private async Task<Allocation> NewAllocationAsync(Workload workload, HardwareProfileSpec hardware, Offer offer, Quote quote, DateTimeOffset now, CancellationToken cancellationToken) => new()
    {
        Id = Guid.CreateVersion7(now),
        WorkloadId = workload.Id,
        Attempt = workload.Attempt,
        Target = offer.Target,
        HostId = (await targets[offer.Target].DescribeAsync(cancellationToken)).HostId,
        Region = offer.Region,
        Zone = offer.Zone,
        InstanceType = offer.InstanceType,
        Capacity = offer.Capacity,
        Vcpu = hardware.Altogether.Vcpu,
        MemoryGib = hardware.Altogether.MemoryGib,
        Gpus = hardware.Altogether.Gpus,
        HourlyPrice = quote.HourlyPrice,
        ListHourlyPrice = quote.ListHourlyPrice,
        Currency = quote.Currency,
        CreatedAt = now,
        ProtectedCredential = secrets.NewCredential(),
    };

    private async Task<bool> StartAsync(WorkloadLease lease, Situation situation, CancellationToken cancellationToken)
    {
        StartReceipt receipt;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.ProviderCallTimeout);
            receipt = await targets[situation.Live!.Target].StartAsync(await SpecOfAsync(situation, cancellationToken), limit.Token);
        }
        catch (ComputeTargetException exception)
        {
            LogTargetRefused(logger, situation.Workload.Id, "start", situation.Live!.Target, exception.Failure, exception.Message);
            return await EndAsync(lease, situation, WorkloadPlanner.AfterRefusedStart(situation.Snapshot, exception.Failure, TargetWords.Clean(exception.Message), situation.Now), cancellationToken);
        }
        faults.Pass(FaultPoints.StartProviderCalled);
        var recorded = await ApplyAsync(lease, null, (db, workload, live, now) =>
        {
            if (live is null || live.StartedAt is not null) return Task.FromResult<string?>(null);
            RecordStart(db, workload, live, receipt.ResourceId, receipt.StartedAt, receipt.BilledByParts);
            workload.Enter(WorkloadPhase.Starting, situation.Snapshot.ReadyTimeout is null ? "Starting the program." : "Waiting until it answers.", now);
            return Task.FromResult<string?>($"Attempt {live.Attempt} started as {receipt.ResourceId}.");
        }, cancellationToken);
        if (recorded) faults.Pass(FaultPoints.StartRecorded);
        return recorded;
    }

    /// <summary>Billing begins at the provider's own start, unless its parts are billed from when each is placed.</summary>
    private static void RecordStart(PortalDbContext db, Workload workload, Allocation live, string? resourceId, DateTimeOffset startedAt, bool billedByParts)
    {
        var start = Accrual.ToMicroseconds(startedAt);
        // From now on its absence is a change that the observer must see.
        (live.ResourceId, live.StartedAt, live.ObservedState) = (resourceId ?? live.ResourceId, start, ObservedState.Starting);
        workload.StartedAt ??= start;
        if (billedByParts)
        {
            live.PartsJson ??= "[]";
            return;
        }
        db.UsageIntervals.Add(new UsageInterval
        {
            Id = Guid.CreateVersion7(start),
            AllocationId = live.Id,
            WorkloadId = workload.Id,
            Component = "compute",
            StartedAt = start,
            PostedUntil = start,
            HourlyPrice = live.HourlyPrice,
            ListHourlyPrice = live.ListHourlyPrice,
            Currency = live.Currency,
            CapacityType = live.Capacity.ToWord(),
        });
    }

    private async Task<AllocationSpec> SpecOfAsync(Situation situation, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var (workload, live) = (situation.Workload, situation.Live!);
        var team = await db.Teams.AsNoTracking().SingleAsync(t => t.Id == workload.TeamId, cancellationToken);
        var owner = await db.Users.Where(u => u.Id == workload.OwnerId).Select(u => u.Email).SingleAsync(cancellationToken);
        var installation = await db.Installations.Select(i => i.Id).SingleAsync(cancellationToken);
        var values = PortalJson.Read<Dictionary<string, System.Text.Json.JsonElement>>(workload.ParametersJson);
        foreach (var secret in secrets.ReadParameters(workload.ProtectedSecrets)) values[secret.Key] = secret.Value;
        var parameters = new ParameterValues(values);
        var vcpu = await db.ResourceLimits.Where(l => l.TeamId == team.Id && l.UserId == null).Select(l => l.Vcpu).SingleOrDefaultAsync(cancellationToken);
        return new AllocationSpec
        {
            AllocationId = live.Id,
            WorkloadId = workload.Id,
            WorkloadName = workload.Name,
            Attempt = live.Attempt,
            OwnerId = workload.OwnerId,
            Owner = owner ?? "",
            Team = team.Slug,
            CostCentre = team.CostCentre,
            TeamVcpu = vcpu,
            Item = situation.Version.Spec.Slug,
            Version = situation.Version.Version,
            PortalInstanceId = installation.ToString(),
            Hardware = situation.Hardware,
            Capacity = workload.Capacity,
            ItemSpec = situation.Version.Spec,
            Parameters = parameters,
            RunArtifacts = await runs.ArtifactsAsync(situation.Version.Spec, parameters, cancellationToken),
            ShippedFiles = situation.Version.Files,
            Credential = secrets.ReadCredential(live.ProtectedCredential),
            PortalUrl = options.PortalUrl,
        };
    }

    /// <summary>Which machines it holds, and from when: the ledger follows before anything is decided on it.</summary>
    private async Task<bool> RecordPartsAsync(WorkloadLease lease, Situation situation, IReadOnlyList<PlacedPart> parts, CancellationToken cancellationToken)
    {
        var book = await prices.GetAsync(cancellationToken);
        return await ApplyAsync(lease, null, (db, _, live, now) => live is null || live.Id != situation.Live!.Id ? Task.FromResult<string?>(null) : PartMetering.RecordAsync(db, live, parts, book, situation.Seen!.EndedAt, now, cancellationToken), cancellationToken);
    }

    /// <summary>What the portal asked for is put back where somebody has changed it past the portal; false when it could not be, and is tried at the next look.</summary>
    private async Task<bool> RestoreAsync(WorkloadLease lease, Situation situation, string altered, CancellationToken cancellationToken)
    {
        if (targets.Find(situation.Live!.Target) is not IWatchedTarget target) return false;
        try
        {
            await target.RestoreAsync(await SpecOfAsync(situation, cancellationToken), cancellationToken);
        }
        catch (ComputeTargetException exception)
        {
            LogTargetRefused(logger, situation.Workload.Id, "restore", target.Name, exception.Failure, exception.Message);
            // What is refused for good is not asked for again: it is told, and stays as it is.
            if (exception.Failure == FailureClass.Invalid) await ApplyAsync(lease, situation, (_, _, _, _) => Task.FromResult<string?>($"{TargetWords.Clean(altered)}; it could not be put back: {TargetWords.Clean(exception.Message)}"), cancellationToken);
            return false;
        }
        return await ApplyAsync(lease, null, (_, _, _, _) => Task.FromResult<string?>($"{TargetWords.Clean(altered)}; put back as it was."), cancellationToken);
    }

    private Task<bool> AdvanceAsync(WorkloadLease lease, Decision.Advance advance, Situation situation, CancellationToken cancellationToken) =>
        ApplyAsync(lease, situation, (_, workload, live, now) =>
        {
            workload.Enter(advance.Phase, advance.Reason, now);
            if (advance.Phase != WorkloadPhase.Running) return Task.FromResult<string?>(advance.Reason);
            var ready = Accrual.ToMicroseconds(situation.Seen?.ReadyAt ?? now);
            workload.ReadyAt = ready;
            workload.ForgetActivity();
            if (live is null) return Task.FromResult<string?>(advance.Reason);
            // Or pages would say, until the observer comes by, that it does not answer.
            (live.ReadyAt, live.ObservedState) = (ready, ObservedState.Ready);
            var took = ready - (live.StartedAt ?? ready);
            return Task.FromResult<string?>($"Ready, attempt {live.Attempt}: {advance.Reason} {(took > TimeSpan.Zero ? $"{took.TotalSeconds:0.0} s after it was started." : "")}".TrimEnd());
        }, cancellationToken);

    private Task<bool> ExpireAsync(WorkloadLease lease, Decision.Expire expire, Situation situation, CancellationToken cancellationToken) =>
        ApplyAsync(lease, situation, (_, workload, _, now) =>
        {
            if (workload.ExpiresAt is null || workload.ExpiresAt > now) return Task.FromResult<string?>(null);
            workload.Desired = DesiredState.Stopped;
            workload.RestartRequested = false;
            (workload.PhaseReason, workload.StopReason) = (expire.Reason, "Stopped because its time was up.");
            return Task.FromResult<string?>(expire.Reason + " Stopping.");
        }, cancellationToken);
}
