using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>
/// Keeps the last lines of what is told to make no more pods: pods go, and their logs with them. Of what is being stopped the log is followed until its container has ended. What there is by then is written down early when the
/// end takes a while, and again when it is over; a process that dies in between loses the lines since, and no more.
/// </summary>
internal sealed partial class LogKeeper(ClusterApi api, Func<LogSource, CancellationToken, Task<bool>> goesOn, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int Tries = 3;

    // A stop has its caller waiting; a container that has never printed lets the server wait for its first line.
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(1), EarlyAfter = TimeSpan.FromSeconds(2), LongestEnd = TimeSpan.FromHours(1), ReadPatience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, Task> _keeping = new();
    private readonly CancellationTokenSource _end = new();

    /// <summary>Begins to follow the log of what is about to be stopped; returns once it is heard, or cannot be soon.</summary>
    public async Task BeginAsync(MainFacts main, LogSource source, CancellationToken cancellationToken)
    {
        var follow = new LogFollow(api, source, 0, KeptLog.MostLines, KeptLog.MostBytes, goesOn, time, logger);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_keeping.TryAdd(main.AllocationId, begun.Task)) return;
        var keeping = KeepAsync(main, follow);
        _keeping[main.AllocationId] = keeping;
        begun.SetResult();
        await Task.WhenAny(follow.Opened, keeping, Task.Delay(OpenPatience, time, cancellationToken));
    }

    /// <summary>Keeps the log of a container that has ended; one that cannot be read is passed over, since the end matters more.</summary>
    public async Task KeepAsync(MainFacts main, LogSource source, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadPatience);
        try
        {
            var buffer = new LogBuffer(KeptLog.MostBytes, 0);
            var count = 0;
            await foreach (var (at, line) in ClusterLog.LinesAsync(api, source, ClusterLog.Tail(KeptLog.MostLines), limit.Token))
            {
                buffer.Add(at, line, time.GetUtcNow());
                count++;
            }
            var lines = buffer.Lines.ToList();
            await api.ApplyAsync(new KeptLog(lines, lines.Count > 0 && (count >= KeptLog.MostLines || count > lines.Count) ? lines[0].At - 1 : 0).ToSecret(main), limit.Token);
        }
        catch (Exception exception) when (IsExpected(exception) && !cancellationToken.IsCancellationRequested)
        {
            LogLost(logger, main.AllocationId, exception.Message);
        }
    }

    /// <summary>What is kept of an allocation, or null. Waits a little for what is still being written down.</summary>
    public async Task<KeptLog?> FindAsync(Guid allocationId, string space, CancellationToken cancellationToken)
    {
        if (_keeping.TryGetValue(allocationId, out var keeping)) await Task.WhenAny(keeping, Task.Delay(ReadPatience, time, cancellationToken));
        return await api.FindAsync<V1Secret>(ResourceKind.Secrets, space, KeptLog.NameOf(allocationId), cancellationToken) is { } secret ? KeptLog.Of(secret) : null;
    }

    /// <summary>Drops what is kept.</summary>
    public async Task ForgetAsync(Guid allocationId, string space, CancellationToken cancellationToken)
    {
        // What is about to be written down would stay for ever.
        if (_keeping.TryGetValue(allocationId, out var keeping)) await Task.WhenAny(keeping, Task.Delay(ReadPatience, time, cancellationToken));
        await api.DeleteAsync(ResourceKind.Secrets, space, KeptLog.NameOf(allocationId), null, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_keeping.Values);
        _end.Dispose();
    }

    private async Task KeepAsync(MainFacts main, LogFollow follow)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        limit.CancelAfter(LongestEnd);
        try
        {
            var reading = follow.RunAsync(limit.Token);
            if (await Task.WhenAny(reading, Task.Delay(EarlyAfter, time, limit.Token)) != reading) await StoreAsync(main, follow.Kept());
            await reading;
            await StoreAsync(main, follow.Kept());
        }
        finally
        {
            _keeping.TryRemove(main.AllocationId, out _);
        }
    }

    private async Task StoreAsync(MainFacts main, KeptLog kept)
    {
        for (var attempt = 1; kept.Lines.Count > 0; attempt++)
        {
            try
            {
                // Also while the process shuts down: calls have a limit of their own.
                await api.ApplyAsync(kept.ToSecret(main), CancellationToken.None);
                return;
            }
            catch (Exception exception) when (IsExpected(exception))
            {
                if (attempt == Tries || _end.IsCancellationRequested)
                {
                    LogLost(logger, main.AllocationId, exception.Message);
                    return;
                }
            }
        }
    }

    private static bool IsExpected(Exception exception) => exception is ApiException or HttpRequestException or IOException or OperationCanceledException;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last lines of {AllocationId} cannot be kept: {Reason}")]
    private static partial void LogLost(ILogger logger, Guid allocationId, string reason);
}
