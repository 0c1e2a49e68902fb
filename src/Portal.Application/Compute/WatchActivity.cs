using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Portal.Application.Audit;
using Portal.Application.Catalog;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Application.Settings;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;

namespace Portal.Application.Compute;

/// <summary>
/// Asks what runs whether it is in use, warns of an idle stop and makes it. A probe that fails postpones everything; requests through the proxy are recorded by <see cref="RecordUse"/>.
/// </summary>
public sealed partial class WatchActivity(
    IDbContextFactory<PortalDbContext> contexts, PublishedItems items, WorkloadSecrets secrets, ReconcileRequests requests, PortalSettings settings, ReconcileOptions options, ILogger<WatchActivity> logger)
{
    private const int AtOnce = 8;

    /// <summary>Cores. An idle Jupyter server with idle kernels uses less than a hundredth of this.</summary>
    private const double BusyCores = 0.1;

    /// <summary>Looks at everything on a target whose turn it is.</summary>
    public async Task ExecuteAsync(IComputeTarget target, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var before = now - options.ProbeEvery;
        var due = await db.Workloads.AsNoTracking().Where(w => w.Target == target.Name && w.Phase == WorkloadPhase.Running && w.Desired == DesiredState.Running && (w.ProbedAt == null || w.ProbedAt < before))
            .OrderBy(w => w.ProbedAt).Take(200).ToListAsync(cancellationToken);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (workload, token) => await LookAsync(target, workload, now, token));
    }

    private async Task LookAsync(IComputeTarget target, Workload workload, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        var activity = new Activity(null, null);
        string? problem = null;
        try
        {
            if (spec.Activity.Probe == "jupyter") activity = await AskJupyterAsync(target, workload, now, cancellationToken);
        }
        catch (ProbeFailedException failed)
        {
            problem = failed.Message;
            LogProbeFailed(logger, workload.Id, failed.Message);
        }
        await RecordAsync(workload.Id, spec.Activity, activity, problem, cancellationToken);
    }

    private async Task<Activity> AskJupyterAsync(IComputeTarget target, Workload workload, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var live = await db.Allocations.AsNoTracking().SingleOrDefaultAsync(a => a.WorkloadId == workload.Id && a.EndedAt == null, cancellationToken) ?? throw new ProbeFailedException("It is between two attempts.");
        var answered = await JupyterProbe.AskAsync(target, live.Id, $"/w/{workload.Id}/", secrets.ReadCredential(live.ProtectedCredential), now, cancellationToken);
        // A program that computes in a terminal without a word, or in the background: work all the same.
        var load = await db.MetricPoints.Where(p => p.WorkloadId == workload.Id && p.Name == "system/cpu" && p.At > now.AddMinutes(-1) && p.Value > BusyCores).OrderByDescending(p => p.At).FirstOrDefaultAsync(cancellationToken);
        return load is not null && !(answered.At >= load.At) ? new Activity(load.At, $"its processes used {load.Value:0.##} cores") : answered;
    }

    /// <summary>One guarded write: activity, warning, or the stop. What somebody did meanwhile is seen because the row is locked and read again.</summary>
    private async Task RecordAsync(Guid id, Domain.Catalog.ActivitySpec spec, Activity activity, string? problem, CancellationToken cancellationToken)
    {
        var inForce = await settings.GetAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var workload = await db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {id} for no key update").SingleAsync(cancellationToken);
        if (workload.Phase != WorkloadPhase.Running || workload.Desired != DesiredState.Running || workload.ReadyAt is not { } readyAt) return;
        var now = await db.NowAsync(cancellationToken);
        var announced = workload.IdleStopAt;
        (workload.ProbedAt, workload.ProbeProblem) = (now, problem is { Length: > 500 } ? problem[..500] : problem);
        if (activity.At > readyAt && !(workload.ActivityAt >= activity.At)) (workload.ActivityAt, workload.ActivityWhat) = (activity.At, activity.What);
        var verdict = problem is not null || !inForce.IdleStop
            ? new IdleVerdict(null, false)
            : IdlePolicy.Judge(IdlePolicy.RulesFor(spec, workload.IdleTimeout), readyAt, workload.ActivityAt, announced, inForce.IdleWarning, now);
        workload.IdleStopAt = verdict.StopAt;
        if (verdict.Stop) Stop(db, workload, now);
        else if (announced is null && verdict.StopAt is { } stopAt) db.Record(workload, workload.Phase, $"Idle since {IdleSince(workload):HH:mm} UTC; it will be stopped at {stopAt:HH:mm} UTC unless it is used.", null, now);
        else if (announced is not null && verdict.StopAt is null) db.Record(workload, workload.Phase, problem is null ? $"In use again: {workload.ActivityWhat ?? "it is kept"}." : $"The idle stop is put off: {problem}", null, now);
        if (!verdict.Stop && announced is null && verdict.StopAt is { } soon)
            await db.TellAsync([workload.OwnerId], new News(NotificationKind.WorkloadEnding, $"workload:{id}:idle:{soon.UtcTicks}", $"“{workload.Name}” is idle and will be stopped at {soon:HH:mm} UTC", $"/workloads/{id}", "Use it, or keep it, on its page."), now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        if (announced != workload.IdleStopAt || verdict.Stop) await db.NotifyAsync([id], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (verdict.Stop) requests.Enqueue(id);
    }

    private static void Stop(PortalDbContext db, Workload workload, DateTimeOffset now)
    {
        var reason = $"Nobody used it since {IdleSince(workload):HH:mm} UTC.";
        (workload.Desired, workload.RestartRequested, workload.PhaseReason, workload.StopReason) = (DesiredState.Stopped, false, reason, reason);
        workload.Wake(now);
        db.Record(workload, workload.Phase, reason + " Stopping.", null, now);
        db.Audit(null, now, "workload.idleStop", "workload", workload.Id.ToString(), workload.Name, new { workload.ActivityAt, workload.ActivityWhat });
    }

    private static DateTimeOffset IdleSince(Workload workload) => workload.ActivityAt ?? workload.ReadyAt!.Value;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{WorkloadId}: activity could not be found out, nothing is concluded: {Reason}")]
    private static partial void LogProbeFailed(ILogger logger, Guid workloadId, string reason);
}
