using System.Net;
using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Logs;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private readonly LogFollows _follows;
    private readonly LogKeeper _kept;

    public Task<LogSlice> ReadLogAsync(Guid allocationId, long cursor, int maxBytes, CancellationToken cancellationToken) => GuardAsync("read the log", async () =>
        _follows.Find(allocationId)?.Read(cursor, maxBytes)
        ?? await FromLogAsync(
            allocationId, new LogSlice([], cursor, false), forPeople: false, kept => kept.Read(cursor, maxBytes),
            (source, end) => ClusterLog.ReadAsync(_api, source, cursor, maxBytes, end, cancellationToken), cancellationToken), cancellationToken);

    public Task<LogSlice> ReadLogTailAsync(Guid allocationId, int lines, CancellationToken cancellationToken) => GuardAsync("read the log", async () =>
        _follows.Find(allocationId)?.Tail(lines)
        ?? await FromLogAsync(
            allocationId, new LogSlice([], 0, false), forPeople: true, kept => kept.Tail(lines),
            async (source, end) => (await ClusterLog.TailAsync(_api, source, lines, end, cancellationToken), true), cancellationToken), cancellationToken);

    /// <summary>Reads from the pods while there are any, and what was kept of them afterwards. A log that was read to its end and goes on is followed from there.</summary>
    private async Task<LogSlice> FromLogAsync(
        Guid allocationId, LogSlice none, bool forPeople, Func<KeptLog, LogSlice> ofKept, Func<LogSource, long?, Task<(LogSlice Slice, bool IsAll)>> read, CancellationToken cancellationToken)
    {
        if (await FindAsync(allocationId, cancellationToken) is not var (place, main)) return none;
        var pods = await PodsAsync(place, allocationId, cancellationToken);
        // The log of what crashed is kept before the cluster is told to make no more of it; what the pod prints until it is gone is of another run.
        if (main is { End.StopRequested: false } && main.Kind != "Job" && await _kept.FindAsync(allocationId, place.Namespace, cancellationToken) is { } ended) return ofKept(ended);
        if (LogSource.Of(pods, Verdict.EndOf(main, pods) is not null || main.End is not null) is { } source)
        {
            try
            {
                var (slice, isAll) = await read(source, source.Pod.IsOver ? ClusterLog.EndOf(main, pods, Verdict.Of(main, pods, null), _time.GetUtcNow()) : null);
                if (isAll && source.Grows) _follows.Begin(allocationId, source, slice.NextCursor, forPeople);
                return slice;
            }
            catch (ApiException gone) when (gone.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            {
                // The pod went between two calls, or its container is not begun yet: what was kept of it follows, if anything was.
            }
        }
        return (main.StopAsked is not null || main.End is not null) && await _kept.FindAsync(allocationId, place.Namespace, cancellationToken) is { } kept ? ofKept(kept) : none;
    }

    /// <summary>Up to where there is something to read. A run's log is read whenever there is more of it, so it stays followed while it is asked for here.</summary>
    private long LogEndOf(MainFacts main, IReadOnlyList<PodFacts> pods, Observation seen)
    {
        // What comes last is read from the server, which knows that it is the end.
        if (main.End is not null || pods.All(p => p.IsOver)) _follows.Close(main.AllocationId);
        else if (main.Kind == "Job" && seen.ReadyAt is not null && _follows.Find(main.AllocationId)?.End is { } end) return end;
        return ClusterLog.EndOf(main, pods, seen, _time.GetUtcNow());
    }

    /// <summary>Before the cluster is told to make no more pods of what has ended by itself: the pods of what serves go then, and their logs with them.</summary>
    private async Task KeepLogAsync(MainFacts main, IReadOnlyList<PodFacts> pods, CancellationToken cancellationToken)
    {
        if (main.Kind != "Job" && main.StopAsked is null && LogSource.Of(pods, hasEnded: true) is { } source) await _kept.KeepAsync(main, source, cancellationToken);
    }

    /// <summary>Before it is asked to stop.</summary>
    private async Task BeginKeepingAsync(MainFacts main, IReadOnlyList<PodFacts> pods, CancellationToken cancellationToken)
    {
        if (LogSource.Of(pods, hasEnded: false) is { Grows: true } source) await _kept.BeginAsync(main, source, cancellationToken);
    }

    private async Task<bool> StillRunsAsync(LogSource source, CancellationToken cancellationToken) =>
        (await _api.ListAsync<V1Pod>(ResourceKind.Pods, source.Pod.Namespace, $"{ClusterNames.Allocation}={source.Pod.AllocationId}", 100, null, cancellationToken)).Items.Select(PodFacts.Of)
            .Any(p => p is { RunningSince: { } since } && p.Uid == source.Pod.Uid && since == source.Pod.RunningSince);
}
