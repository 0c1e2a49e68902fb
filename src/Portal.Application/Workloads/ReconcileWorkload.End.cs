using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Asking a resource to end, and what is written once it has: logs, metrics and usage are complete before the phase says so.</summary>
public sealed partial class ReconcileWorkload
{
    private async Task<bool> StopAsync(WorkloadLease lease, Situation situation, Decision.Stop stop, CancellationToken cancellationToken)
    {
        var askedNow = false;
        var asked = await ApplyAsync(lease, situation, (_, workload, live, now) =>
        {
            if (live is null) return Task.FromResult<string?>(null);
            live.StopAskedAt = now;
            askedNow = true;
            if (stop.Failure is { } failure) (live.PendingFailure, live.PendingReason) = (failure, stop.Reason);
            workload.Enter(WorkloadPhase.Stopping, stop.Reason, now);
            return Task.FromResult<string?>(stop.Reason);
        }, cancellationToken);
        if (!asked) return false;
        if (!askedNow) return true;
        faults.Pass(FaultPoints.StopAskCommitted);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.ProviderCallTimeout);
            await targets[situation.Live!.Target].StopAsync(situation.Live.Id, situation.Snapshot.Grace, limit.Token);
        }
        catch (ComputeTargetException exception)
        {
            // Asked again when patience runs out, for ever; the reason stays visible meanwhile.
            LogTargetRefused(logger, situation.Workload.Id, "stop", situation.Live!.Target, exception.Failure, exception.Message);
            await ApplyAsync(lease, null, (_, workload, _, _) =>
            {
                workload.PhaseReason = $"Could not be stopped yet: {TargetWords.Clean(exception.Message)}";
                return Task.FromResult<string?>(null);
            }, cancellationToken);
        }
        faults.Pass(FaultPoints.StopProviderCalled);
        return true;
    }

    private async Task<bool> EndAsync(WorkloadLease lease, Situation situation, Decision decision, CancellationToken cancellationToken)
    {
        string? tail = null;
        var book = await prices.GetAsync(cancellationToken);
        if (situation.Live is { } ending)
        {
            await logs.IngestAsync(ending.Id, cancellationToken);
            tail = await logs.TailAsync(ending, cancellationToken);
        }
        var applied = await ApplyAsync(lease, situation, async (db, workload, live, now) =>
        {
            if (tail is not null) workload.LogTail = tail;
            if (live is not null) await EndAllocationAsync(db, workload, live, situation.Seen, decision, book, now, cancellationToken);
            Rest(workload, decision, situation.Seen, now);
            await TellOwnerAsync(db, workload, decision, now, cancellationToken);
            return Words(decision);
        }, cancellationToken, FaultPoints.EndBeforeCommit);
        if (!applied) return false;
        faults.Pass(FaultPoints.EndAfterCommit);
        if (situation.Live is not null) await WakeWaitingAsync(situation.Workload, cancellationToken);
        return true;
    }

    private async Task<bool> DeleteAsync(WorkloadLease lease, Situation situation, Decision.Settle settle, CancellationToken cancellationToken)
    {
        if (situation.Live is not null)
        {
            // First the allocation ends (with its usage); the storage goes in the next step, when nothing can write to it any more.
            return await EndAsync(lease, situation, new Decision.Settle(WorkloadPhase.Stopping, "Ended; removing its folder."), cancellationToken);
        }
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var past = await db.Allocations.Where(a => a.WorkloadId == situation.Workload.Id).Select(a => new { a.Id, a.Target }).ToListAsync(cancellationToken);
            try
            {
                foreach (var allocation in past.Where(a => targets.Find(a.Target) is not null)) await targets[allocation.Target].ForgetAsync(allocation.Id, cancellationToken);
                foreach (var target in past.Select(a => a.Target).Append(situation.Workload.Target).Distinct().Where(t => targets.Find(t) is not null))
                    await targets[target].DeleteStorageAsync(situation.Workload.Id, cancellationToken);
            }
            catch (ComputeTargetException exception)
            {
                LogTargetRefused(logger, situation.Workload.Id, "delete", situation.Workload.Target, exception.Failure, exception.Message);
                await NoteReasonAsync(lease, situation, $"Its storage could not be removed yet: {TargetWords.Clean(exception.Message)}", cancellationToken);
                await lease.AbandonAsync(TimeSpan.FromSeconds(15), cancellationToken);
                return false;
            }
        }
        faults.Pass(FaultPoints.DeleteStorageRemoved);
        var applied = await ApplyAsync(lease, situation, (_, workload, _, now) =>
        {
            Rest(workload, settle, null, now);
            return Task.FromResult<string?>("Deleted with its folder, checkpoints and artifacts.");
        }, cancellationToken);
        if (applied) faults.Pass(FaultPoints.DeleteSettled);
        return applied;
    }

    private static async Task EndAllocationAsync(PortalDbContext db, Workload workload, Allocation live, Observation? seen, Decision decision, PriceBook book, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // It may have started and ended between a crash and now: its start is the provider's.
        if (live.StartedAt is null && seen?.StartedAt is { } startedUnseen)
        {
            RecordStart(db, workload, live, seen.ResourceId, startedUnseen, seen.Parts is not null);
            await db.SaveChangesAsync(cancellationToken);
        }
        if (seen?.Parts is { } parts)
        {
            await PartMetering.RecordAsync(db, live, parts, book, seen.EndedAt, now, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }
        // Very short runs are over at the first look; people waited for them all the same.
        if (live.ReadyAt is null && seen?.ReadyAt is { } readyUnseen)
            live.ReadyAt = workload.ReadyAt = Accrual.ToMicroseconds(readyUnseen);
        // Of a resource that vanished, only the time it was last seen alive is certain; nobody pays for guesses.
        var ended = Accrual.ToMicroseconds(seen?.EndedAt ?? (seen?.State is ObservedState.Lost or ObservedState.NotFound ? live.LastSampleAt ?? live.ReadyAt ?? live.StartedAt : null) ?? now);
        if (live.StartedAt is { } start && ended < start) ended = start;
        live.EndedAt = ended;
        live.ExitCode = seen?.ExitCode;
        (live.Failure, live.EndReason) = decision switch
        {
            Decision.Fail fail => (fail.Failure, fail.Reason),
            Decision.Replace replace => (replace.Failure, replace.Reason),
            _ => (null, Words(decision)),
        };
        await UsagePosting.CloseAsync(db, live.Id, ended, now, cancellationToken);
    }

    /// <summary>Tells the owner of an end that no person asked for. What a person stopped has no stop reason.</summary>
    private static Task TellOwnerAsync(PortalDbContext db, Workload workload, Decision decision, DateTimeOffset now, CancellationToken cancellationToken) => decision switch
    {
        Decision.Fail fail => db.TellAsync([workload.OwnerId], new News(NotificationKind.WorkloadFailed, $"workload:{workload.Id}:failed:{now.UtcTicks}", $"“{workload.Name}” failed", $"/workloads/{workload.Id}", fail.Reason), now, cancellationToken),
        Decision.Settle { Phase: WorkloadPhase.Stopped } when workload.StopReason is { } reason =>
            db.TellAsync([workload.OwnerId], new News(NotificationKind.WorkloadStopped, $"workload:{workload.Id}:stopped:{now.UtcTicks}", $"“{workload.Name}” was stopped", $"/workloads/{workload.Id}", reason), now, cancellationToken),
        _ => Task.CompletedTask,
    };

    private static void Rest(Workload workload, Decision decision, Observation? seen, DateTimeOffset now)
    {
        workload.WaitsForCapacity = false;
        switch (decision)
        {
            case Decision.Replace replace:
                workload.Enter(replace.Phase, replace.Reason, now);
                workload.NotBefore = replace.NotBefore > now ? replace.NotBefore : null;
                workload.ErrorAttempts += replace.CountsAsError ? 1 : 0;
                workload.SetbacksInARow = replace.Failure is null ? 0 : SetbacksAfter(workload, seen) + 1;
                if (replace.Failure is null) BeginAnew(workload, now);
                workload.ReadyAt = null;
                return;
            case Decision.Complete complete:
                (workload.ExitCode, workload.Failure, workload.EndedAt, workload.RestartRequested) = (0, null, seen?.EndedAt ?? now, false);
                workload.Enter(WorkloadPhase.Succeeded, complete.Reason, now);
                return;
            case Decision.Fail fail:
                (workload.ExitCode, workload.Failure, workload.EndedAt, workload.RestartRequested) = (seen?.ExitCode, fail.Failure, seen?.EndedAt ?? now, false);
                workload.Enter(WorkloadPhase.Failed, fail.Reason, now);
                return;
            case Decision.Settle settle:
                (workload.ExitCode, workload.EndedAt, workload.RestartRequested) = (seen?.ExitCode ?? workload.ExitCode, workload.EndedAt ?? seen?.EndedAt ?? now, false);
                var reason = settle.Phase == WorkloadPhase.Stopped ? workload.StopReason ?? settle.Reason : settle.Reason;
                workload.Enter(settle.Phase, reason, now);
                return;
            default:
                throw new InvalidOperationException($"{decision.GetType().Name} does not end an attempt.");
        }
    }

    // A person's wish: a new run of attempts, at the end of the line.
    private static void BeginAnew(Workload workload, DateTimeOffset now)
    {
        (workload.RestartRequested, workload.ErrorAttempts, workload.QueuedAt) = (false, 0, now);
        (workload.StartedAt, workload.EndedAt, workload.ExitCode, workload.Failure) = (null, null, null, null);
    }

    // An attempt that ran for a good while was no setback of the kind that should slow the next one down.
    private static int SetbacksAfter(Workload workload, Observation? seen) =>
        seen?.ReadyAt is { } ready && (seen.EndedAt ?? ready) - ready > TimeSpan.FromMinutes(5) ? 0 : workload.SetbacksInARow;

    private static string Words(Decision decision) => decision switch
    {
        Decision.Replace { Failure: { } failure } replace => $"{failure}: {replace.Reason}",
        Decision.Replace replace => replace.Reason,
        Decision.Complete complete => complete.Reason,
        Decision.Fail fail => $"{fail.Failure}: {fail.Reason}",
        Decision.Settle settle => settle.Reason,
        _ => decision.GetType().Name,
    };

    /// <summary>
    /// Room may have come free, or the line moved: those that wait look again. In a transaction of its own, rows in the order of their ids: nobody who holds one workload's row
    /// may wait for another's. When a crash loses it, they look within ten seconds by themselves.
    /// </summary>
    private async Task WakeWaitingAsync(Workload workload, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"""
            with first as (select id from workloads where target = {workload.Target} and waits_for_capacity and id <> {workload.Id} and desired = 'Running' order by queued_at limit 50),
              locked as (select w.id from workloads w join first on first.id = w.id order by w.id for no key update of w)
            update workloads set generation = generation + 1, next_action_at = to_timestamp(0) where id in (select id from locked)
            """, cancellationToken);
    }
}
