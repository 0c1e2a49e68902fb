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
        var leader = $"observe:{target.Name}";
        using var timer = new PeriodicTimer(options.ObserveEvery, time);
        try
        {
            do
            {
                try
                {
                    if (await election.LeadAsync(leader, options.ObserveEvery * 5, stoppingToken)) 
                    {
                        await observe.ExecuteAsync(target, stoppingToken);
                        await watch.ExecuteAsync(target, stoppingToken);
                    }
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Observing {Target} failed ({Reason}); it is tried again")]
    private static partial void LogFailed(ILogger logger, string target, string reason);
}
