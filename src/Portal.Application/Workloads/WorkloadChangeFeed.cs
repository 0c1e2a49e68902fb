using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;

namespace Portal.Application.Workloads;

/// <summary>
/// Tells open pages of this process that workloads changed, on whichever replica. <see cref="WorkloadChange.Everything"/> after a lost listener connection: re-query once.
/// </summary>
public sealed class WorkloadChangeFeed
{
    /// <summary>PostgreSQL channel of workloads.</summary>
    public const string Channel = "portal_workloads";

    /// <summary>PostgreSQL channel of people, for what only some are shown, such as their own notifications.</summary>
    public const string PeopleChannel = "portal_people";

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

/// <summary>Which workloads changed, or for whom something did.</summary>
public sealed record WorkloadChange(IReadOnlySet<Guid> Ids, bool IsEverything)
{
    /// <summary>Stands among people for all who may decide: some request for approval came, moved on or ended.</summary>
    public static readonly Guid Approvals = new("a0000000-0000-4000-8000-000000000001");

    public static WorkloadChange Everything { get; } = new(new HashSet<Guid>(), true);

    /// <summary>The ids are of people: something that is theirs alone changed, and lists of workloads stay as they are.</summary>
    public bool OfPeople { get; init; }

    public bool Concerns(Guid id) => IsEverything || Ids.Contains(id);
}

internal static class ChangeNotification
{
    // A NOTIFY payload is limited to 8,000 bytes; an id and its comma take 37.
    private const int IdsPerNotification = 200;

    /// <summary>Announces changes when the current transaction commits, to the workloads' owners too.</summary>
    public static async Task NotifyAsync(this PortalDbContext db, IEnumerable<Guid> workloadIds, CancellationToken cancellationToken)
    {
        foreach (var chunk in workloadIds.Distinct().Chunk(IdsPerNotification))
        {
            var payload = string.Join(',', chunk);
            await db.Database.ExecuteSqlAsync($"""
                select pg_notify({WorkloadChangeFeed.Channel}, {payload}), (select pg_notify({WorkloadChangeFeed.PeopleChannel}, string_agg(distinct owner_id::text, ',')) from workloads where id = any({chunk}))
                """, cancellationToken);
        }
    }

    /// <summary>Announces to these people, when the current transaction commits, that something of theirs changed.</summary>
    public static async Task AnnounceAsync(this PortalDbContext db, IEnumerable<Guid> people, CancellationToken cancellationToken)
    {
        foreach (var chunk in people.Distinct().Chunk(IdsPerNotification))
        {
            var payload = string.Join(',', chunk);
            await db.Database.ExecuteSqlAsync($"select pg_notify({WorkloadChangeFeed.PeopleChannel}, {payload})", cancellationToken);
        }
    }
}
