using System.Net;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>
/// A log as it is written: one connection on which the server sends every line, and the last of them held for whoever reads. A connection that breaks is begun again from the second of the newest line; what was heard of that
/// second is not taken again, so that nothing is lost and nothing doubled.
/// </summary>
/// <param name="cursor">Where to begin; lines up to it are known to the reader.</param>
/// <param name="tail">Begin with so many of the last lines instead, or null.</param>
/// <param name="goesOn">Whether the container still runs, asked when the server has ended the answer: it does so too when a connection was idle for long.</param>
internal sealed partial class LogFollow(ClusterApi api, LogSource source, long cursor, int? tail, int mostBytes, Func<LogSource, CancellationToken, Task<bool>> goesOn, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10), Patience = TimeSpan.FromSeconds(3), OutageHolds = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly LogBuffer _buffer = new(mostBytes, cursor);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The newest second that a line was heard of, and how often each instant in it.
    private readonly Dictionary<long, int> _heard = [];
    private long _second;
    private int _count;

    private int _failures;
    private (DateTimeOffset First, DateTimeOffset Last) _failed;

    /// <summary>Done once the server has begun to answer, or has refused.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Up to which cursor lines can be read; null while the server cannot be heard.</summary>
    public long? End
    {
        get { lock (_gate) return IsBroken() ? null : _buffer.EndAt(time.GetUtcNow()); }
    }

    /// <summary>Lines behind a cursor; null when they are not to be had here.</summary>
    public LogSlice? Read(long from, int maxBytes)
    {
        lock (_gate) return IsBroken() ? null : _buffer.Read(from, maxBytes, time.GetUtcNow());
    }

    /// <summary>The last lines; null when they are not to be had here.</summary>
    public LogSlice? Tail(int count)
    {
        lock (_gate) return IsBroken() ? null : _buffer.Tail(count, time.GetUtcNow());
    }

    /// <summary>What was heard so far, as it is kept of what has ended.</summary>
    public KeptLog Kept()
    {
        lock (_gate)
        {
            var lines = _buffer.Lines.ToList();
            return new KeptLog(lines, lines.Count > 0 && (_count >= tail || _count > lines.Count) ? lines[0].At - 1 : cursor);
        }
    }

    /// <summary>Runs until the container has ended, or the follow is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                var before = _count;
                var rest = await StreamAsync(cancellationToken);
                if (!await goesOn(source, cancellationToken))
                {
                    if (rest is not null) Take(rest);
                    return;
                }
                // An answer that ends at once, again and again, is asked for less and less often.
                if (_count == before) _failures++;
                wait = Wait(null);
            }
            catch (ApiException gone) when (gone.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            {
                // The pod is gone, or its container has been begun anew.
                return;
            }
            catch (Exception exception) when (exception is ApiException or HttpRequestException or IOException)
            {
                Fail();
                LogBroken(logger, source.Pod.Name, exception.Message);
                wait = Wait((exception as ApiException)?.RetryAfter);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Nobody reads any more.
                return;
            }
            finally
            {
                _opened.TrySetResult();
            }
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One answer, to its end; gives what came after its last newline.</summary>
    private async Task<string?> StreamAsync(CancellationToken cancellationToken)
    {
        var query = _second > 0 ? ClusterLog.Since(_second) : tail is { } count ? ClusterLog.Tail(count) : ClusterLog.Since(cursor);
        // A kubelet says nothing at all, not even that it will answer, until there is a line: however long it takes, it is no failure.
        using var answer = await api.OpenPatientlyAsync(ClusterLog.Path(source, "&follow=true" + query), cancellationToken);
        _opened.TrySetResult();
        lock (_gate) _failed = default;
        var again = new Dictionary<long, int>(_heard);
        var lines = new LogLines(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.NextAsync(cancellationToken) is { } text)
            if (!IsKnown(text, again)) Take(text);
        return lines.Rest() is { } rest && !IsKnown(rest, again) ? rest : null;
    }

    private static bool IsKnown(string text, Dictionary<long, int> again)
    {
        if (ClusterLog.Parse(text) is not { } line || again.GetValueOrDefault(line.At) is not (> 0 and var left)) return false;
        again[line.At] = left - 1;
        return true;
    }

    private void Take(string text)
    {
        if (ClusterLog.Parse(text) is not var (at, line) || at <= cursor) return;
        lock (_gate)
        {
            var second = ClusterLog.SecondOf(at);
            if (second > _second)
            {
                _second = second;
                _heard.Clear();
            }
            if (second == _second) _heard[at] = _heard.GetValueOrDefault(at) + 1;
            _count++;
            _failures = 0;
            _buffer.Add(at, line, time.GetUtcNow());
        }
    }

    private void Fail()
    {
        var now = time.GetUtcNow();
        lock (_gate) _failed = (_failed.First == default ? now : _failed.First, now);
        _failures++;
    }

    // A reconnection to a silent container is not answered either: it counts as an outage no longer than the waits between tries.
    private bool IsBroken() => _failed.First != default && time.GetUtcNow() is var now && now - _failed.First > Patience && now - _failed.Last < OutageHolds;

    private TimeSpan Wait(TimeSpan? asked)
    {
        var wait = asked ?? TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(_failures, 10)) * (0.5 + Random.Shared.NextDouble()));
        return wait < LongestWait ? wait : LongestWait;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The log of {Pod} broke off ({Reason}); it goes on")]
    private static partial void LogBroken(ILogger logger, string pod, string reason);
}
