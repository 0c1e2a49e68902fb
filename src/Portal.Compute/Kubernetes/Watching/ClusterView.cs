using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>Everything of the portal's on a cluster, kept up to date by one watch a kind; reading it costs no call.</summary>
internal sealed class ClusterView : IAsyncDisposable
{
    private const string NotYet = "It was not listed yet.";

    private const string Ours = "app.kubernetes.io/managed-by=portal," + ClusterNames.Allocation;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Kind, string Namespace, string Name), MainFacts> _mains = [];
    private readonly Dictionary<Guid, MainFacts> _byAllocation = [];
    private readonly Dictionary<Guid, Dictionary<string, PodFacts>> _pods = [];
    private readonly Dictionary<Guid, string> _warnings = [];
    private readonly ClusterNews _news;
    private readonly Dictionary<string, string?> _broken = [];
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _current = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watching;

    public ClusterView(ClusterApi api, ClusterOptions options, TimeProvider time, ILogger logger)
    {
        _news = new ClusterNews(time);
        foreach (var kind in new[] { ResourceKind.Jobs, ResourceKind.StatefulSets, ResourceKind.Deployments, ResourceKind.Pods, ResourceKind.Events }) _broken[kind.Plural] = NotYet;
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

    /// <summary>Whether everything was listed once.</summary>
    public bool WasCurrent => _current.Task.IsCompleted;

    /// <summary>Why what is known may be old; null when it is the present state.</summary>
    public string? Outage
    {
        get { lock (_gate) return _broken.Where(b => b.Key != ResourceKind.Events.Plural).Select(b => b.Value).FirstOrDefault(r => r is not null); }
    }

    /// <summary>What could not be listed yet, in the cluster's words.</summary>
    public string? Unlisted
    {
        get { lock (_gate) return _broken.Values.Where(r => r is not null).OrderBy(r => r == NotYet).FirstOrDefault(); }
    }

    /// <summary>Allocations with their pods and the newest warning about each.</summary>
    /// <param name="only">Null: all of them.</param>
    public IReadOnlyList<(MainFacts Main, IReadOnlyList<PodFacts> Pods, string? Warning)> Allocations(IReadOnlySet<Guid>? only = null)
    {
        lock (_gate)
        {
            var mains = only is null ? _byAllocation.Values : only.Select(id => _byAllocation.GetValueOrDefault(id)).OfType<MainFacts>();
            return [.. mains.Select(m => (m, (IReadOnlyList<PodFacts>)(_pods.TryGetValue(m.AllocationId, out var pods) ? [.. pods.Values] : []), _warnings.GetValueOrDefault(m.AllocationId)))];
        }
    }

    /// <summary>What has changed since this was asked last, and what the cluster said meanwhile.</summary>
    public Task<TargetChanges> ChangesAsync(TimeSpan atMost, CancellationToken cancellationToken) => _news.TakeAsync(atMost, cancellationToken);

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
            var before = _broken[kind];
            _broken[kind] = current ? null : reason ?? "It cannot be heard.";
            if (before is null != current) _news.All();
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
                foreach (var gone in view._mains.Keys.Where(k => k.Kind == kind.Kind).ToList()) Drop(gone);
                foreach (var item in items) Keep(item);
            }
            view._news.All();
        }

        public void Put(T item)
        {
            lock (view._gate) Keep(item);
        }

        public void Remove(T item)
        {
            lock (view._gate) Drop((kind.Kind, item.Metadata.NamespaceProperty, item.Metadata.Name));
        }

        public void SetCurrent(bool current, string? reason) => view.SetCurrent(kind.Plural, current, reason);

        private void Keep(T item)
        {
            if (MainFacts.Of(item, kind.Kind) is not { } main) return;
            view._mains[(kind.Kind, main.Namespace, main.Name)] = view._byAllocation[main.AllocationId] = main;
            view._news.Of(main.AllocationId);
        }

        private void Drop((string Kind, string Namespace, string Name) key)
        {
            if (!view._mains.Remove(key, out var main)) return;
            view._byAllocation.Remove(main.AllocationId);
            view._warnings.Remove(main.AllocationId);
            view._news.Of(main.AllocationId);
        }
    }

    private sealed class Pods(ClusterView view) : IWatchSink<V1Pod>
    {
        public void Replace(IReadOnlyList<V1Pod> items)
        {
            lock (view._gate)
            {
                view._pods.Clear();
                foreach (var pod in items.Select(PodFacts.Of).OfType<PodFacts>()) Keep(pod);
            }
            view._news.All();
        }

        public void Put(V1Pod item)
        {
            lock (view._gate)
                if (PodFacts.Of(item) is { } pod) Keep(pod);
        }

        public void Remove(V1Pod item)
        {
            lock (view._gate)
            {
                if (PodFacts.Of(item) is not { } pod || !view._pods.TryGetValue(pod.AllocationId, out var all)) return;
                all.Remove(pod.Uid);
                if (all.Count == 0) view._pods.Remove(pod.AllocationId);
                view._news.Of(pod.AllocationId);
            }
        }

        public void SetCurrent(bool current, string? reason) => view.SetCurrent(ResourceKind.Pods.Plural, current, reason);

        private void Keep(PodFacts pod)
        {
            if (!view._pods.TryGetValue(pod.AllocationId, out var all)) view._pods[pod.AllocationId] = all = [];
            all[pod.Uid] = pod;
            view._news.Of(pod.AllocationId);
        }
    }

    private sealed class Warnings(ClusterView view) : IWatchSink<Corev1Event>
    {
        public void Replace(IReadOnlyList<Corev1Event> items)
        {
            foreach (var item in items.OrderBy(At)) Put(item);
        }

        public void Put(Corev1Event item)
        {
            // An autoscaler complains as long as pods start and nothing is measured of them; what it still says after minutes is worth telling.
            if (item is { InvolvedObject.Kind: "HorizontalPodAutoscaler", Count: not >= 10 }) return;
            if (item.Type != "Warning" || AllocationIn(item.InvolvedObject?.Name) is not { } allocation || item.Message is not { Length: > 0 } message) return;
            lock (view._gate) view._warnings[allocation] = message;
            view._news.Of(allocation);
            view._news.Note(new TargetNote(allocation, item.Metadata.Uid, Instants.Of(At(item)) ?? default, $"{item.Reason}: {message}"));
        }

        // Events run out after an hour; what they said of something that still waits holds on.
        public void Remove(Corev1Event item)
        {
        }

        public void SetCurrent(bool current, string? reason) => view.SetCurrent(ResourceKind.Events.Plural, current, reason);

        // Of one that has come often, when it came first: it is told once.
        private static DateTime? At(Corev1Event item) => item.FirstTimestamp ?? item.EventTime ?? item.Metadata.CreationTimestamp;
    }

    // a-<id>, a-<id>-0 or a-<id>-x7x2k.
    private static Guid? AllocationIn(string? name) => name is { Length: >= 38 } && name.StartsWith("a-", StringComparison.Ordinal) && Guid.TryParse(name.AsSpan(2, 36), out var id) ? id : null;
}
