using System.Collections.Concurrent;
using Portal.Application.Access;
using Portal.Application.Workloads;
using Portal.Domain.Access;

namespace Portal.Web.Apps;

/// <summary>
/// What is open towards programs now (WebSockets, event streams, long answers). When a workload changes, and every few seconds, each is asked again whether its person may still be there;
/// a stop or a revocation closes it.
/// </summary>
internal sealed partial class OpenStreams(WorkloadEntrance entrance, ActorDirectory actors, WorkloadChangeFeed feed, TimeProvider time, ILogger<OpenStreams> logger) : BackgroundService
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<long, Entry> _open = new();
    private long _next;

    /// <summary>Registers a request; dispose it when it is answered. Its token ends when access does.</summary>
    public Entry Register(Guid workloadId, Actor actor, Guid allocationId, CancellationToken aborted)
    {
        var key = Interlocked.Increment(ref _next);
        return _open[key] = new Entry(workloadId, actor, allocationId, CancellationTokenSource.CreateLinkedTokenSource(aborted), () => _open.TryRemove(key, out _));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var subscription = feed.Subscribe(change => CheckAsync(entry => change.Concerns(entry.WorkloadId), stoppingToken));
        using var timer = new PeriodicTimer(CheckEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await CheckAsync(_ => true, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Shutting down.
        }
    }

    private async Task CheckAsync(Func<Entry, bool> which, CancellationToken cancellationToken)
    {
        foreach (var group in _open.Values.Where(which).GroupBy(e => (e.WorkloadId, e.Actor.UserId, e.Actor.TokenId)))
        {
            try
            {
                var actor = await actors.AgainAsync(group.First().Actor, cancellationToken);
                var outcome = actor is null ? null : await entrance.CheckAsync(group.Key.WorkloadId, actor, cancellationToken);
                foreach (var entry in group.Where(e => outcome is not WorkloadEntrance.Outcome.Open open || open.AllocationId != e.AllocationId)) entry.Close();
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The database is away: what is open stays open until it can be asked.
                LogNotChecked(logger, group.Key.WorkloadId, exception.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not check who is inside {WorkloadId}: {Reason}")]
    private static partial void LogNotChecked(ILogger logger, Guid workloadId, string reason);

    /// <summary>One open request.</summary>
    internal sealed class Entry(Guid workloadId, Actor actor, Guid allocationId, CancellationTokenSource source, Action remove) : IDisposable
    {
        public Guid WorkloadId => workloadId;

        public Actor Actor => actor;

        public Guid AllocationId => allocationId;

        public CancellationToken Token => source.Token;

        public void Close()
        {
            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself a moment ago.
            }
        }

        public void Dispose()
        {
            remove();
            source.Dispose();
        }
    }
}
