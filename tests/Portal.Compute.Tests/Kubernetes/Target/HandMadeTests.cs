using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>People with kubectl who take things away: what the portal says, and how the workload comes back. What they change is in <see cref="AlteredTests"/>.</summary>
public sealed class HandMadeTests : IAsyncLifetime
{
    private const string Space = "portal-portal-tests";

    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private k8s.Kubernetes Client => _fixture.Cluster.Client;

    private KubernetesTarget Target => _fixture.Target;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Pod_OfAServer_Deleted_ComesBack()
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        var first = (await PodAsync(spec)).Metadata.Uid;
        await Client.CoreV1.DeleteNamespacedPodAsync($"a-{spec.AllocationId}-0", Space, cancellationToken: Token);
        var again = (await Target.UntilListedAsync(spec.AllocationId, o => o is { State: ObservedState.Ready, Parts: [var part] } && part.Id != first))!;
        again.Failure.Should().BeNull();
    }

    [Fact]
    public async Task Pod_OfARun_Deleted_EndsIt_AndTheNextAttemptRuns()
    {
        var spec = await RunningAsync();
        await Client.CoreV1.DeleteNamespacedPodAsync((await PodAsync(spec)).Metadata.Name, Space, cancellationToken: Token);
        (await Target.UntilListedAsync(spec.AllocationId, o => o?.State is ObservedState.Exited or ObservedState.Lost))!
            .Should().Match<Observation>(o => o.Failure == FailureClass.Interrupted || o.Failure == FailureClass.Lost).And.Match<Observation>(o => o.Message!.Length > 0);
        await RunningAsync(workloadId: spec.WorkloadId);
    }

    [Fact]
    public async Task Service_Deleted_KeepsNobodyFromTheProgram_AndIsPutBackWithTheRest()
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        await Client.CoreV1.DeleteNamespacedServiceAsync($"a-{spec.AllocationId}", Space, cancellationToken: Token);
        await using (var stream = await Target.ConnectAsync(spec.AllocationId, Token))
        {
            await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Token);
            (await new StreamReader(stream).ReadToEndAsync(Token)).Should().EndWith("served");
        }
        await Target.RestoreAsync(spec, Token);
        (await Client.CoreV1.ReadNamespacedServiceAsync($"a-{spec.AllocationId}", Space, cancellationToken: Token)).Spec.Selector.Should().Equal(new Dictionary<string, string> { ["portal.internal/allocation-id"] = spec.AllocationId.ToString() });
    }

    [Fact]
    public async Task Secret_Deleted_IsSaidWhenAPodNeedsIt_AndPutBack()
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        var name = $"a-{spec.AllocationId}";
        await Client.CoreV1.DeleteNamespacedSecretAsync(name, Space, cancellationToken: Token);
        (await Target.ObserveAsync(spec.AllocationId, Token)).Should().Match<Observation>(o => o.State == ObservedState.Ready && o.Altered == null, "what runs has read it");
        await Client.CoreV1.DeleteNamespacedPodAsync($"{name}-0", Space, cancellationToken: Token);

        var seen = (await Target.UntilListedAsync(spec.AllocationId, o => o?.Altered is not null))!;
        seen.Should().Match<Observation>(o => o.Altered == $"Somebody has deleted its Secret {name} on the cluster" && o.Message!.StartsWith("Its container cannot be made: ") && o.State == ObservedState.Starting);
        await Target.RestoreAsync(spec, Token);
        (await Target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().BeNull("it is put back once, however long the kubelet takes to look again");
        await Target.UntilListedAsync(spec.AllocationId, o => o is { State: ObservedState.Ready, Altered: null });
    }

    [Theory]
    [InlineData("portal.internal~1allocation-id")]
    [InlineData("app.kubernetes.io~1managed-by")]
    public async Task Label_TakenOff_LosesNothing_AndIsPutBack(string label)
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        await Client.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch($$"""[{"op":"remove","path":"/metadata/labels/{{label}}"}]""", V1Patch.PatchType.JsonPatch), $"a-{spec.AllocationId}", Space, fieldManager: "kubectl-label", cancellationToken: Token);

        (await Target.ObserveAsync(spec.AllocationId, Token)).Should().Match<Observation>(o => o.State == ObservedState.Ready && o.Altered == "“somebody” has changed it on the cluster");
        await Target.RestoreAsync(spec, Token);
        await Target.UntilListedAsync(spec.AllocationId, o => o is { State: ObservedState.Ready, Altered: null });
    }

    [Fact]
    public async Task Volume_Deleted_IsSaid_AndTheNextAttemptHasANewOne()
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        var volume = $"w-{spec.WorkloadId}";
        var first = (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(volume, Space, cancellationToken: Token)).Metadata.Uid;
        await Client.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync(volume, Space, cancellationToken: Token);

        var next = ClusterPrograms.Of(new ContractProgram.Serves(), spec.WorkloadId);
        (await Target.Invoking(t => t.StartAsync(next, Token)).Should().ThrowAsync<ComputeTargetException>()).Which
            .Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Throttled && e.Message.StartsWith($"Somebody is deleting the workload's volume {volume} on cluster, and its files with it."));
        await Client.CoreV1.DeleteNamespacedPodAsync($"a-{spec.AllocationId}-0", Space, cancellationToken: Token);
        await Target.UntilListedAsync(spec.AllocationId, o => o?.Message?.StartsWith("Its volume was deleted on the cluster, and its files with it. Stop it and start it again: it gets a new one.", StringComparison.Ordinal) == true);
        await Target.StopAsync(spec.AllocationId, TimeSpan.Zero, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        await Target.StartAsync(next, Token);
        await Target.UntilAsync(next.AllocationId, ObservedState.Ready);
        (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(volume, Space, cancellationToken: Token)).Metadata.Uid.Should().NotBe(first);
    }

    [Fact]
    public async Task Main_Deleted_IsNotFound_AndTheNextAttemptRunsOnTheSameVolume()
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        var volume = (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync($"w-{spec.WorkloadId}", Space, cancellationToken: Token)).Metadata.Uid;
        await Client.AppsV1.DeleteNamespacedStatefulSetAsync($"a-{spec.AllocationId}", Space, propagationPolicy: "Foreground", cancellationToken: Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.NotFound);
        await Target.UntilListedAsync(spec.AllocationId, o => o is null);
        await RunningAsync(new ContractProgram.Serves(), spec.WorkloadId);
        (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync($"w-{spec.WorkloadId}", Space, cancellationToken: Token)).Metadata.Uid.Should().Be(volume);
    }

    [Fact]
    public async Task Namespace_BeingDeleted_IsSaid_AndMadeAnewOnceItIsGone()
    {
        var first = await RunningAsync();
        // Something of it stays for as long as somebody wants.
        await Client.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "held", Finalizers = ["example.org/hold"] } }, Space, cancellationToken: Token);
        await Client.CoreV1.DeleteNamespaceAsync(Space, cancellationToken: Token);
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());

        foreach (var (target, words) in new[] { (Target, "cluster refused to start the workload: "), (_fixture.Open(), $"Somebody is deleting namespace {Space} on cluster. ") })
            (await target.Invoking(t => t.StartAsync(spec, Token)).Should().ThrowAsync<ComputeTargetException>()).Which
                .Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Throttled && e.Message.StartsWith(words) && e.Message.Contains(Space) && e.Message.EndsWith("once that is gone."));
        await Target.UntilAsync(first.AllocationId, ObservedState.NotFound);
        await Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"metadata":{"finalizers":null}}""", V1Patch.PatchType.MergePatch), "held", Space, cancellationToken: Token);
        for (var look = 0; (await Client.CoreV1.ListNamespaceAsync(cancellationToken: Token)).Items.Any(n => n.Metadata.Name == Space); look++)
        {
            look.Should().BeLessThan(400, "nothing holds the namespace any more");
            await Task.Delay(25, Token);
        }
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
    }

    private async Task<V1Pod> PodAsync(AllocationSpec spec) =>
        (await Client.CoreV1.ListNamespacedPodAsync(Space, labelSelector: $"portal.internal/allocation-id={spec.AllocationId}", cancellationToken: Token)).Items.Single();

    private async Task<AllocationSpec> RunningAsync(ContractProgram? program = null, Guid? workloadId = null)
    {
        var spec = ClusterPrograms.Of(program ?? new ContractProgram.RunsOn(), workloadId);
        await Target.StartAsync(spec, Token);
        // Watched from before somebody comes.
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        return spec;
    }
}
