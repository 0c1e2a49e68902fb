using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portal.Application.Compute;

namespace Portal.Application.Hosting;

/// <summary>Writes down every few seconds which workloads were called through this process.</summary>
public sealed partial class UseFlusher(RecordUse use, TimeProvider time, ILogger<UseFlusher> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await use.FlushAsync(stoppingToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    LogFailed(logger, exception.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Shutting down; a few seconds of use are lost, which no rule is short enough to mind.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not write down what was used ({Reason}); the next request is noted again")]
    private static partial void LogFailed(ILogger logger, string reason);
}
