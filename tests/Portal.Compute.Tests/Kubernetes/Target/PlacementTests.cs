using AwesomeAssertions;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What the portal learns of the nodes its pods are on: what it bills by.</summary>
public sealed class PlacementTests : IAsyncLifetime
{
    private readonly ClusterFixture _fixture = new();

    private static readonly Dictionary<string, string> Spot = new()
    {
        ["topology.kubernetes.io/region"] = "eu-west-1", ["topology.kubernetes.io/zone"] = "eu-west-1b", ["node.kubernetes.io/instance-type"] = "m6i.xlarge", ["karpenter.sh/capacity-type"] = "spot",
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IComputeTarget Target => _fixture.Target;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Pod_IsAPart_OfTheNodeItIsOn_FromWhenItWasPlaced()
    {
        AddSpot("spot-1");
        var spec = await RunningAsync();

        var part = (await Target.ObserveAsync(spec.AllocationId, Token)).Parts.Should().ContainSingle().Subject;
        part.Should().Match<PlacedPart>(p => p.Machine == "spot-1" && p.Region == "eu-west-1" && p.Zone == "eu-west-1b" && p.InstanceType == "m6i.xlarge" && p.Capacity == CapacityType.Spot && p.Until == null);
        part.Share.Should().Be(new ResourceAmount(spec.Hardware.Vcpu, spec.Hardware.MemoryGib, 0));
        part.Size.Should().Be(new ResourceAmount(4, 16, 0));
        part.Since.Should().BeCloseTo(TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(30));
        (await Target.UntilListedAsync(spec.AllocationId, o => o?.Parts is [_]))!.Parts.Should().Equal(part);
    }

    [Fact]
    public async Task Unplaced_HoldsNothing()
    {
        var spec = Serves() with { Capacity = CapacityType.Spot };
        var receipt = await Target.StartAsync(spec, Token);

        receipt.BilledByParts.Should().BeTrue();
        await Target.UntilListedAsync(spec.AllocationId, o => o?.Message?.Contains("spot", StringComparison.Ordinal) == true);
        (await Target.ObserveAsync(spec.AllocationId, Token)).Parts.Should().BeEmpty();
    }

    [Fact]
    public async Task Moved_IsAnotherPart_OnItsNewNode()
    {
        AddSpot("spot-1");
        var spec = await RunningAsync();
        var first = (await Target.ObserveAsync(spec.AllocationId, Token)).Parts!.Single();
        AddSpot("spot-2");
        _fixture.Cluster.Nodes.Drain("spot-1");

        var second = (await Target.UntilListedAsync(spec.AllocationId, o => o is { State: ObservedState.Ready, Parts: [{ Machine: "spot-2" }] }))!.Parts!.Single();
        second.Id.Should().NotBe(first.Id);
    }

    [Fact]
    public async Task Ended_PartsSayUntilWhen()
    {
        AddSpot("spot-1");
        var spec = ClusterPrograms.Of(new ContractProgram.Ends(0)) with { Capacity = CapacityType.Spot };
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);

        var seen = await Target.ObserveAsync(spec.AllocationId, Token);
        seen.Parts.Should().ContainSingle().Which.Should().Match<PlacedPart>(p => p.Until >= p.Since && p.Until <= seen.EndedAt);
    }

    private void AddSpot(string name) => _fixture.Cluster.Nodes.Add(name, Spot, new Dictionary<string, string> { ["cpu"] = "4", ["memory"] = "16Gi" });

    private static AllocationSpec Serves() => ClusterPrograms.Of(new ContractProgram.Serves());

    private async Task<AllocationSpec> RunningAsync()
    {
        var spec = Serves() with { Capacity = CapacityType.Spot };
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }
}
