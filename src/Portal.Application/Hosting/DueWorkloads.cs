using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Workloads;

namespace Portal.Application.Hosting;

/// <summary>The clock: every second enqueues what is due (also what a crash left behind) and ends approvals that nobody decided, every minute stops what lost its grant or its owner, posts usage and clears what has expired.</summary>
public sealed partial class DueWorkloads(IDbContextFactory<PortalDbContext> contexts, ReconcileRequests requests, IReconcileBacklog backlog, UsagePosting posting, PartMetering metering, ExpireApprovals expire, EnforceGrants grants, WatchOwners owners, TimeProvider time, ILogger<DueWorkloads> logger) : BackgroundService
{
    // Enough for every worker until the next second, little enough that a wish of a person does not wait long behind it.
    private const int BatchSize = 200, LongestBacklog = 400;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        var nextMinute = time.GetUtcNow();
        try
        {
            do
            {
                try
                {
                    await EnqueueDueAsync(stoppingToken);
                    await expire.ExecuteAsync(stoppingToken);
                    if (time.GetUtcNow() < nextMinute) continue;
                    nextMinute = time.GetUtcNow().AddMinutes(1);
                    await grants.ExecuteAsync(stoppingToken);
                    await owners.ExecuteAsync(stoppingToken);
                    await metering.RepriceAsync(stoppingToken);
                    await posting.PostDueAsync(stoppingToken);
                    await ClearExpiredAsync(stoppingToken);
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
            // Shutting down.
        }
    }

    /// <summary>Enqueues due workloads and moves their next look on, so that the same ids are not enqueued every second. While many wait for a worker none are added: else a queue that workers cannot keep up with would be filled with the same ids for ever.</summary>
    /// <returns>How many were enqueued.</returns>
    public async Task<int> EnqueueDueAsync(CancellationToken cancellationToken)
    {
        var room = Math.Min(BatchSize, LongestBacklog - backlog.Waiting);
        if (room <= 0) return 0;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Database.SqlQuery<Guid>($"""
            update workloads set next_action_at = clock_timestamp() + interval '10 seconds'
            where id in (select id from workloads where next_action_at <= clock_timestamp() and (lease_expires_at is null or lease_expires_at < clock_timestamp())
                         order by next_action_at limit {room} for update skip locked)
            returning id as "Value"
            """).ToListAsync(cancellationToken);
        foreach (var id in due) requests.Enqueue(id);
        return due.Count;
    }

    private async Task ClearExpiredAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        await db.EntryCodes.Where(c => c.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        var dayAgo = now.AddDays(-1);
        await db.StoredAnswers.Where(a => a.CreatedAt < dayAgo).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for due work failed ({Reason}); it is tried again")]
    private static partial void LogFailed(ILogger logger, string reason);
}
