using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portal.Application.Audit;

namespace Portal.Application.Hosting;

/// <summary>Seals the audit trail within a second or so of each commit, and every minute notes its head outside the database.</summary>
public sealed partial class AuditSealer(SealAudit seal, TimeProvider time, ILogger<AuditSealer> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        var nextHead = time.GetUtcNow();
        try
        {
            do
            {
                try
                {
                    await seal.ExecuteAsync(stoppingToken);
                    if (time.GetUtcNow() < nextHead) continue;
                    nextHead = time.GetUtcNow().AddMinutes(1);
                    await seal.NoteHeadAsync(stoppingToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    LogFailed(logger, exception.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Shutting down; what waits is sealed by the next process.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit trail could not be sealed ({Reason}); it is tried again, and entries wait")]
    private static partial void LogFailed(ILogger logger, string reason);
}
