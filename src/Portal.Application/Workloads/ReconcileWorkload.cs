using System.Diagnostics;
using Hangfire;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Portal.Application.Catalog;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Telemetry;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>
/// Brings one workload towards what is wanted: claim, observe, plan, act, apply under the claim, until nothing is due. Run it as often as you like, from anywhere;
/// the row is the only state.
/// </summary>
public sealed partial class ReconcileWorkload(
    IDbContextFactory<PortalDbContext> contexts, ComputeTargets targets, PublishedItems items, Placements placements, CurrentPrices prices, WorkloadSecrets secrets, FinishedRuns runs,
    LogIngestion logs, ReconcileOptions options, FaultPoints faults, PortalMeters meters, ILogger<ReconcileWorkload> logger)
{
    // A workload goes from queued to gone in about ten steps; more in one go is a loop that should yield to others.
    private const int MaxSteps = 25;

    /// <summary>The Hangfire job. The planner owns retries, so Hangfire has none.</summary>
    [Queue(ReconcileRequests.Queue)]
    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete)]
    public Task RunJobAsync(Guid workloadId, CancellationToken cancellationToken) => ExecuteAsync(workloadId, cancellationToken);

    public async Task ExecuteAsync(Guid workloadId, CancellationToken cancellationToken)
    {
        using var activity = PortalMeters.Activities.StartActivity("reconcile");
        activity?.SetTag("portal.workload.id", workloadId);
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["WorkloadId"] = workloadId });
        if (await WorkloadLease.ClaimAsync(contexts, workloadId, options.LeaseDuration, cancellationToken) is not { } lease) return;
        var begun = Stopwatch.GetTimestamp();
        var outcome = await UnderAsync(lease, workloadId, cancellationToken);
        meters.Reconciled(Stopwatch.GetElapsedTime(begun), outcome);
        activity?.SetTag("portal.outcome", outcome).SetStatus(outcome is "failed" or "timeout" ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
    }

    /// <summary>Plans and acts until nothing is due. Answers how it ended.</summary>
    private async Task<string> UnderAsync(WorkloadLease lease, Guid workloadId, CancellationToken cancellationToken)
    {
        try
        {
            for (var step = 0; step < MaxSteps; step++)
            {
                if (step > 0 && !await lease.RenewAsync(cancellationToken)) return "lost";
                var situation = await LoadAsync(workloadId, cancellationToken);
                using var scope = situation.Live is null ? null : logger.BeginScope(new Dictionary<string, object> { ["AllocationId"] = situation.Live.Id });
                if (situation is { Live: { } live, Seen.Parts: { } parts } && PartMetering.IsNews(live, parts))
                {
                    if (!await RecordPartsAsync(lease, situation, parts, cancellationToken)) return "lost";
                    continue;
                }
                if (situation is { Workload.Desired: DesiredState.Running, Live.StartedAt: not null, Seen.Altered: { } altered } && await RestoreAsync(lease, situation, altered, cancellationToken)) continue;
                var decision = WorkloadPlanner.Next(situation.Snapshot, situation.LiveSnapshot, situation.Seen, situation.Placement, situation.Now);
                LogDecision(logger, workloadId, situation.Workload.Phase, decision);
                if (decision is Decision.None or Decision.Wait)
                {
                    if (decision is Decision.Wait { Reason: not null } wait) await NoteReasonAsync(lease, situation, wait.Reason, cancellationToken);
                    if (await lease.ReleaseAsync(situation.Workload.Generation, (decision as Decision.Wait)?.Until, cancellationToken)) return "done";
                    continue;
                }
                if (!await ActAsync(lease, situation, decision, cancellationToken)) return "lost";
            }
            await lease.AbandonAsync(TimeSpan.FromSeconds(1), cancellationToken);
            return "done";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Shutting down: another process may go on at once.
            await AbandonQuietlyAsync(lease);
            throw;
        }
        catch (OperationCanceledException)
        {
            // Whether the call had its effect is for the next observation to say.
            LogTimedOut(logger, workloadId, options.ProviderCallTimeout);
            await AbandonQuietlyAsync(lease);
            return "timeout";
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, workloadId);
            await AbandonQuietlyAsync(lease);
            return "failed";
        }
    }

    private async Task<Situation> LoadAsync(Guid workloadId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var workload = await db.Workloads.AsNoTracking().SingleAsync(w => w.Id == workloadId, cancellationToken);
        var live = await db.Allocations.AsNoTracking().SingleOrDefaultAsync(a => a.WorkloadId == workloadId && a.EndedAt == null, cancellationToken);
        var version = await items.GetAsync(workload.ItemVersionId, cancellationToken);
        var hardware = PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson);
        var seen = live is null ? null : await ObserveAsync(live, cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var snapshot = Situation.SnapshotOf(workload, version.Spec);
        var liveSnapshot = Situation.SnapshotOf(live);
        var (placement, forCapacity) = (Placement.Unasked, false);
        if (WorkloadPlanner.NeedsPlacement(snapshot, liveSnapshot, now))
            (placement, forCapacity) = await placements.FindAsync(db, workload, hardware, version.Spec, cancellationToken);
        return new Situation(workload, live, version, hardware, snapshot, liveSnapshot, seen, placement, forCapacity, now);
    }

    private async Task<Observation> ObserveAsync(Allocation live, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ProviderCallTimeout);
        try
        {
            return targets.Find(live.Target) is { } target
                ? TargetWords.Clean(await target.ObserveAsync(live.Id, limit.Token))
                : new Observation(live.Id, ObservedState.Unknown) { Message = $"The compute target '{live.Target}' is not registered here." };
        }
        catch (Exception exception) when (exception is ComputeTargetException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Observation(live.Id, ObservedState.Unknown) { Message = exception.Message };
        }
    }

    private async Task AbandonQuietlyAsync(WorkloadLease lease)
    {
        try
        {
            await lease.AbandonAsync(TimeSpan.FromSeconds(3), CancellationToken.None);
        }
        catch (Exception exception) when (exception is Npgsql.NpgsqlException or InvalidOperationException or TimeoutException)
        {
            // The database is away: the lease runs out by itself and the sweep goes on from there.
            LogNotAbandoned(logger, lease.WorkloadId, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{WorkloadId} in {Phase}: {Decision}")]
    private static partial void LogDecision(ILogger logger, Guid workloadId, WorkloadPhase phase, Decision decision);

    [LoggerMessage(Level = LogLevel.Information, Message = "{WorkloadId}: {From} -> {To}, {Reason}")]
    private static partial void LogPhase(ILogger logger, Guid workloadId, WorkloadPhase from, WorkloadPhase to, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Reconciling {WorkloadId} failed; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception exception, Guid workloadId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{WorkloadId}: a call of its target took longer than {Limit}; looking again")]
    private static partial void LogTimedOut(ILogger logger, Guid workloadId, TimeSpan limit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not give back the lease of {WorkloadId} ({Reason}); it runs out by itself")]
    private static partial void LogNotAbandoned(ILogger logger, Guid workloadId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{WorkloadId}: {Call} on {Target} failed as {Failure}: {Reason}")]
    private static partial void LogTargetRefused(ILogger logger, Guid workloadId, string call, string target, FailureClass failure, string reason);
}
