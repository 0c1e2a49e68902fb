using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portal.Application.Compute;
using Portal.Application.Workloads;
using Portal.Domain.Compute;

namespace Portal.Application.Hosting;

/// <summary>Observes every target again and again, one process at a time per target.</summary>
public sealed partial class TargetObserver(ComputeTargets targets, LeaderElection election, ObserveTarget observe, WatchActivity watch, ReconcileOptions options, TimeProvider time, ILogger<TargetObserver> logger)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(targets.All.Select(target => ObserveForeverAsync(target, stoppingToken)));

    private async Task ObserveForeverAsync(IComputeTarget target, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.ObserveEvery, time);
        var round = target is IWatchedTarget watched ? (Func<CancellationToken, Task>)new WatchedRounds(watched, observe, watch, options.ObserveEvery).NextAsync : token => LookAsync(target, token);
        try
        {
            do
            {
                try
                {
                    if (!await election.LeadAsync($"observe:{target.Name}", options.ObserveEvery * 5, stoppingToken)) continue;
                    // A watched target answers as soon as something happens; until the next turn of the clock this process leads anyway.
                    var begun = time.GetTimestamp();
                    do await round(stoppingToken);
                    while (target is IWatchedTarget && time.GetElapsedTime(begun) < options.ObserveEvery);
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    LogFailed(logger, target.Name, exception.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Shutting down; the lease runs out within seconds.
        }
    }

    private async Task LookAsync(IComputeTarget target, CancellationToken cancellationToken)
    {
        await observe.ExecuteAsync(target, cancellationToken);
        await watch.ExecuteAsync(target, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Observing {Target} failed ({Reason}); it is tried again")]
    private static partial void LogFailed(ILogger logger, string target, string reason);
}
