using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;

namespace Portal.Application.Workloads;

/// <summary>
/// Tells open pages of this process that workloads changed, on whichever replica. <see cref="WorkloadChange.Everything"/> after a lost listener connection: re-query once.
/// </summary>
public sealed class WorkloadChangeFeed
{
    /// <summary>PostgreSQL channel.</summary>
    public const string Channel = "portal_workloads";

    private readonly ConcurrentDictionary<long, Func<WorkloadChange, Task>> _subscribers = new();
    private long _next;

    /// <summary>Calls back on every change until the answer is disposed. The callback must not throw and should be quick.</summary>
    public IDisposable Subscribe(Func<WorkloadChange, Task> onChange)
    {
        var key = Interlocked.Increment(ref _next);
        _subscribers[key] = onChange;
        return new Subscription(() => _subscribers.TryRemove(key, out _));
    }

    /// <summary>Hands a change to every subscriber of this process.</summary>
    public Task PublishAsync(WorkloadChange change) => Task.WhenAll(_subscribers.Values.Select(async subscriber => await subscriber(change)));

    private sealed class Subscription(Action dispose) : IDisposable
    {
        public void Dispose() => dispose();
    }
}

/// <summary>Which workloads changed.</summary>
public sealed record WorkloadChange(IReadOnlySet<Guid> Ids, bool IsEverything)
{
    public static WorkloadChange Everything { get; } = new(new HashSet<Guid>(), true);

    public bool Concerns(Guid id) => IsEverything || Ids.Contains(id);
}

internal static class ChangeNotification
{
    // A NOTIFY payload is limited to 8,000 bytes; an id and its comma take 37.
    private const int IdsPerNotification = 200;

    /// <summary>Announces changes when the current transaction commits.</summary>
    public static async Task NotifyAsync(this PortalDbContext db, IEnumerable<Guid> workloadIds, CancellationToken cancellationToken)
    {
        foreach (var chunk in workloadIds.Distinct().Chunk(IdsPerNotification))
        {
            var payload = string.Join(',', chunk);
            await db.Database.ExecuteSqlAsync($"select pg_notify({WorkloadChangeFeed.Channel}, {payload})", cancellationToken);
        }
    }
}
