using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>The logs that are followed now: those of runs, for their metrics, and those that people look at. Each holds a connection and some memory, so there are only so many; the others are asked for as before.</summary>
internal sealed class LogFollows(ClusterApi api, ClusterOptions options, Func<LogSource, CancellationToken, Task<bool>> goesOn, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int HeldBytes = 256 << 10;

    private readonly ConcurrentDictionary<Guid, Open> _open = new();
    private readonly Lock _gate = new();
    private bool _isDisposed;

    /// <summary>The follow of an allocation's log, which counts as read now; null when there is none.</summary>
    public LogFollow? Find(Guid allocationId)
    {
        if (!_open.TryGetValue(allocationId, out var open)) return null;
        lock (_gate)
            if (!open.IsOver) open.End.CancelAfter(options.LogFollowIdle);
        return open.Follow;
    }

    /// <summary>Follows a log from a cursor on, unless it is already or too many are.</summary>
    /// <param name="forPeople">Somebody looks at it: of all there may be, a quarter is theirs, so that the runs of a busy cluster do not take every one.</param>
    public void Begin(Guid allocationId, LogSource source, long cursor, bool forPeople)
    {
        lock (_gate)
        {
            if (_isDisposed || _open.Count >= (forPeople ? options.LogFollows : options.LogFollows - options.LogFollows / 4) || _open.ContainsKey(allocationId)) return;
            var open = new Open(new LogFollow(api, source, cursor, null, HeldBytes, goesOn, time, logger), new CancellationTokenSource(options.LogFollowIdle, time));
            _open[allocationId] = open;
            open.Running = RunAsync(allocationId, open);
        }
    }

    /// <summary>Nothing more is written there: what is left is read from the server.</summary>
    public void Close(Guid allocationId)
    {
        if (!_open.TryRemove(allocationId, out var open)) return;
        lock (_gate)
            if (!open.IsOver) open.End.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        List<Open> open;
        lock (_gate)
        {
            _isDisposed = true;
            open = [.. _open.Values];
            foreach (var one in open.Where(o => !o.IsOver)) one.End.Cancel();
        }
        await Task.WhenAll(open.Select(o => o.Running));
    }

    private async Task RunAsync(Guid allocationId, Open open)
    {
        // Whoever begins it holds the gate.
        await Task.Yield();
        try
        {
            await open.Follow.RunAsync(open.End.Token);
        }
        finally
        {
            _open.TryRemove(KeyValuePair.Create(allocationId, open));
            lock (_gate)
            {
                open.IsOver = true;
                open.End.Dispose();
            }
        }
    }

    private sealed class Open(LogFollow follow, CancellationTokenSource end)
    {
        public LogFollow Follow { get; } = follow;

        public CancellationTokenSource End { get; } = end;

        public bool IsOver { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;
    }
}
