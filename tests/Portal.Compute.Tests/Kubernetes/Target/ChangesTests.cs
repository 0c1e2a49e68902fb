using AwesomeAssertions;
using k8s;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What the target hears of the cluster without being asked to look.</summary>
public sealed class ChangesTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private KubernetesTarget Target => _fixture.Target;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task FirstAnswer_IsThatAnythingMayHaveChanged_AndQuietIsQuiet()
    {
        (await Target.ChangesAsync(Long, Token)).Allocations.Should().BeNull();
        await QuietAsync();
        (await Target.ChangesAsync(TimeSpan.FromMilliseconds(50), Token)).Should().BeEquivalentTo(new TargetChanges(new HashSet<Guid>(), []));
    }

    [Fact]
    public async Task Change_IsToldOfItsAllocation_AtOnce()
    {
        var (one, other) = (await RunningAsync(), await RunningAsync());
        await QuietAsync();
        var waiting = Target.ChangesAsync(Long, Token);
        await Target.StopAsync(one.AllocationId, TimeSpan.FromSeconds(1), Token);
        var asked = TimeProvider.System.GetUtcNow();

        (await waiting).Allocations.Should().Equal(one.AllocationId);
        (TimeProvider.System.GetUtcNow() - asked).Should().BeLessThan(TimeSpan.FromSeconds(5));
        var seen = await Target.ObserveSomeAsync(new HashSet<Guid> { one.AllocationId }, Token);
        seen.Should().ContainSingle().Which.StopRequested.Should().BeTrue();
        other.AllocationId.Should().NotBe(one.AllocationId);
    }

    [Fact]
    public async Task Deleted_ByHand_IsToldAndNotFound()
    {
        var spec = await RunningAsync();
        await QuietAsync();
        await _fixture.Cluster.Client.AppsV1.DeleteNamespacedStatefulSetAsync($"a-{spec.AllocationId}", "portal-portal-tests", cancellationToken: Token);

        (await Target.ChangesAsync(Long, Token)).Allocations.Should().Contain(spec.AllocationId);
        for (var look = 0; (await Target.ObserveSomeAsync(new HashSet<Guid> { spec.AllocationId }, Token)).Single().State != ObservedState.NotFound; look++)
        {
            look.Should().BeLessThan(100);
            await Task.Delay(50, Token);
        }
    }

    [Fact]
    public async Task Warnings_AreNotes_WithTheClustersOwnIds()
    {
        await Target.ChangesAsync(Long, Token);
        var spec = ClusterPrograms.Of(new ContractProgram.Serves()) with { Capacity = CapacityType.Spot };
        await Target.StartAsync(spec, Token);

        List<TargetNote> notes = [];
        for (var look = 0; notes.All(n => !n.Text.StartsWith("FailedScheduling: 0/1 nodes", StringComparison.Ordinal)); look++)
        {
            look.Should().BeLessThan(50, "it comes; there were {0}", string.Join("; ", notes.Select(n => n.Text)));
            notes.AddRange((await Target.ChangesAsync(TimeSpan.FromSeconds(1), Token)).Notes);
        }
        notes.Should().OnlyContain(n => n.AllocationId == spec.AllocationId && n.Id.Length > 0 && n.At > TimeProvider.System.GetUtcNow().AddMinutes(-1));
    }

    private async Task QuietAsync()
    {
        for (var quiet = 0; quiet < 3;)
            quiet = await Target.ChangesAsync(TimeSpan.FromMilliseconds(300), Token) is { Allocations.Count: 0 } ? quiet + 1 : 0;
    }

    private async Task<AllocationSpec> RunningAsync()
    {
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        return spec;
    }
}
