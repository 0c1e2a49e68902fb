using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>People with kubectl: what they change of the portal's is noticed and put back, what they add stays.</summary>
public sealed class AlteredTests : IAsyncLifetime
{
    private const string Space = "portal-portal-tests";

    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private KubernetesTarget Target => _fixture.Target;

    private IAppsV1Operations Apps => _fixture.Cluster.Client.AppsV1;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Portals_OwnWrites_AreNoAlteration()
    {
        var spec = await RunningAsync();
        (await Target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().BeNull();
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(1), Token);
        (await Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).Altered.Should().BeNull();
    }

    [Theory]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"docker.io/library/evil:1"}]}}}}""", "kubectl-edit")]
    [InlineData("""{"spec":{"replicas":3}}""", "kubectl-patch")]
    [InlineData("""{"metadata":{"labels":{"portal.internal/team":"somebody-else"}}}""", "kubectl-label")]
    public async Task Changed_IsNoticed_AndPutBack(string patch, string manager)
    {
        var spec = await RunningAsync();
        var name = $"a-{spec.AllocationId}";
        var before = await Apps.ReadNamespacedStatefulSetAsync(name, Space, cancellationToken: Token);
        await Apps.PatchNamespacedStatefulSetAsync(new V1Patch(patch, V1Patch.PatchType.StrategicMergePatch), name, Space, fieldManager: manager, cancellationToken: Token);

        (await Target.UntilListedAsync(spec.AllocationId, o => o?.Altered is not null))!.Altered.Should().Be($"“{manager}” has changed it on the cluster");
        await Target.RestoreAsync(spec, Token);

        var after = await Apps.ReadNamespacedStatefulSetAsync(name, Space, cancellationToken: Token);
        after.Spec.Should().BeEquivalentTo(before.Spec);
        after.Metadata.Labels.Should().BeEquivalentTo(before.Metadata.Labels);
        await Target.UntilListedAsync(spec.AllocationId, o => o is { Altered: null, State: ObservedState.Ready });
        (await Target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().BeNull();
    }

    [Fact]
    public async Task Added_Stays_AndIsNoReasonToPutBackAgain()
    {
        var spec = await RunningAsync();
        var name = $"a-{spec.AllocationId}";
        await Apps.PatchNamespacedStatefulSetAsync(new V1Patch("""{"spec":{"minReadySeconds":1}}""", V1Patch.PatchType.MergePatch), name, Space, fieldManager: "kubectl-edit", cancellationToken: Token);
        await Target.UntilListedAsync(spec.AllocationId, o => o?.Altered is not null);
        await Target.RestoreAsync(spec, Token);

        (await Apps.ReadNamespacedStatefulSetAsync(name, Space, cancellationToken: Token)).Spec.MinReadySeconds.Should().Be(1);
        await Target.UntilListedAsync(spec.AllocationId, o => o is { Altered: null, State: ObservedState.Ready });
    }

    [Fact]
    public async Task Refused_ForGood_IsAnsweredOnce()
    {
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        await _fixture.Cluster.Client.BatchV1.PatchNamespacedJobAsync(new V1Patch("""{"spec":{"activeDeadlineSeconds":9000}}""", V1Patch.PatchType.MergePatch), $"a-{spec.AllocationId}", Space, fieldManager: "kubectl-edit", cancellationToken: Token);
        (await Target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().Contain("kubectl-edit");

        // A Job's pods cannot be changed, and this portal would make them otherwise.
        var newer = spec with { Hardware = spec.Hardware with { Vcpu = 0.5m } };
        var restore = () => Target.RestoreAsync(newer, Token);
        (await restore.Should().ThrowAsync<ComputeTargetException>()).Which.Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Invalid && e.Message.Contains("immutable"));

        (await Target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().BeNull();
        await restore.Should().NotThrowAsync();
    }

    [Fact]
    public async Task Run_SuspendedByHand_HasEnded_AndMayBeTriedAgain()
    {
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        await _fixture.Cluster.Client.BatchV1.PatchNamespacedJobAsync(new V1Patch("""{"spec":{"suspend":true}}""", V1Patch.PatchType.MergePatch), $"a-{spec.AllocationId}", Space, fieldManager: "kubectl-edit", cancellationToken: Token);
        await Target.RestoreAsync(spec, Token);

        // Its pod is taken away at once, and may be gone before it told how it ended: the next attempt goes on from its checkpoint either way.
        (await Target.UntilListedAsync(spec.AllocationId, o => o?.State is ObservedState.Exited or ObservedState.Lost))!.Failure.Should().BeOneOf(FailureClass.Interrupted, FailureClass.Lost);
    }

    [Fact]
    public async Task Stopping_IsLeftToItsEnd()
    {
        var spec = await RunningAsync();
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(1), Token);
        await Apps.PatchNamespacedStatefulSetAsync(new V1Patch("""{"spec":{"minReadySeconds":1}}""", V1Patch.PatchType.MergePatch), $"a-{spec.AllocationId}", Space, fieldManager: "kubectl-edit", cancellationToken: Token);
        await Target.RestoreAsync(spec, Token);

        (await Apps.ReadNamespacedStatefulSetAsync($"a-{spec.AllocationId}", Space, cancellationToken: Token)).Spec.Replicas.Should().Be(0);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
    }

    [Fact]
    public async Task Team_WithALimit_HasAQuota_ThatFollowsIt()
    {
        await RunningAsync(s => s with { TeamVcpu = 3.5m });
        async Task<IDictionary<string, ResourceQuantity>> HardAsync() => (await _fixture.Cluster.Client.CoreV1.ReadNamespacedResourceQuotaAsync("portal", Space, cancellationToken: Token)).Spec?.Hard ?? new Dictionary<string, ResourceQuantity>();
        (await HardAsync())["requests.cpu"].ToDecimal().Should().Be(4.5m, "with one for what reads volumes");
        await RunningAsync();
        (await HardAsync()).Should().BeEmpty("the limit is gone");

        // What comes past the portal is held back by the cluster.
        var refused = ClusterPrograms.Of(new ContractProgram.Serves()) with { TeamVcpu = 0 };
        refused = refused with { Hardware = refused.Hardware with { Vcpu = 2 } };
        await Target.StartAsync(refused, Token);
        (await Target.UntilListedAsync(refused.AllocationId, o => o?.Message?.Contains("quota", StringComparison.Ordinal) == true))!.State.Should().Be(ObservedState.Starting);
    }

    private async Task<AllocationSpec> RunningAsync(Func<AllocationSpec, AllocationSpec>? adjust = null)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        spec = adjust?.Invoke(spec) ?? spec;
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }
}
