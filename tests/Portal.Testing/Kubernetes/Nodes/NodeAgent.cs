using System.Collections.Concurrent;
using System.Net;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>The agents of all nodes: run the pods that are bound to them.</summary>
internal sealed class NodeAgent
{
    private readonly ConcurrentDictionary<string, PodRunner> _pods = new();
    private readonly ConcurrentDictionary<string, byte> _lost = new();
    private readonly ConcurrentDictionary<string, byte> _images = new();
    private readonly ConcurrentDictionary<string, string> _hosts = new();
    private int _address;
    private bool _isStopped;

    public NodeAgent(ClusterCore core)
    {
        Core = core;
        core.Store.Changed += Follow;
    }

    public ClusterCore Core { get; }

    /// <summary>Every pod that runs or has run and is still there.</summary>
    public IEnumerable<PodRunner> Pods => _pods.Values;

    public PodRunner? Find(string uid) => _pods.GetValueOrDefault(uid);

    public PodRunner? Find(string? @namespace, string name) => Core.Store.Find(ResourceCatalog.Pods, @namespace, name) is { } stored ? Find(stored.Uid) : null;

    public bool HasImage(string image) => _images.ContainsKey(image);

    public void AddImage(string image) => _images[image] = 0;

    public bool IsAlive(string node) => !_lost.ContainsKey(node) && !_isStopped;

    /// <summary>The node says nothing any more; what runs there runs on unseen.</summary>
    public void Lose(string node) => _lost[node] = 0;

    /// <summary>The node is back and carries out what it has missed.</summary>
    public void Recover(string node)
    {
        _lost.TryRemove(node, out _);
        foreach (var pod in Core.Store.List(ResourceCatalog.Pods).Where(p => p.Json.Text("spec", "nodeName") == node))
            Take(pod);
        foreach (var runner in _pods.Values.Where(p => p.Node == node))
        {
            if (Core.Store.Find(ResourceCatalog.Pods, runner.Namespace, runner.Name)?.Uid != runner.Uid)
                _ = runner.KillAsync();
            else
                runner.Report();
        }
    }

    public string NextAddress()
    {
        var n = Interlocked.Increment(ref _address);
        return $"10.{244 + (n >> 16)}.{(n >> 8) & 255}.{n & 255}";
    }

    public string HostAddress(string node) => _hosts.GetOrAdd(node, _ => $"10.0.{_hosts.Count >> 8}.{(_hosts.Count & 255) + 1}");

    /// <summary>What a container runs that no rule names.</summary>
    public ClusterProgram NewProgram() => Core.Options.RunProcesses ? new ProcessProgram(Core.Options) : new ScriptedProgram();

    /// <summary>Drops a pod whose containers are gone; deletes the object where it only waits for that.</summary>
    public void Forget(PodRunner runner, bool delete)
    {
        if (!delete)
            return;
        _pods.TryRemove(runner.Uid, out _);
        try
        {
            if (IsAlive(runner.Node))
                Core.Api.Delete(ApiCall.By("kubelet"), ResourceCatalog.Pods, runner.Namespace, runner.Name, new DeleteOptions { GracePeriodSeconds = 0, Uid = runner.Uid });
        }
        catch (ApiException gone) when (gone.Code is 404 or 409)
        {
            // Somebody deleted it at once, or another one of its name is there already.
        }
    }

    /// <summary>Ends everything that runs, without a word to the API.</summary>
    public async Task StopAsync()
    {
        _isStopped = true;
        Core.Store.Changed -= Follow;
        await Task.WhenAll(_pods.Values.Select(p => p.KillAsync()));
    }

    private void Follow(StoredChange change)
    {
        if (change.After.Type != ResourceCatalog.Pods || _isStopped)
            return;
        if (change.IsDeletion)
        {
            if (_pods.TryRemove(change.After.Uid, out var gone))
                _ = Task.Run(gone.KillAsync);
            return;
        }
        if (change.Before?.IsTerminating != change.After.IsTerminating || change.Before?.Json.Text("spec", "nodeName") != change.After.Json.Text("spec", "nodeName") || change.Before?.Json.Number("metadata", "deletionGracePeriodSeconds") != change.After.Json.Number("metadata", "deletionGracePeriodSeconds"))
            Take(change.After);
    }

    private void Take(StoredObject stored)
    {
        var node = stored.Json.Text("spec", "nodeName");
        if (node is null or "" || !IsAlive(node))
            return;
        if (stored.IsTerminating)
        {
            var grace = Core.Options.Seconds(stored.Json.Number("metadata", "deletionGracePeriodSeconds") ?? 0);
            if (_pods.TryGetValue(stored.Uid, out var ending))
                _ = Task.Run(() => ending.TerminateAsync(grace));
            return;
        }
        if (stored.Json.Text("status", "phase") is "Succeeded" or "Failed")
            return;
        var runner = new PodRunner(this, stored);
        if (_pods.TryAdd(stored.Uid, runner))
            _ = Task.Run(runner.RunAsync);
    }
}
