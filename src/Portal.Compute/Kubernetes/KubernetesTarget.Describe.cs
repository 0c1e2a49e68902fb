using System.Globalization;
using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private static readonly TimeSpan NodesHoldFor = TimeSpan.FromSeconds(15), NodesPatience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private (DateTimeOffset At, IReadOnlyList<V1Node> Nodes, ComputeTargetException? Failure)? _nodes;

    public async Task<TargetDescription> DescribeAsync(CancellationToken cancellationToken)
    {
        TargetDescription Of(string? reason, ResourceAmount amount) => new(Name, "kubernetes", null, reason is null, reason, amount, amount, "sandboxed", "cgroup-v2") { HasSpot = true };
        try
        {
            var nodes = await GuardAsync("list its nodes", () => NodesAsync(cancellationToken), cancellationToken);
            return Of(nodes.Count == 0 ? "it has no node that takes pods" : null, Sum(nodes.Select(Allocatable)));
        }
        catch (ComputeTargetException exception)
        {
            return Of(exception.Message, new ResourceAmount(0, 0, 0));
        }
    }

    public Task<IReadOnlyList<Offer>> GetOffersAsync(OfferRequest request, CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<Offer>>("make an offer", async () =>
    {
        var nodes = await NodesAsync(cancellationToken);
        List<Offer> offers = [];
        foreach (var (capacity, place) in new[] { (CapacityType.OnDemand, nodes.Where(n => !NodeChoice.IsSpot(n.Metadata.Labels)).ToList()), (CapacityType.Spot, nodes.Where(n => NodeChoice.IsSpot(n.Metadata.Labels)).ToList()) })
        {
            // A cluster without spot nodes has nothing to say of them.
            if (place.Count == 0 && capacity == CapacityType.Spot) continue;
            var fitting = place.FirstOrDefault(n => Fits(n, request.Hardware));
            var shown = fitting ?? place.FirstOrDefault();
            offers.Add(new Offer(Name, Label(shown, "topology.kubernetes.io/region"), Label(shown, "topology.kubernetes.io/zone"), Label(shown, "node.kubernetes.io/instance-type"), capacity, fitting is not null, fitting is null ? Unfit(place, request.Hardware) : null));
        }
        // What can be had comes before what cannot.
        return [.. offers.OrderByDescending(o => o.Available)];
    }, cancellationToken);

    /// <summary>The nodes that take pods. Every estimate asks: one call in a while serves all of them, and a cluster that does not answer holds nobody up for long, and not again at once.</summary>
    private async Task<IReadOnlyList<V1Node>> NodesAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (_nodes is { } known && _time.GetUtcNow() - known.At < NodesHoldFor) return known.Failure is { } failure ? throw new ComputeTargetException(failure.Failure, failure.Message) : known.Nodes;
            try
            {
                var nodes = await ReadyNodesAsync(cancellationToken).WaitAsync(NodesPatience, _time, cancellationToken);
                _nodes = (_time.GetUtcNow(), nodes, null);
                return nodes;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                _nodes = (_time.GetUtcNow(), [], ApiFailure.Of(Name, "list its nodes", exception));
                throw;
            }
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<IReadOnlyList<V1Node>> ReadyNodesAsync(CancellationToken cancellationToken)
    {
        List<V1Node> all = [];
        string? next = null;
        do
        {
            var page = await _api.ListAsync<V1Node>(ResourceKind.Nodes, null, "", 500, next, cancellationToken);
            all.AddRange(page.Items);
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
        return [.. all.Where(n => n.Spec?.Unschedulable != true && n.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true)];
    }

    private static bool Fits(V1Node node, HardwareProfileSpec hardware)
    {
        var has = Allocatable(node);
        return has.Vcpu >= hardware.Vcpu && has.MemoryGib >= hardware.MemoryGib
            && (hardware.Gpu is not { Count: > 0 } gpu || (has.Gpus >= gpu.Count && NodeChoice.HasProduct(node.Metadata.Labels, gpu.Kind)));
    }

    private static string Unfit(IReadOnlyList<V1Node> nodes, HardwareProfileSpec hardware)
    {
        var largest = nodes.Select(Allocatable).ToList();
        if (hardware.Gpu is { Count: > 0 } gpu)
        {
            var most = nodes.Where(n => NodeChoice.HasProduct(n.Metadata.Labels, gpu.Kind)).Select(n => Allocatable(n).Gpus).DefaultIfEmpty(0).Max();
            if (most < gpu.Count) return most == 0 ? $"no node has a GPU of kind {gpu.Kind}" : $"needs {gpu.Count} GPUs of kind {gpu.Kind} on one node, the largest has {most}";
        }
        return string.Create(CultureInfo.InvariantCulture,
            $"needs {hardware.Vcpu:0.##} vCPU and {hardware.MemoryGib:0.##} GiB on one node, the largest can give {largest.Select(a => a.Vcpu).DefaultIfEmpty(0).Max():0.##} vCPU and {largest.Select(a => a.MemoryGib).DefaultIfEmpty(0).Max():0.##} GiB");
    }

    private static ResourceAmount Allocatable(V1Node node)
    {
        decimal Of(string resource) => node.Status?.Allocatable?.TryGetValue(resource, out var quantity) == true ? quantity.ToDecimal() : 0;
        return new ResourceAmount(Of("cpu"), Math.Floor(Of("memory") / (1 << 30) * 100) / 100, (int)Of(NodeChoice.GpuResource));
    }

    private static ResourceAmount Sum(IEnumerable<ResourceAmount> amounts) => amounts.Aggregate(new ResourceAmount(0, 0, 0), (a, b) => new ResourceAmount(a.Vcpu + b.Vcpu, a.MemoryGib + b.MemoryGib, a.Gpus + b.Gpus));

    private static string Label(V1Node? node, string key) => Watching.Instants.GetOr(node?.Metadata.Labels, key) ?? "";
}
