using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.Extensions.Logging;

namespace Portal.Application.Workloads;

/// <summary>Asks for a reconcile after a commit. A lost request is harmless: the sweep finds the row.</summary>
public sealed partial class ReconcileRequests(IBackgroundJobClient jobs, ILogger<ReconcileRequests> logger)
{
    public const string Queue = "reconcile";

    public void Enqueue(Guid workloadId)
    {
        try
        {
            jobs.Create(Job.FromExpression<ReconcileWorkload>(reconcile => reconcile.RunJobAsync(workloadId, CancellationToken.None)), new EnqueuedState(Queue));
        }
        catch (BackgroundJobClientException exception)
        {
            // The wish is committed; the sweep picks it up within seconds.
            LogNotEnqueued(logger, workloadId, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not enqueue the reconcile of {WorkloadId} ({Reason}); the sweep will")]
    private static partial void LogNotEnqueued(ILogger logger, Guid workloadId, string reason);
}
