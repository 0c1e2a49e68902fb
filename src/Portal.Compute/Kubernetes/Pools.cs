using k8s.Models;
using Portal.Compute.Kubernetes.Objects;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Kubernetes;

/// <summary>What machines that are not there yet could hold.</summary>
internal static class Pools
{
    public static bool Fits(NodePool pool, HardwareProfileSpec hardware) =>
        pool.Vcpu >= hardware.Vcpu && pool.MemoryGib >= hardware.MemoryGib && (hardware.Gpu is not { Count: > 0 } gpu || (pool.Gpus >= gpu.Count && pool.GpuKind == gpu.Kind));

    public static Offer OfferOf(string target, NodePool pool) =>
        new(target, pool.Region, pool.Zone, pool.InstanceType, pool.Spot ? CapacityType.Spot : CapacityType.OnDemand, true, null) { Machine = SizeOf(pool), Delay = "A machine is begun for it, which takes minutes." };

    /// <summary>What the pools can add to the nodes that are there.</summary>
    public static ResourceAmount MayCome(IEnumerable<NodePool> pools, IReadOnlyList<V1Node> nodes) => pools.Aggregate(new ResourceAmount(0, 0, 0), (sum, pool) =>
    {
        var there = nodes.Count(n => Watching.Instants.GetOr(n.Metadata.Labels, "node.kubernetes.io/instance-type") == pool.InstanceType && NodeChoice.IsSpot(n.Metadata.Labels) == pool.Spot);
        var left = Math.Max(0, pool.Most - there);
        return new ResourceAmount(sum.Vcpu + left * pool.Vcpu, sum.MemoryGib + left * pool.MemoryGib, sum.Gpus + left * pool.Gpus);
    });

    public static ResourceAmount SizeOf(NodePool pool) => new(pool.Vcpu, pool.MemoryGib, pool.Gpus);
}
