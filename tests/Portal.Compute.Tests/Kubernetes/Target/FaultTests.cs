using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What goes wrong on a cluster, and what the portal is told of it. A cluster of its own for each test: most of them break it.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => _fixture.Cluster;

    private IComputeTarget Target => _fixture.Target;

    private const string Space = "portal-portal-tests";

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    private async Task<AllocationSpec> StartAsync(ContractProgram? program = null, Func<AllocationSpec, AllocationSpec>? adjust = null)
    {
        var spec = ClusterPrograms.Of(program ?? new ContractProgram.RunsOn());
        spec = adjust?.Invoke(spec) ?? spec;
        await Target.StartAsync(spec, Token);
        return spec;
    }

    private async Task<AllocationSpec> RunningAsync(ContractProgram? program = null)
    {
        var spec = await StartAsync(program);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }

    private async Task<string> PodOfAsync(AllocationSpec spec) =>
        (await Cluster.Client.CoreV1.ListNamespacedPodAsync(Space, labelSelector: $"portal.internal/allocation-id={spec.AllocationId}", cancellationToken: Token)).Items.Single().Metadata.Name;

    private async Task<Observation> UntilAsync(AllocationSpec spec, Func<Observation, bool> wanted)
    {
        var last = new Observation(spec.AllocationId, ObservedState.Unknown);
        for (var look = 0; look < 200; look++)
        {
            last = await Target.ObserveAsync(spec.AllocationId, Token);
            if (wanted(last)) return last;
            await Task.Delay(50, Token);
        }
        throw new TimeoutException($"It does not come to be so; last {last}");
    }

    [Fact]
    public async Task Server_Restarted_WatchesGoOn_AndNothingIsInvented()
    {
        var spec = await RunningAsync();
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        await Cluster.StopServerAsync();
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Unknown);
        (await Target.Invoking(t => t.ObserveAsync(spec.AllocationId, Token)).Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Throttled);
        (await Target.DescribeAsync(Token)).Should().Match<TargetDescription>(d => !d.Healthy && d.Reason!.Contains("does not answer"));
        await Cluster.StartServerAsync();
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
    }

    [Theory]
    [InlineData("dropped")]
    [InlineData("gone")]
    [InlineData("expired")]
    [InlineData("cut")]
    public async Task Watch_Broken_MissesNothing(string how)
    {
        var spec = await RunningAsync();
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        switch (how)
        {
            case "gone": Cluster.Faults.EndWatchesWithGone(); break;
            case "cut": Cluster.Faults.CutStreams(3); break;
            case "expired":
                Cluster.Faults.ExpireHistory();
                Cluster.Faults.DropWatches();
                break;
            default: Cluster.Faults.DropWatches(); break;
        }
        var other = await RunningAsync();
        await Target.StopAsync(spec.AllocationId, TimeSpan.Zero, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Exited);
        await Target.UntilListedAsync(other.AllocationId, o => o?.State == ObservedState.Ready);
    }

    [Fact]
    public async Task Watch_Silent_IsBegunAgain()
    {
        var target = _fixture.Open(o => o.WatchSilence = TimeSpan.FromSeconds(5));
        var spec = await RunningAsync();
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        Cluster.Faults.SilenceWatches(TimeSpan.FromMinutes(10));
        await Target.StopAsync(spec.AllocationId, TimeSpan.Zero, Token);
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Exited);
    }

    [Fact]
    public async Task Start_ThrottledAndFailing_IsRepeated()
    {
        Cluster.Faults.Throttle(1, 1);
        Cluster.Faults.Fail(500, 1, "patch");
        Cluster.Faults.Fail(503, 1, "create", "jobs");
        await RunningAsync();
    }

    [Fact]
    public async Task Start_WhoseAnswerIsLost_MakesOneResource()
    {
        Cluster.Faults.LoseAnswer(1, "create", "jobs");
        var spec = await RunningAsync();
        (await Cluster.Client.BatchV1.ListNamespacedJobAsync(Space, cancellationToken: Token)).Items.Should().ContainSingle();
        (await Target.StartAsync(spec, Token)).ResourceId.Should().EndWith($"a-{spec.AllocationId}");
    }

    [Fact]
    public async Task Start_TimingOut_IsPassing()
    {
        var target = _fixture.Open(o => o.CallTimeout = TimeSpan.FromMilliseconds(300));
        Cluster.Faults.Hang(TimeSpan.FromSeconds(20), 50, "create", "jobs");
        var start = () => target.StartAsync(ClusterPrograms.Of(new ContractProgram.RunsOn()), Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Throttled && e.Message.Contains("No answer within 0.3 s"));
    }

    [Fact]
    public async Task Credentials_Expired_OrOfAnotherCluster_AreTold()
    {
        var user = TestCluster.User("portal");
        var nobody = _fixture.Open(kubeconfig: Cluster.KubeconfigFor(user));
        (await nobody.DescribeAsync(Token)).Reason.Should().Contain("cannot list resource \"nodes\"");
        (await nobody.DescribeAsync(Token)).Reason.Should().Contain("cannot list resource", "it is not asked again at once");
        var expired = _fixture.Open(kubeconfig: Cluster.KubeconfigFor(user));
        Cluster.ExpireToken(user);
        (await expired.DescribeAsync(Token)).Reason.Should().Contain("nauthorized");
        await using var other = await TestCluster.StartAsync();
        var wrong = Cluster.AdminKubeconfig.Replace(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Cluster.CaCertificatePem)), Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(other.CaCertificatePem)), StringComparison.Ordinal);
        (await _fixture.Open(kubeconfig: wrong).DescribeAsync(Token)).Reason.Should().Contain("certificate");
    }

    [Fact]
    public async Task Image_NotThere_IsSaid_AndRunsOnceItIs()
    {
        Cluster.Programs.BadImage("docker.io/library/python:3.13-slim");
        var spec = await StartAsync();
        (await UntilAsync(spec, o => o.Failure == FailureClass.ImagePull)).Should().Match<Observation>(o => o.State == ObservedState.Starting && o.Message!.StartsWith("Its image cannot be pulled"));
        Cluster.Programs.GoodImage("docker.io/library/python:3.13-slim");
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
    }

    [Fact]
    public async Task Pod_WithoutANode_SaysWhatIsMissing()
    {
        var spec = await StartAsync(adjust: s => s with { Hardware = s.Hardware with { Vcpu = 64 } });
        (await UntilAsync(spec, o => o.Message?.Contains("No node has room") == true)).Message.Should().Contain("too little CPU on 1 node");
    }

    [Fact]
    public async Task Quota_UsedUp_IsSaid()
    {
        await RunningAsync();
        await Cluster.Client.CoreV1.CreateNamespacedResourceQuotaAsync(new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "q" }, Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity> { ["pods"] = new("1") } } }, Space, cancellationToken: Token);
        await Target.ObserveAllAsync(Token);
        var spec = await StartAsync();
        (await UntilAsync(spec, o => o.Message?.Contains("quota") == true)).Message.Should().StartWith("The team's quota on the cluster is used up");
    }

    [Fact]
    public async Task Memory_UsedUp_IsOutOfMemory()
    {
        var spec = await RunningAsync();
        Cluster.Nodes.OutOfMemory(Space, await PodOfAsync(spec));
        (await Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).Failure.Should().Be(FailureClass.OutOfMemory);
    }

    [Fact]
    public async Task Run_Evicted_IsInterrupted()
    {
        var spec = await RunningAsync();
        await Cluster.Nodes.EvictPodAsync(Space, await PodOfAsync(spec));
        (await Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).Should().Match<Observation>(o => o.Failure == FailureClass.Interrupted && o.Message!.Contains("low on resource"));
    }

    [Fact]
    public async Task Run_OnASpotNodeThatIsTakenBack_IsInterrupted()
    {
        Cluster.Nodes.Add("spot-1", new Dictionary<string, string> { ["karpenter.sh/capacity-type"] = "spot" });
        var spec = await StartAsync(adjust: s => s with { Capacity = Portal.Domain.Workloads.CapacityType.Spot });
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        await Cluster.Nodes.ReclaimAsync("spot-1", TimeSpan.FromSeconds(1));
        (await UntilAsync(spec, o => o.State is ObservedState.Exited or ObservedState.Lost)).Failure.Should().Be(FailureClass.Interrupted);
    }

    [Fact]
    public async Task Server_OnANodeThatIsDrained_ComesBackOnAnother()
    {
        Cluster.Nodes.Add("node-2");
        var spec = await RunningAsync(new ContractProgram.Serves());
        var first = await Target.ObserveAsync(spec.AllocationId, Token);
        var node = (await Cluster.Client.CoreV1.ReadNamespacedPodAsync(await PodOfAsync(spec), Space, cancellationToken: Token)).Spec.NodeName;
        Cluster.Nodes.Drain(node);
        await UntilAsync(spec, o => o.State == ObservedState.Ready && o.ReadyAt > first.ReadyAt);
        (await Cluster.Client.CoreV1.ReadNamespacedPodAsync(await PodOfAsync(spec), Space, cancellationToken: Token)).Spec.NodeName.Should().NotBe(node);
    }

    [Fact]
    public async Task Object_DeletedByHand_IsNotFound()
    {
        var spec = await RunningAsync();
        await Cluster.Client.BatchV1.DeleteNamespacedJobAsync($"a-{spec.AllocationId}", Space, propagationPolicy: "Foreground", cancellationToken: Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.NotFound);
    }

    [Fact]
    public async Task Team_CannotReachAnothers()
    {
        var spec = await RunningAsync(new ContractProgram.Serves());
        var other = ClusterPrograms.Of(new ContractProgram.RunsOn()) with { Team = "risk" };
        await Target.StartAsync(other, Token);
        await Target.UntilAsync(other.AllocationId, ObservedState.Ready);
        var job = await Cluster.Client.BatchV1.ReadNamespacedJobAsync($"a-{other.AllocationId}", "portal-risk", cancellationToken: Token);
        job.Spec.Template.Spec.Should().Match<V1PodSpec>(p => p.AutomountServiceAccountToken == false && p.ServiceAccountName == "workload" && p.HostNetwork != true && p.HostPID != true);
        foreach (var space in new[] { Space, "portal-risk" })
        {
            (await Cluster.Client.NetworkingV1.ReadNamespacedNetworkPolicyAsync("portal-default", space, cancellationToken: Token)).Spec.Ingress.Single().FromProperty.Single().NamespaceSelector.MatchLabels.Should().Equal(new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "portal" });
            (await Cluster.Client.CoreV1.ReadNamespaceAsync(space, cancellationToken: Token)).Metadata.Labels["pod-security.kubernetes.io/enforce"].Should().Be("restricted");
        }
        job.Spec.Template.Spec.Volumes.Where(v => v.PersistentVolumeClaim is not null).Select(v => v.PersistentVolumeClaim.ClaimName).Should().Equal($"w-{other.WorkloadId}");
        spec.WorkloadId.Should().NotBe(other.WorkloadId);
    }
}
