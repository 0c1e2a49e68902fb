using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What a cluster does not give: people read why, and it goes on by itself once the cluster gives it.</summary>
public sealed class ScarcityTests : IAsyncLifetime
{
    private const string Space = "portal-portal-tests";

    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private k8s.Kubernetes Client => _fixture.Cluster.Client;

    private KubernetesTarget Target => _fixture.Target;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Quota_OfPods_UsedUp_RunsOnceItIsRaised()
    {
        await RunsAsync(ClusterPrograms.Of(new ContractProgram.Serves()));
        await LimitAsync("pods", "1");
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        await Target.StartAsync(spec, Token);
        (await Target.UntilListedAsync(spec.AllocationId, o => o?.Message?.Contains("quota", StringComparison.Ordinal) == true))!
            .Should().Match<Observation>(o => o.State == ObservedState.Starting && o.Message!.StartsWith("The team's quota on the cluster is used up: ") && o.Message.Contains("exceeded quota: q"));
        await Client.CoreV1.DeleteNamespacedResourceQuotaAsync("q", Space, cancellationToken: Token);
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
    }

    [Fact]
    public async Task Quota_OfVolumes_UsedUp_RefusesTheStart_UntilItIsRaised()
    {
        await RunsAsync(ClusterPrograms.Of(new ContractProgram.RunsOn()));
        await LimitAsync("persistentvolumeclaims", "1");
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        (await Target.Invoking(t => t.StartAsync(spec, Token)).Should().ThrowAsync<ComputeTargetException>()).Which.Should()
            .Match<ComputeTargetException>(e => e.Failure == FailureClass.QuotaExceeded && e.Message.Contains("exceeded quota: q") && e.Message.EndsWith("It is tried again: stop something of the team's, or have the quota raised."));
        await Client.CoreV1.DeleteNamespacedResourceQuotaAsync("q", Space, cancellationToken: Token);
        await RunsAsync(spec);
    }

    [Fact]
    public async Task Volume_ThatDoesNotBind_IsSaid_AndRunsOnceItDoes()
    {
        _fixture.Cluster.Options.BrokenProvisioners["standard"] = 0;
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        await Target.StartAsync(spec, Token);
        (await Target.UntilListedAsync(spec.AllocationId, o => o?.Message?.StartsWith("It waits for its volume: ", StringComparison.Ordinal) == true))!
            .Should().Match<Observation>(o => o.State == ObservedState.Starting && o.Message!.Contains("unbound immediate PersistentVolumeClaims"));
        _fixture.Cluster.Options.BrokenProvisioners.Clear();
        await TouchAsync("standard");
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
    }

    [Fact]
    public async Task StorageClass_ThatIsNotThere_IsSaid_AndUsedOnceItIs()
    {
        var target = _fixture.Open(o => o.StorageClass = "fast");
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        await target.StartAsync(spec, Token);
        await target.UntilListedAsync(spec.AllocationId, o => o?.Message?.StartsWith("It waits for its volume: ", StringComparison.Ordinal) == true);
        await Client.StorageV1.CreateStorageClassAsync(new V1StorageClass { Metadata = new V1ObjectMeta { Name = "fast" }, Provisioner = "test.csi.example.com", VolumeBindingMode = "Immediate" }, cancellationToken: Token);
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
    }

    private Task LimitAsync(string resource, string most) => Client.CoreV1.CreateNamespacedResourceQuotaAsync(
        new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "q" }, Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity> { [resource] = new(most) } } }, Space, cancellationToken: Token);

    /// <summary>A provisioner that works again is seen with the next change.</summary>
    private Task TouchAsync(string storageClass) => Client.StorageV1.PatchStorageClassAsync(new V1Patch("""{"metadata":{"annotations":{"seen":"again"}}}""", V1Patch.PatchType.MergePatch), storageClass, cancellationToken: Token);

    private async Task RunsAsync(AllocationSpec spec)
    {
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
    }
}
