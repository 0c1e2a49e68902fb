using System.Globalization;
using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private const string Region = "topology.kubernetes.io/region", Zone = "topology.kubernetes.io/zone", InstanceType = "node.kubernetes.io/instance-type";

    // Every estimate asks: one call in a while serves all of them.
    private static readonly TimeSpan NodesHoldFor = TimeSpan.FromSeconds(15);

    private readonly NodeBook _nodes;

    public async Task<TargetDescription> DescribeAsync(CancellationToken cancellationToken)
    {
        TargetDescription Of(string? reason, ResourceAmount there, ResourceAmount mayCome) => new(Name, "kubernetes", null, reason is null, reason, there, Sum([there, mayCome]), "sandboxed", "cgroup-v2") { HasSpot = true };
        try
        {
            var nodes = await GuardAsync("list its nodes", () => NodesAsync(cancellationToken), cancellationToken);
            return Of(
                _view is { WasCurrent: true, Outage: { } outage } ? $"{Name} does not answer: {outage}" : nodes.Count == 0 && _options.Pools.Count == 0 ? "it has no node that takes pods" : null,
                Sum(nodes.Select(Allocatable)), Pools.MayCome(_options.Pools, nodes));
        }
        catch (ComputeTargetException exception)
        {
            return Of(exception.Message, new ResourceAmount(0, 0, 0), new ResourceAmount(0, 0, 0));
        }
    }

    public Task<IReadOnlyList<Offer>> GetOffersAsync(OfferRequest request, CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<Offer>>("make an offer", async () =>
    {
        var nodes = await NodesAsync(cancellationToken);
        List<Offer> offers = [];
        foreach (var capacity in new[] { CapacityType.OnDemand, CapacityType.Spot })
        {
            var place = nodes.Where(n => NodeChoice.IsSpot(n.Metadata.Labels) == (capacity == CapacityType.Spot)).ToList();
            var pools = _options.Pools.Where(p => p.Spot == (capacity == CapacityType.Spot)).ToList();
            // A cluster without spot nodes has nothing to say of them.
            if (place.Count == 0 && pools.Count == 0 && capacity == CapacityType.Spot) continue;
            if (!place.Any(n => Fits(n, request.Hardware)) && pools.FirstOrDefault(p => Pools.Fits(p, request.Hardware)) is { } pool)
            {
                offers.Add(Pools.OfferOf(Name, pool));
                continue;
            }
            var fitting = place.FirstOrDefault(n => Fits(n, request.Hardware));
            var shown = fitting ?? place.FirstOrDefault();
            offers.Add(new Offer(Name, Label(shown, Region), Label(shown, Zone), Label(shown, InstanceType), capacity, fitting is not null, fitting is null ? Unfit(place, pools, request.Hardware) : null) { Machine = shown is null ? null : Size(shown) });
        }
        if (request.Hardware.Replicas > 1 && _options.SharedStorageClass is null) offers = [.. offers.Select(o => o with { Available = false, Reason = Scaling.NoSharedStorage })];
        // What can be had comes before what cannot.
        return [.. offers.OrderByDescending(o => o.Available)];
    }, cancellationToken);

    /// <summary>The nodes that take pods.</summary>
    private async Task<IReadOnlyList<V1Node>> NodesAsync(CancellationToken cancellationToken) =>
        [.. (await _nodes.ListAsync(NodesHoldFor, cancellationToken)).Where(n => n.Spec?.Unschedulable != true && n.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true)];

    /// <summary>What the pods hold of which nodes. A node that cannot be asked about is one of unknown kind: its pods are billed by rates.</summary>
    private async Task<IReadOnlyList<PlacedPart>> PartsAsync(IReadOnlyList<PodFacts> pods, DateTimeOffset? endedAt, CancellationToken cancellationToken)
    {
        List<PlacedPart> parts = [];
        foreach (var pod in pods.Where(p => p is { Node: not null, PlacedAt: not null }).OrderBy(p => p.PlacedAt).ThenBy(p => p.Uid, StringComparer.Ordinal))
        {
            var node = await _nodes.FindAsync(pod.Node!, cancellationToken);
            parts.Add(new PlacedPart(pod.Uid, pod.Node!, Label(node, Region), Label(node, Zone), Label(node, InstanceType), NodeChoice.IsSpot(node?.Metadata.Labels) ? CapacityType.Spot : CapacityType.OnDemand,
                pod.Share, node is null ? null : Size(node), pod.PlacedAt!.Value, pod.IsOver ? pod.Ended?.At ?? endedAt ?? pod.PlacedAt : null));
        }
        return parts;
    }

    private static bool Fits(V1Node node, HardwareProfileSpec hardware)
    {
        var has = Allocatable(node);
        return has.Vcpu >= hardware.Vcpu && has.MemoryGib >= hardware.MemoryGib
            && (hardware.Gpu is not { Count: > 0 } gpu || (has.Gpus >= gpu.Count && NodeChoice.HasProduct(node.Metadata.Labels, gpu.Kind)));
    }

    private static string Unfit(IReadOnlyList<V1Node> nodes, IReadOnlyList<NodePool> pools, HardwareProfileSpec hardware)
    {
        if (hardware.Gpu is { Count: > 0 } gpu)
        {
            var most = nodes.Where(n => NodeChoice.HasProduct(n.Metadata.Labels, gpu.Kind)).Select(n => Allocatable(n).Gpus).Concat(pools.Where(p => p.GpuKind == gpu.Kind).Select(p => p.Gpus)).DefaultIfEmpty(0).Max();
            if (most < gpu.Count) return most == 0 ? $"no node has a GPU of kind {gpu.Kind}" : $"needs {gpu.Count} GPUs of kind {gpu.Kind} on one node, the largest has {most}";
        }
        var sizes = nodes.Select(Allocatable).Concat(pools.Select(Pools.SizeOf)).DefaultIfEmpty(new ResourceAmount(0, 0, 0)).ToList();
        return string.Create(CultureInfo.InvariantCulture,
            $"needs {hardware.Vcpu:0.##} vCPU and {hardware.MemoryGib:0.##} GiB on one node, the largest can give {sizes.Max(a => a.Vcpu):0.##} vCPU and {sizes.Max(a => a.MemoryGib):0.##} GiB");
    }

    private static ResourceAmount Allocatable(V1Node node) => AmountOf(node.Status?.Allocatable);

    /// <summary>The whole machine, with what its system keeps for itself: what is paid for.</summary>
    private static ResourceAmount? Size(V1Node node) => AmountOf(node.Status?.Capacity) is { Vcpu: > 0 } size ? size : null;

    private static ResourceAmount AmountOf(IDictionary<string, ResourceQuantity>? amounts)
    {
        decimal Of(string resource) => amounts?.TryGetValue(resource, out var quantity) == true ? quantity.ToDecimal() : 0;
        return new ResourceAmount(Of("cpu"), Math.Floor(Of("memory") / (1 << 30) * 100) / 100, (int)Of(NodeChoice.GpuResource));
    }

    private static ResourceAmount Sum(IEnumerable<ResourceAmount> amounts) => amounts.Aggregate(new ResourceAmount(0, 0, 0), (a, b) => new ResourceAmount(a.Vcpu + b.Vcpu, a.MemoryGib + b.MemoryGib, a.Gpus + b.Gpus));

    private static string Label(V1Node? node, string key) => Watching.Instants.GetOr(node?.Metadata.Labels, key) ?? "";
}
