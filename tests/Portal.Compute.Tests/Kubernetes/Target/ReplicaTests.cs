using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Endpoints of which several copies answer.</summary>
public sealed class ReplicaTests(RoomyClusterFixture fixture) : IClassFixture<RoomyClusterFixture>
{
    private const string Space = "portal-portal-tests";
    private readonly KubernetesTarget _target = fixture.Open(o => o.SharedStorageClass = "shared");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private k8s.Kubernetes Client => fixture.Cluster.Client;

    /// <summary>The same with so many replicas.</summary>
    internal static AllocationSpec With(AllocationSpec spec, int least, int most) => spec with
    {
        Hardware = spec.Hardware with { Replicas = Math.Max(least, most) },
        ItemSpec = spec.ItemSpec with
        {
            Kind = WorkloadKind.ModelEndpoint,
            Parameters = [.. spec.ItemSpec.Parameters, new ParameterSpec { Name = "replicas", Type = ParameterType.Integer }, new ParameterSpec { Name = "maxReplicas", Type = ParameterType.Integer }],
            Deployments = [.. spec.ItemSpec.Deployments.Select(d => d.Target == "kubernetes" ? d with { Replicas = new ReplicaSpec("replicas", "maxReplicas", 60) } : d)],
        },
        Parameters = new ParameterValues(new Dictionary<string, System.Text.Json.JsonElement>(spec.Parameters.ByName) { ["replicas"] = System.Text.Json.JsonSerializer.SerializeToElement(least), ["maxReplicas"] = System.Text.Json.JsonSerializer.SerializeToElement(most) }),
    };

    [Fact]
    public async Task Replicas_AllAnswer_EachIsBilled_AndOneMayGo()
    {
        var spec = await StartAsync(2, 1);
        var seen = await UntilAsync(spec, o => o.Message == "2 of 2 replicas answer.");
        seen.State.Should().Be(ObservedState.Ready);
        seen.Parts.Should().HaveCount(2).And.OnlyContain(p => p.Until == null);
        (await PodsAsync(spec)).Select(p => p.Spec.NodeName).Should().OnlyHaveUniqueItems("one machine that goes takes one replica with it");
        (await Client.PolicyV1.ListNamespacedPodDisruptionBudgetAsync(Space, labelSelector: Ours(spec), cancellationToken: Token)).Items.Should().ContainSingle().Which.Spec.MaxUnavailable.Value.Should().Be("1");

        await Client.CoreV1.DeleteNamespacedPodAsync((await PodsAsync(spec))[0].Metadata.Name, Space, cancellationToken: Token);

        for (var call = 0; call < 10; call++) (await AnswerAsync(spec)).Should().EndWith("served", "the other one answers meanwhile");
        await UntilAsync(spec, o => o is { State: ObservedState.Ready, Message: "2 of 2 replicas answer." });
        await EndAsync(spec);
    }

    [Fact]
    public async Task Autoscaler_DecidesBetweenItsBounds_AndIsNotOverruled()
    {
        var spec = await StartAsync(1, 3);
        await UntilAsync(spec, o => o.State == ObservedState.Ready);
        var scaler = (await Client.AutoscalingV2.ListNamespacedHorizontalPodAutoscalerAsync(Space, labelSelector: Ours(spec), cancellationToken: Token)).Items.Should().ContainSingle().Which;
        (scaler.Spec.MinReplicas, scaler.Spec.MaxReplicas, scaler.Spec.Metrics[0].Resource.Target.AverageUtilization).Should().Be((1, 3, 60));
        await ScaleAsync(spec, 3, "kube-controller-manager");
        await UntilAsync(spec, o => o.Message == "3 of 3 replicas answer.");
        (await Client.ReadNamespacedDeploymentAsync(Name(spec), Space, cancellationToken: Token)).Metadata.ManagedFields.Should().Contain(f => f.Subresource == "scale");
        (await _target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().BeNull("the autoscaler is the cluster's own");

        // Somebody takes the image away; putting it back leaves the number alone.
        await Client.PatchNamespacedDeploymentAsync(new V1Patch("""{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":3}}}}""", V1Patch.PatchType.MergePatch), Name(spec), Space, fieldManager: "kubectl-edit", cancellationToken: Token);
        (await _target.ObserveAsync(spec.AllocationId, Token)).Altered.Should().Contain("kubectl-edit");
        await _target.RestoreAsync(spec, Token);

        var restored = await Client.ReadNamespacedDeploymentAsync(Name(spec), Space, cancellationToken: Token);
        (restored.Spec.Replicas, restored.Spec.Template.Spec.TerminationGracePeriodSeconds).Should().Be((3, 10));
        await UntilAsync(spec, o => o is { State: ObservedState.Ready, Message: "3 of 3 replicas answer.", Altered: null });
        await EndAsync(spec);
    }

    [Fact]
    public async Task Replicas_ThatAllCrash_HaveEnded()
    {
        var spec = With(ClusterPrograms.Of(new ContractProgram.Serves()), 2, 2);
        spec = spec with { ShippedFiles = new Dictionary<string, byte[]> { ["main.py"] = "import sys; sys.exit(3)"u8.ToArray() } };
        await _target.StartAsync(spec, Token);
        var seen = await UntilAsync(spec, o => o.State == ObservedState.Exited);
        seen.ExitCode.Should().Be(3);
        await _target.ForgetAsync(spec.AllocationId, Token);
    }

    [Fact]
    public async Task Cluster_WithoutASharedStorageClass_OffersOneReplicaOnly()
    {
        var hardware = Programs.Tiny with { Replicas = 2 };
        (await fixture.Target.GetOffersAsync(new OfferRequest(hardware, [], Guid.NewGuid()), Token)).Should().OnlyContain(o => !o.Available && o.Reason!.Contains("SharedStorageClass"));
        (await _target.GetOffersAsync(new OfferRequest(hardware, [], Guid.NewGuid()), Token)).Should().Contain(o => o.Available);
        var start = () => fixture.Target.StartAsync(With(ClusterPrograms.Of(new ContractProgram.Serves()), 1, 2), Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
    }

    private async Task<AllocationSpec> StartAsync(int least, int most)
    {
        var spec = With(ClusterPrograms.Of(new ContractProgram.Serves()), least, most);
        await _target.StartAsync(spec, Token);
        return spec;
    }

    private async Task EndAsync(AllocationSpec spec)
    {
        await _target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(1), Token);
        await UntilAsync(spec, o => o.State == ObservedState.Exited);
        (await PodsAsync(spec)).Where(p => p.Status.Phase is not ("Succeeded" or "Failed")).Select(p => $"{p.Metadata.Name} {p.Status.Phase} {p.Metadata.DeletionTimestamp}").Should().BeEmpty();
        await _target.ForgetAsync(spec.AllocationId, Token);
        (await Client.PolicyV1.ListNamespacedPodDisruptionBudgetAsync(Space, labelSelector: Ours(spec), cancellationToken: Token)).Items.Should().BeEmpty();
        (await Client.AutoscalingV2.ListNamespacedHorizontalPodAutoscalerAsync(Space, labelSelector: Ours(spec), cancellationToken: Token)).Items.Should().BeEmpty();
    }

    private async Task ScaleAsync(AllocationSpec spec, int replicas, string manager)
    {
        var scale = await Client.ReadNamespacedDeploymentScaleAsync(Name(spec), Space, cancellationToken: Token);
        scale.Spec.Replicas = replicas;
        await Client.ReplaceNamespacedDeploymentScaleAsync(scale, Name(spec), Space, fieldManager: manager, cancellationToken: Token);
    }

    private async Task<string> AnswerAsync(AllocationSpec spec)
    {
        await using var stream = await _target.ConnectAsync(spec.AllocationId, Token);
        await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Token);
        return await new StreamReader(stream).ReadToEndAsync(Token);
    }

    private async Task<IList<V1Pod>> PodsAsync(AllocationSpec spec) => (await Client.CoreV1.ListNamespacedPodAsync(Space, labelSelector: Ours(spec), cancellationToken: Token)).Items;

    private async Task<Observation> UntilAsync(AllocationSpec spec, Func<Observation, bool> wanted)
    {
        var last = new Observation(spec.AllocationId, ObservedState.Unknown);
        for (var look = 0; look < 400; look++)
        {
            last = await _target.ObserveAsync(spec.AllocationId, Token);
            if (wanted(last)) return last;
            await Task.Delay(50, Token);
        }
        throw new TimeoutException($"It does not come to be so; last {last}");
    }

    private static string Name(AllocationSpec spec) => $"a-{spec.AllocationId}";

    private static string Ours(AllocationSpec spec) => $"portal.internal/allocation-id={spec.AllocationId}";
}
