using System.Collections.Concurrent;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes;

/// <summary>What goes wrong between a client and the API server. Verbs and resources are as in RBAC rules; <c>*</c> is any; a resource may name its subresource (<c>pods/log</c>) or its group (<c>pods.metrics.k8s.io</c>).</summary>
public sealed class ClusterFaults
{
    private readonly Lock _gate = new();
    private readonly List<FaultRule> _rules = [];
    private readonly ConcurrentDictionary<WatchControl, byte> _watches = new();
    private readonly ConcurrentDictionary<TaskCompletionSource, byte> _logs = new();
    private readonly ObjectStore _store;

    internal ClusterFaults(ObjectStore store) => _store = store;

    /// <summary>How long each event of a stream is held back.</summary>
    public TimeSpan StreamDelay { get; set; }

    /// <summary>How many watches are open.</summary>
    public int OpenWatches => _watches.Count;

    /// <summary>How many logs are being followed.</summary>
    public int OpenLogs => _logs.Count;

    /// <summary>Told when the history is dropped, so that continue tokens go too.</summary>
    internal event Action? HistoryExpired;

    /// <summary>The next requests are answered 429 with Retry-After.</summary>
    public void Throttle(int count = 1, int retryAfterSeconds = 1, string verb = "*", string resource = "*") => Add(new FaultRule(verb, resource, count, FaultKind.Status, 429, retryAfterSeconds, default));

    /// <summary>The next requests are answered with a status such as 500 or 503, and nothing is done.</summary>
    public void Fail(int status, int count = 1, string verb = "*", string resource = "*") => Add(new FaultRule(verb, resource, count, FaultKind.Status, status, null, default));

    /// <summary>The next requests are neither done nor answered; the connection is dropped after the time.</summary>
    public void Hang(TimeSpan time, int count = 1, string verb = "*", string resource = "*") => Add(new FaultRule(verb, resource, count, FaultKind.Hang, 0, null, time));

    /// <summary>The next requests are done and stored, but not answered; the connection is dropped after the time.</summary>
    public void LoseAnswer(int count = 1, string verb = "*", string resource = "*", TimeSpan after = default) => Add(new FaultRule(verb, resource, count, FaultKind.LoseAnswer, 0, null, after));

    /// <summary>The next requests are held for the time, then served as ever.</summary>
    public void Delay(TimeSpan time, int count = 1, string verb = "*", string resource = "*") => Add(new FaultRule(verb, resource, count, FaultKind.Delay, 0, null, time));

    /// <summary>The next streams (watches and logs) are cut in the middle of their next event or line.</summary>
    public void CutStreams(int count = 1, string resource = "*") => Add(new FaultRule("*", resource, count, FaultKind.CutStream, 0, null, default));

    /// <summary>Drops the connections of all open watches of the resource.</summary>
    public void DropWatches(string resource = "*") => Each(resource, w => w.Drop());

    /// <summary>Drops the connections of all logs that are being followed.</summary>
    public void DropLogs()
    {
        foreach (var log in _logs.Keys)
            log.TrySetResult();
    }

    /// <summary>Ends all open watches of the resource with a 410 Gone in an ERROR event.</summary>
    public void EndWatchesWithGone(string resource = "*") => Each(resource, w => w.EndGone());

    /// <summary>Open watches send nothing, not even bookmarks, for the time; then what they held back.</summary>
    public void SilenceWatches(TimeSpan time, string resource = "*") => Each(resource, w => w.SilentUntil = Environment.TickCount64 + (long)time.TotalMilliseconds);

    /// <summary>Forgets the history: older resource versions and continue tokens are answered 410. Open watches go on.</summary>
    public void ExpireHistory()
    {
        _store.Compact();
        HistoryExpired?.Invoke();
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void Clear()
    {
        lock (_gate)
            _rules.Clear();
        StreamDelay = default;
        Each("*", w => w.SilentUntil = 0);
    }

    internal FaultRule? Take(string verb, string group, string resource, string subresource, bool stream)
    {
        lock (_gate)
        {
            var rule = _rules.Find(r => r.Matches(verb, group, resource, subresource) && (r.Kind != FaultKind.CutStream || stream));
            if (rule is not null && --rule.Left == 0)
                _rules.Remove(rule);
            return rule;
        }
    }

    internal void Opened(TaskCompletionSource log) => _logs[log] = 0;

    internal void Closed(TaskCompletionSource log) => _logs.TryRemove(log, out _);

    internal void Opened(WatchControl watch) => _watches[watch] = 0;

    internal void Closed(WatchControl watch) => _watches.TryRemove(watch, out _);

    private void Add(FaultRule rule)
    {
        lock (_gate)
            _rules.Add(rule);
    }

    private void Each(string resource, Action<WatchControl> act)
    {
        foreach (var watch in _watches.Keys.Where(w => resource == "*" || resource == w.Resource))
            act(watch);
    }
}

internal enum FaultKind
{
    Status, Hang, LoseAnswer, Delay, CutStream,
}

/// <summary>One thing that goes wrong a few times.</summary>
internal sealed class FaultRule(string verb, string resource, int count, FaultKind kind, int status, int? retryAfter, TimeSpan time)
{
    public int Left { get; set; } = count;

    public FaultKind Kind { get; } = kind;

    public int Status { get; } = status;

    public int? RetryAfter { get; } = retryAfter;

    public TimeSpan Time { get; } = time;

    public bool Matches(string wantedVerb, string group, string wantedResource, string subresource) =>
        (verb == "*" || verb == wantedVerb) && (resource == "*" || resource == wantedResource + (subresource.Length > 0 ? $"/{subresource}" : "") || resource == $"{wantedResource}.{group}");
}

/// <summary>The handle on one open watch.</summary>
internal sealed class WatchControl(string resource, CancellationTokenSource end)
{
    public string Resource { get; } = resource;

    public bool IsGone { get; private set; }

    public bool IsDropped { get; private set; }

    public long SilentUntil { get; set; }

    public void Drop()
    {
        IsDropped = true;
        end.Cancel();
    }

    public void EndGone()
    {
        IsGone = true;
        end.Cancel();
    }
}
