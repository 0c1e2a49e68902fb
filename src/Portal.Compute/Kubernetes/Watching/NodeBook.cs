using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>The cluster's nodes. Few calls serve everybody who asks, and a cluster that does not answer holds nobody up for long, and not again at once.</summary>
internal sealed class NodeBook(string cluster, ClusterApi api, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), HoldFailureFor = TimeSpan.FromSeconds(15);

    // What a node is (type, zone, spot or not) stays; that one of a known name was replaced by another kind is seen this late.
    private static readonly TimeSpan KindsHoldFor = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private (DateTimeOffset At, IReadOnlyList<V1Node> Nodes, ComputeTargetException? Failure)? _held;
    private Dictionary<string, V1Node> _byName = [];

    /// <summary>All nodes, ready or not, as they were at most so long ago.</summary>
    public async Task<IReadOnlyList<V1Node>> ListAsync(TimeSpan atMostOld, CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (_held is { Failure: { } failure } && Age() < HoldFailureFor) throw new ComputeTargetException(failure.Failure, failure.Message);
            if (_held is { Failure: null } known && Age() < atMostOld) return known.Nodes;
            return await AskAsync(cancellationToken);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>A node by its name; null when there is none, or the cluster does not say.</summary>
    public async Task<V1Node?> FindAsync(string name, CancellationToken cancellationToken)
    {
        // One that nobody knows yet has just come, or has gone: a look at most every few seconds tells.
        if (_byName.TryGetValue(name, out var known) && _held is { Failure: null } && Age() < KindsHoldFor) return known;
        try
        {
            await ListAsync(known is null ? TimeSpan.FromSeconds(2) : KindsHoldFor, cancellationToken);
        }
        catch (ComputeTargetException)
        {
            // Said where the cluster's health is told; what was known of the node still holds.
            return known;
        }
        return _byName.GetValueOrDefault(name);
    }

    public void Dispose() => _asking.Dispose();

    private TimeSpan Age() => time.GetUtcNow() - _held!.Value.At;

    private async Task<IReadOnlyList<V1Node>> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var nodes = await AllAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken);
            _held = (time.GetUtcNow(), nodes, null);
            _byName = nodes.ToDictionary(n => n.Metadata.Name);
            return nodes;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ApiFailure.Of(cluster, "list its nodes", exception);
            _held = (time.GetUtcNow(), [], failure);
            throw failure;
        }
    }

    private async Task<IReadOnlyList<V1Node>> AllAsync(CancellationToken cancellationToken)
    {
        List<V1Node> all = [];
        string? next = null;
        do
        {
            var page = await api.ListAsync<V1Node>(ResourceKind.Nodes, null, "", 500, next, cancellationToken);
            all.AddRange(page.Items);
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
        return all;
    }
}
