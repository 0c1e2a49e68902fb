using System.Text.Json;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Use;

/// <summary>
/// What pods use, where the cluster has the metrics API: one list for all of them, now and then, while somebody observes. Nobody waits for it, and nothing fails with it: a cluster without it, or with one that is broken, only
/// has nothing to say of use.
/// </summary>
internal sealed partial class PodUse(ClusterApi api, ClusterOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const string Group = "metrics.k8s.io", Ours = "app.kubernetes.io/managed-by=portal," + ClusterNames.Allocation;

    // In intervals: when an absent group is looked for again, when one that failed is asked again, and for how long measures hold.
    private const int LookAgain = 12, AskAgain = 4, HoldFor = 8;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private Task _asking = Task.CompletedTask;
    private DateTimeOffset _next;
    private bool _isThere;
    private bool _isBroken;
    private (DateTimeOffset At, IReadOnlyDictionary<(string Namespace, string Name), ResourceUse> Pods) _known = (default, new Dictionary<(string, string), ResourceUse>());

    /// <summary>Begins to ask when it is time to; does not wait for the answer.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            if (_end.IsCancellationRequested || !_asking.IsCompleted || time.GetUtcNow() < _next) return;
            _next = time.GetUtcNow() + options.MetricsEvery;
            _asking = AskAsync();
        }
    }

    /// <summary>What the pods use together; null when nothing is known of them.</summary>
    public ResourceUse? Of(IEnumerable<PodFacts> pods)
    {
        lock (_gate)
        {
            if (_known.Pods.Count == 0 || time.GetUtcNow() - _known.At > options.MetricsEvery * HoldFor) return null;
            ResourceUse? sum = null;
            foreach (var pod in pods)
                if (_known.Pods.TryGetValue((pod.Namespace, pod.Name), out var use)) sum = sum is null ? use : new ResourceUse(sum.At < use.At ? sum.At : use.At, sum.CpuCores + use.CpuCores, sum.MemoryBytes + use.MemoryBytes);
            return sum;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task asking;
        lock (_gate)
        {
            _end.Cancel();
            asking = _asking;
        }
        await asking;
        _end.Dispose();
    }

    private async Task AskAsync()
    {
        // Whoever begins it holds the gate.
        await Task.Yield();
        try
        {
            if (!_isThere && !(_isThere = await api.HasGroupAsync(Group, _end.Token)))
            {
                Wait(LookAgain);
                return;
            }
            var answer = await api.ListAsync<PodMetrics>(ResourceKind.PodMeasures, null, Ours, 0, null, _end.Token);
            var pods = answer.Items.ToDictionary(p => (p.Metadata.NamespaceProperty, p.Metadata.Name), Sum);
            lock (_gate) _known = (time.GetUtcNow(), pods);
            _isBroken = false;
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The target goes; nobody asks any more.
        }
        catch (Exception exception) when (exception is ApiException or HttpRequestException or IOException or JsonException or FormatException or OverflowException)
        {
            // Once for each time it breaks; and it may be gone altogether.
            if (!_isBroken) LogBroken(logger, exception.Message);
            (_isBroken, _isThere) = (true, false);
            Wait(AskAgain);
        }
    }

    private void Wait(int intervals)
    {
        lock (_gate) _next = time.GetUtcNow() + options.MetricsEvery * intervals;
    }

    private static ResourceUse Sum(PodMetrics pod)
    {
        decimal Of(string resource) => pod.Containers?.Sum(c => c.Usage is not null && c.Usage.TryGetValue(resource, out var amount) ? amount.ToDecimal() : 0) ?? 0;
        return new ResourceUse(Instants.Of(pod.Timestamp) ?? DateTimeOffset.UnixEpoch, (double)Of("cpu"), (long)Of("memory"));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster's metrics cannot be read ({Reason}); nothing is known of use until they can")]
    private static partial void LogBroken(ILogger logger, string reason);
}
