using AwesomeAssertions;
using k8s;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Machines that an autoscaler begins at need: what nobody has now can still be had.</summary>
public sealed class PoolTests : IAsyncLifetime
{
    private static readonly NodePool Gpus = new() { InstanceType = "g5.xlarge", Region = "eu-west-1", Spot = true, Vcpu = 4, MemoryGib = 15, GpuKind = "A10G", Gpus = 1, Most = 3 };
    private static readonly HardwareProfileSpec A10G = new() { Slug = "gpu-a10g", Name = "1×A10G", Vcpu = 4, MemoryGib = 15, Gpu = new GpuSpec("A10G", 1, 22) };

    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    private static async Task<IReadOnlyList<Offer>> OffersAsync(IComputeTarget target, HardwareProfileSpec hardware) => await target.GetOffersAsync(new OfferRequest(hardware, [], Guid.NewGuid()), Token);

    [Fact]
    public async Task Hardware_OfNoNode_IsOfferedByThePool()
    {
        var target = _fixture.Open(o => o.Pools = [Gpus]);
        var offer = (await OffersAsync(target, A10G))[0];
        offer.Should().Match<Offer>(o => o.Available && o.Capacity == CapacityType.Spot && o.InstanceType == "g5.xlarge" && o.Region == "eu-west-1" && o.Delay!.Contains("begun"));
        offer.Machine.Should().Be(new ResourceAmount(4, 15, 1));
        (await OffersAsync(_fixture.Target, A10G)).Should().OnlyContain(o => !o.Available, "without the pool nobody knows of such machines");
        (await OffersAsync(target, Programs.Tiny))[0].Should().Match<Offer>(o => o.Available && o.Delay == null, "what is there is taken first");
        (await OffersAsync(target, A10G with { Gpu = new GpuSpec("A10G", 2, 22) })).Should().OnlyContain(o => !o.Available).And.Contain(o => o.Reason!.Contains("the largest has 1"));
    }

    [Fact]
    public async Task Capacity_CountsWhatMayCome_AndNothingTwice()
    {
        var target = _fixture.Open(o => o.Pools = [Gpus]);
        var before = await target.DescribeAsync(Token);
        (before.Capacity.Gpus, before.Physical.Gpus).Should().Be((3, 0));

        _fixture.Cluster.Nodes.Add("gpu-1", new Dictionary<string, string> { ["node.kubernetes.io/instance-type"] = "g5.xlarge", ["karpenter.sh/capacity-type"] = "spot", ["nvidia.com/gpu.product"] = "NVIDIA-A10G" }, new Dictionary<string, string> { ["cpu"] = "4", ["memory"] = "16Gi", ["nvidia.com/gpu"] = "1" });
        var after = await _fixture.Open(o => o.Pools = [Gpus]).DescribeAsync(Token);
        (after.Capacity.Gpus, after.Physical.Gpus).Should().Be((3, 1));
    }

    [Fact]
    public async Task Cluster_WithPoolsAndNoNode_IsHealthy()
    {
        foreach (var node in (await _fixture.Cluster.Client.CoreV1.ListNodeAsync(cancellationToken: Token)).Items) await _fixture.Cluster.Client.CoreV1.DeleteNodeAsync(node.Metadata.Name, cancellationToken: Token);
        (await _fixture.Open().DescribeAsync(Token)).Should().Match<TargetDescription>(d => !d.Healthy && d.Reason!.Contains("no node"));
        (await _fixture.Open(o => o.Pools = [Gpus]).DescribeAsync(Token)).Healthy.Should().BeTrue();
    }
}
