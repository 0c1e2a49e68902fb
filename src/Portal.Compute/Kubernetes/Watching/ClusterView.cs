using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>Everything of the portal's on a cluster, kept up to date by one watch a kind; reading it costs no call.</summary>
internal sealed class ClusterView : IAsyncDisposable
{
    private const string Ours = "app.kubernetes.io/managed-by=portal," + ClusterNames.Allocation;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Kind, string Namespace, string Name), MainFacts> _mains = [];
    private readonly Dictionary<(string Namespace, string Name), PodFacts> _pods = [];
    private readonly Dictionary<Guid, string> _warnings = [];
    private readonly Dictionary<string, string?> _broken = [];
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _current = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watching;

    public ClusterView(ClusterApi api, ClusterOptions options, TimeProvider time, ILogger logger)
    {
        foreach (var kind in new[] { ResourceKind.Jobs, ResourceKind.StatefulSets, ResourceKind.Deployments, ResourceKind.Pods, ResourceKind.Events }) _broken[kind.Plural] = "It was not listed yet.";
        Task Watch<T>(ResourceKind kind, IWatchSink<T> sink, string selector = Ours)
            where T : class, k8s.IKubernetesObject<V1ObjectMeta> => new ResourceWatch<T>(api, kind, selector, sink, options, time, logger).RunAsync(_end.Token);
        _watching = Task.WhenAll(
            Watch(ResourceKind.Jobs, new Mains<V1Job>(this, ResourceKind.Jobs)), Watch(ResourceKind.StatefulSets, new Mains<V1StatefulSet>(this, ResourceKind.StatefulSets)),
            Watch(ResourceKind.Deployments, new Mains<V1Deployment>(this, ResourceKind.Deployments)), Watch(ResourceKind.Pods, new Pods(this)),
            // Events carry no labels: what they are about is read from the name.
            Watch(ResourceKind.Events, new Warnings(this), ""));
    }

    /// <summary>Waits until everything was listed once.</summary>
    public Task UntilCurrentAsync(CancellationToken cancellationToken) => _current.Task.WaitAsync(cancellationToken);

    /// <summary>Why what is known may be old; null when it is the present state.</summary>
    public string? Outage
    {
        get { lock (_gate) return _broken.Where(b => b.Key != ResourceKind.Events.Plural).Select(b => b.Value).FirstOrDefault(r => r is not null); }
    }

    /// <summary>Every allocation of a portal, with its pods and the newest warning about it.</summary>
    public IReadOnlyList<(MainFacts Main, IReadOnlyList<PodFacts> Pods, string? Warning)> Allocations()
    {
        lock (_gate)
        {
            var pods = _pods.Values.ToLookup(p => p.AllocationId);
            return [.. _mains.Values.Select(m => (m, (IReadOnlyList<PodFacts>)[.. pods[m.AllocationId]], _warnings.GetValueOrDefault(m.AllocationId)))];
        }
    }

    /// <summary>The newest warning of the cluster about an allocation.</summary>
    public string? WarningOf(Guid allocationId)
    {
        lock (_gate) return _warnings.GetValueOrDefault(allocationId);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    private void SetCurrent(string kind, bool current, string? reason)
    {
        lock (_gate)
        {
            _broken[kind] = current ? null : reason ?? "It cannot be heard.";
            if (_broken.Values.Any(r => r is not null)) return;
        }
        _current.TrySetResult();
    }

    private sealed class Mains<T>(ClusterView view, ResourceKind kind) : IWatchSink<T>
        where T : k8s.IKubernetesObject<V1ObjectMeta>
    {
        public void Replace(IReadOnlyList<T> items)
        {
            lock (view._gate)
            {
                foreach (var gone in view._mains.Keys.Where(k => k.Kind == kind.Kind).ToList()) view._mains.Remove(gone);
                foreach (var item in items) Keep(item);
            }
        }

        public void Put(T item)
        {
            lock (view._gate) Keep(item);
        }

        public void Remove(T item)
        {
            lock (view._gate)
                if (view._mains.Remove((kind.Kind, item.Metadata.NamespaceProperty, item.Metadata.Name), out var main)) view._warnings.Remove(main.AllocationId);
        }

        public void SetCurrent(bool current, string? reason) => view.SetCurrent(kind.Plural, current, reason);

        private void Keep(T item)
        {
            if (MainFacts.Of(item, kind.Kind) is { } main) view._mains[(kind.Kind, main.Namespace, main.Name)] = main;
        }
    }

    private sealed class Pods(ClusterView view) : IWatchSink<V1Pod>
    {
        public void Replace(IReadOnlyList<V1Pod> items)
        {
            lock (view._gate)
            {
                view._pods.Clear();
                foreach (var pod in items.Select(PodFacts.Of).OfType<PodFacts>()) view._pods[(pod.Namespace, pod.Name)] = pod;
            }
        }

        public void Put(V1Pod item)
        {
            lock (view._gate)
                if (PodFacts.Of(item) is { } pod) view._pods[(pod.Namespace, pod.Name)] = pod;
        }

        public void Remove(V1Pod item)
        {
            lock (view._gate) view._pods.Remove((item.Metadata.NamespaceProperty, item.Metadata.Name));
        }

        public void SetCurrent(bool current, string? reason) => view.SetCurrent(ResourceKind.Pods.Plural, current, reason);
    }

    private sealed class Warnings(ClusterView view) : IWatchSink<Corev1Event>
    {
        public void Replace(IReadOnlyList<Corev1Event> items)
        {
            foreach (var item in items.OrderBy(e => e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp)) Put(item);
        }

        public void Put(Corev1Event item)
        {
            if (item.Type != "Warning" || AllocationIn(item.InvolvedObject?.Name) is not { } allocation || item.Message is not { Length: > 0 } message) return;
            lock (view._gate) view._warnings[allocation] = message;
        }

        // Events run out after an hour; what they said of something that still waits holds on.
        public void Remove(Corev1Event item)
        {
        }

        public void SetCurrent(bool current, string? reason) => view.SetCurrent(ResourceKind.Events.Plural, current, reason);
    }

    // a-<id>, a-<id>-0 or a-<id>-x7x2k.
    private static Guid? AllocationIn(string? name) => name is { Length: >= 38 } && name.StartsWith("a-", StringComparison.Ordinal) && Guid.TryParse(name.AsSpan(2, 36), out var id) ? id : null;
}
