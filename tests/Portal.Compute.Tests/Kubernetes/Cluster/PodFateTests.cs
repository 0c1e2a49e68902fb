using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>What can befall a pod: no place, no image, crashes, evictions, lost and reclaimed nodes.</summary>
public sealed class PodFateTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private IKubernetes Client => _cluster.Client;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 }, "nodes of a real cluster are not ours to break");
        _cluster = await TestCluster.StartAsync(new TestClusterOptions { SecondLength = TimeSpan.FromMilliseconds(5) });
        await Eventually.BecomesTrueAsync(async () => (await Client.CoreV1.ListNamespacedServiceAccountAsync("default")).Items.Count > 0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is null)
            return;
        _cluster.Surprises.Should().BeEmpty();
        await _cluster.DisposeAsync();
    }

    private async Task<V1Pod> MakeAsync(System.Text.Json.Nodes.JsonObject? pod = null) => await Client.CoreV1.CreateNamespacedPodAsync((pod ?? Objects.Pod()).As<V1Pod>(), "default");

    private Task<V1Pod> PodAsync() => Client.CoreV1.ReadNamespacedPodAsync("pod", "default");

    private Task<V1Pod> UntilAsync(Func<V1Pod, bool> holds) => Eventually.ReadAsync(PodAsync, holds);

    private static bool IsReady(V1Pod pod) => pod.Status.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    private async Task<V1Pod> RunningAsync(System.Text.Json.Nodes.JsonObject? pod = null)
    {
        await MakeAsync(pod);
        return await UntilAsync(IsReady);
    }

    private async Task<List<Corev1Event>> EventsAsync() => [.. (await Client.CoreV1.ListNamespacedEventAsync("default", fieldSelector: "involvedObject.name=pod")).Items];

    [Fact]
    public async Task Events_TellTheStoryOfAStart()
    {
        await RunningAsync();
        (await EventsAsync()).Select(e => (e.Type, e.Reason)).Should().BeEquivalentTo([("Normal", "Scheduled"), ("Normal", "Pulling"), ("Normal", "Pulled"), ("Normal", "Created"), ("Normal", "Started")]);
        (await EventsAsync()).Single(e => e.Reason == "Scheduled").Message.Should().Be("Successfully assigned default/pod to node-1");
    }

    [Fact]
    public async Task Unschedulable_SaysHowManyNodesLackWhat()
    {
        _cluster.Nodes.Add("node-2", new Dictionary<string, string> { ["zone"] = "b" }, new Dictionary<string, string> { ["nvidia.com/gpu"] = "1" });
        _cluster.Nodes.Add("node-3", taints: ["dedicated=gpu:NoSchedule"]);
        await MakeAsync(Objects.Pod().With("spec.nodeSelector", """{"zone":"b"}""").With("spec.containers[0].resources", """{"limits":{"nvidia.com/gpu":"2"}}"""));
        var pod = await UntilAsync(p => p.Status.Conditions?.Any(c => c is { Type: "PodScheduled", Status: "False" }) == true);
        var condition = pod.Status.Conditions.Single(c => c.Type == "PodScheduled");
        condition.Reason.Should().Be("Unschedulable");
        condition.Message.Should().Be("0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {dedicated: gpu}. "
            + "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.");
        (await EventsAsync()).Should().ContainSingle(e => e.Type == "Warning" && e.Reason == "FailedScheduling" && e.Message == condition.Message);
        _cluster.Nodes.Add("node-4", new Dictionary<string, string> { ["zone"] = "b" }, new Dictionary<string, string> { ["nvidia.com/gpu"] = "2" });
        (await UntilAsync(IsReady)).Spec.NodeName.Should().Be("node-4");
    }

    [Fact]
    public async Task Preferred_Affinity_WinsWhereThereIsAChoice()
    {
        _cluster.Nodes.Add("node-2", new Dictionary<string, string> { ["karpenter.sh/capacity-type"] = "spot" });
        var pod = await RunningAsync(Objects.Pod().With("spec.affinity", """{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":50,"preference":{"matchExpressions":[{"key":"karpenter.sh/capacity-type","operator":"In","values":["spot"]}]}}]}}"""));
        pod.Spec.NodeName.Should().Be("node-2");
    }

    [Fact]
    public async Task BadImage_BacksOffUntilItIsThere()
    {
        _cluster.Programs.BadImage(Objects.Image);
        await MakeAsync();
        var waiting = await UntilAsync(p => p.Status.ContainerStatuses?[0].State.Waiting?.Reason == "ImagePullBackOff");
        waiting.Status.Phase.Should().Be("Pending");
        waiting.Status.ContainerStatuses[0].State.Waiting.Message.Should().StartWith($"Back-off pulling image \"{Objects.Image}\"");
        (await EventsAsync()).Should().Contain(e => e.Reason == "Failed" && e.Message.StartsWith($"Failed to pull image \"{Objects.Image}\": rpc error: code = NotFound"));
        (await EventsAsync()).Should().Contain(e => e.Reason == "Failed" && e.Message == "Error: ErrImagePull").And.Contain(e => e.Reason == "BackOff");
        _cluster.Programs.GoodImage(Objects.Image);
        await UntilAsync(IsReady);
    }

    [Fact]
    public async Task MissingSecret_IsAConfigurationErrorUntilItIsThere()
    {
        await MakeAsync(Objects.Pod().With("spec.containers[0].env", """[{"name":"T","valueFrom":{"secretKeyRef":{"name":"secret","key":"token"}}}]"""));
        var waiting = await UntilAsync(p => p.Status.ContainerStatuses?[0].State.Waiting?.Reason == "CreateContainerConfigError");
        waiting.Status.ContainerStatuses[0].State.Waiting.Message.Should().Be("secret \"secret\" not found");
        await Client.CoreV1.CreateNamespacedSecretAsync(Objects.Secret().As<V1Secret>(), "default");
        await UntilAsync(IsReady);
    }

    [Fact]
    public async Task OutOfMemory_IsKilledWithItsReasonAndStartedAgain()
    {
        await RunningAsync();
        _cluster.Nodes.OutOfMemory("default", "pod");
        var again = await UntilAsync(p => p.Status.ContainerStatuses[0].RestartCount == 1 && IsReady(p));
        var last = again.Status.ContainerStatuses[0].LastState.Terminated;
        last.ExitCode.Should().Be(137);
        last.Reason.Should().Be("OOMKilled");
    }

    [Fact]
    public async Task Crash_LoopsWithBackOffAndKeepsThePreviousLog()
    {
        _cluster.Programs.ByImage(Objects.Image, new ScriptedProgram { Lines = ["about to fail"], EndsAfter = TimeSpan.Zero, ExitCode = 3 });
        await MakeAsync();
        var pod = await UntilAsync(p => p.Status.ContainerStatuses?[0] is { RestartCount: >= 2, State.Waiting.Reason: "CrashLoopBackOff" });
        pod.Status.Phase.Should().Be("Running");
        pod.Status.ContainerStatuses[0].LastState.Terminated.ExitCode.Should().Be(3);
        (await EventsAsync()).Should().Contain(e => e.Reason == "BackOff" && e.Message.StartsWith("Back-off restarting failed container main in pod pod_default(") && e.Count >= 1);
        using var log = new StreamReader(await Client.CoreV1.ReadNamespacedPodLogAsync("pod", "default", previous: true));
        (await log.ReadToEndAsync()).Should().Be("about to fail\n");
    }

    [Fact]
    public async Task Deleted_GetsTermAndItsGraceThenKill()
    {
        _cluster.Programs.ByImage(Objects.Image, new ScriptedProgram { ExitCodeOnTerm = null });
        await RunningAsync();
        await Client.CoreV1.DeleteNamespacedPodAsync("pod", "default", new V1DeleteOptions { GracePeriodSeconds = 40 });
        var ending = await PodAsync();
        ending.Metadata.DeletionGracePeriodSeconds.Should().Be(40);
        ending.Status.ContainerStatuses[0].State.Running.Should().NotBeNull();
        await Eventually.GoneAsync(PodAsync);
        (await EventsAsync()).Should().Contain(e => e.Reason == "Killing" && e.Message == "Stopping container main");
    }

    [Fact]
    public async Task Evicted_FailsAndStaysToSayWhy()
    {
        await RunningAsync();
        await _cluster.Nodes.EvictPodAsync("default", "pod");
        var pod = await UntilAsync(p => p.Status.Phase == "Failed");
        pod.Status.Reason.Should().Be("Evicted");
        pod.Status.Message.Should().StartWith("The node was low on resource: memory.");
        (await EventsAsync()).Should().Contain(e => e.Reason == "Evicted");
    }

    [Fact]
    public async Task NodeLost_PodsAreMarkedAndGoOnlyWithTheNode()
    {
        await RunningAsync();
        _cluster.Nodes.Lose("node-1");
        var node = await Client.CoreV1.ReadNodeAsync("node-1");
        node.Status.Conditions.Single(c => c.Type == "Ready").Status.Should().Be("Unknown");
        node.Spec.Taints.Should().Contain(t => t.Key == "node.kubernetes.io/unreachable" && t.Effect == "NoExecute");
        (await PodAsync()).Status.Conditions.Single(c => c.Type == "Ready").Status.Should().Be("False");
        var marked = await UntilAsync(p => p.Metadata.DeletionTimestamp is not null);
        marked.Status.Reason.Should().Be("NodeLost");
        marked.Status.Conditions.Should().Contain(c => c.Type == "DisruptionTarget" && c.Reason == "DeletionByTaintManager");
        await Task.Delay(200);
        (await PodAsync()).Status.ContainerStatuses[0].State.Running.Should().NotBeNull("nobody knows better");
        _cluster.Nodes.Remove("node-1");
        await Eventually.GoneAsync(PodAsync);
    }

    [Fact]
    public async Task NodeLostForAWhile_PodRunsOn()
    {
        await RunningAsync(Objects.Pod().With("spec.tolerations", """[{"operator":"Exists"}]"""));
        _cluster.Nodes.Lose("node-1");
        (await PodAsync()).Status.Conditions.Single(c => c.Type == "Ready").Status.Should().Be("False");
        _cluster.Nodes.Recover("node-1");
        (await UntilAsync(IsReady)).Status.ContainerStatuses[0].RestartCount.Should().Be(0);
    }

    [Fact]
    public async Task SpotReclaimed_TermThenTheNodeIsGone()
    {
        var termed = new TaskCompletionSource();
        _cluster.Programs.Default = new NotingProgram(termed);
        await RunningAsync();
        var reclaim = _cluster.Nodes.ReclaimAsync("node-1", TimeSpan.FromMilliseconds(300));
        await termed.Task.WaitAsync(TimeSpan.FromSeconds(5));
        await Eventually.GoneAsync(PodAsync);
        await reclaim;
        await Eventually.GoneAsync(() => Client.CoreV1.ReadNodeAsync("node-1"));
    }

    [Fact]
    public async Task Drained_EvictsAsFarAsTheBudgetAllows()
    {
        await Client.PolicyV1.CreateNamespacedPodDisruptionBudgetAsync(Objects.Parse("""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"pod"}}}}""").As<V1PodDisruptionBudget>(), "default");
        await RunningAsync();
        await Eventually.ReadAsync(() => Client.PolicyV1.ReadNamespacedPodDisruptionBudgetAsync("b", "default"), b => b.Status.CurrentHealthy == 1);
        _cluster.Nodes.Drain("node-1");
        (await PodAsync()).Metadata.DeletionTimestamp.Should().BeNull();
        (await Client.CoreV1.ReadNodeAsync("node-1")).Spec.Unschedulable.Should().BeTrue();
        await Client.PolicyV1.DeleteNamespacedPodDisruptionBudgetAsync("b", "default");
        _cluster.Nodes.Drain("node-1");
        await Eventually.GoneAsync(PodAsync);
    }

    [Fact]
    public async Task BrokenProvisioner_ClaimWaitsUntilItWorks()
    {
        _cluster.Options.BrokenProvisioners["standard"] = 0;
        await Client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Objects.Claim().As<V1PersistentVolumeClaim>(), "default");
        await Eventually.ReadAsync(() => Client.CoreV1.ListNamespacedEventAsync("default"), e => e.Items.Any(i => i.Reason == "ExternalProvisioning"));
        (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync("claim", "default")).Status.Phase.Should().Be("Pending");
    }

    [Fact]
    public async Task Metrics_AreWhatProgramsUseAndCanBeAbsent()
    {
        _cluster.Programs.Default = new ScriptedProgram { UsedCores = 0.25, UsedBytes = 64 << 20 };
        await RunningAsync();
        var pod = (await Client.GetKubernetesPodsMetricsByNamespaceAsync("default")).Items.Should().ContainSingle().Subject;
        pod.Containers[0].Usage["cpu"].ToDecimal().Should().Be(0.25m);
        pod.Containers[0].Usage["memory"].ToDecimal().Should().Be(64 << 20);
        _cluster.HasMetrics = false;
        (await Client.Apis.GetAPIVersionsAsync()).Groups.Should().NotContain(g => g.Name == "metrics.k8s.io");
    }

    [Fact]
    public async Task Readiness_ComesWhenTheProgramSays()
    {
        _cluster.Programs.Default = new ScriptedProgram { ReadyAfter = TimeSpan.FromMilliseconds(300) };
        await MakeAsync();
        var running = await UntilAsync(p => p.Status.Phase == "Running");
        IsReady(running).Should().BeFalse();
        running.Status.Conditions.Single(c => c.Type == "Ready").Message.Should().Be("containers with unready status: [main]");
        await UntilAsync(IsReady);
    }

    /// <summary>Tells of its SIGTERM.</summary>
    private sealed class NotingProgram(TaskCompletionSource termed) : ClusterProgram
    {
        public override async Task<ProgramEnd> RunAsync(ContainerRun run, CancellationToken kill)
        {
            await Task.Delay(Timeout.Infinite, run.Terminating).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            termed.TrySetResult();
            return new ProgramEnd(143);
        }
    }
}
