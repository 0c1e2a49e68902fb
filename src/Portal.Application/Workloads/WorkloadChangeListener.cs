using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Portal.Application.Workloads;

/// <summary>Listens to the database's notifications on a connection of its own and feeds the process's subscribers.</summary>
public sealed partial class WorkloadChangeListener(NpgsqlDataSource dataSource, WorkloadChangeFeed feed, TimeProvider time, ILogger<WorkloadChangeListener> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever it was, also a subscriber that threw: without a listener every open page of this process would stand still.
                LogLost(logger, exception.Message);
                await Task.Delay(RetryDelay, time, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notification) => Receive(notification.Channel, notification.Payload);
        await using (var listen = new NpgsqlCommand($"listen {WorkloadChangeFeed.Channel}; listen {WorkloadChangeFeed.PeopleChannel}", connection))
            await listen.ExecuteNonQueryAsync(cancellationToken);
        // Whatever happened while nobody listened: everything open looks once.
        await feed.PublishAsync(WorkloadChange.Everything);
        while (true) await connection.WaitAsync(cancellationToken);
    }

    private void Receive(string channel, string payload)
    {
        var ids = payload.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => Guid.TryParse(text, out var id) ? id : Guid.Empty).ToHashSet();
        if (ids.Count == 0) return;
        var delivery = feed.PublishAsync(new WorkloadChange(ids, false) { OfPeople = channel == WorkloadChangeFeed.PeopleChannel });
        delivery.ContinueWith(t => LogSubscriberFailed(logger, t.Exception), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The change listener lost its connection ({Reason}); connecting again")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A subscriber of workload changes failed")]
    private static partial void LogSubscriberFailed(ILogger logger, Exception? exception);
}
