using System.Text;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Tests.Contract;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Containers that really run their command on this machine.</summary>
public sealed class ProcessTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IKubernetes Client => _cluster.Client;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 }, "a real cluster runs its images instead");
        _cluster = await TestCluster.StartAsync(new TestClusterOptions { RunProcesses = true, SecondLength = TimeSpan.FromMilliseconds(100) });
        await Eventually.BecomesTrueAsync(async () => (await Client.CoreV1.ListNamespacedServiceAccountAsync("default")).Items.Count > 0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private static System.Text.Json.Nodes.JsonObject Running(string restartPolicy, params string[] argv) =>
        Objects.Pod(restartPolicy: restartPolicy).With("spec.automountServiceAccountToken", "false").With("spec.containers[0].command", System.Text.Json.JsonSerializer.Serialize(argv));

    private async Task<V1Pod> UntilAsync(System.Text.Json.Nodes.JsonObject pod, Func<V1Pod, bool> holds)
    {
        await Client.CoreV1.CreateNamespacedPodAsync(pod.As<V1Pod>(), "default");
        return await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", "default"), holds);
    }

    private async Task<string> LogAsync()
    {
        using var reader = new StreamReader(await Client.CoreV1.ReadNamespacedPodLogAsync("pod", "default"));
        return await reader.ReadToEndAsync(Token);
    }

    [Fact]
    public async Task Command_RunsWithItsEnvironmentByteForByte()
    {
        const string odd = "\"; rm -rf / #\n$(id) 'x' ä$$";
        await Client.CoreV1.CreateNamespacedSecretAsync(Objects.Secret().As<V1Secret>(), "default");
        var pod = Running("Never", "python3", "-c", "import os,sys; print(repr(os.environ['ODD'])); print(sys.argv[1], os.environ['TOKEN'], os.environ['POD'])", "$(TOKEN)");
        pod["spec"]!["containers"]![0]!["env"] = new System.Text.Json.Nodes.JsonArray(
            new System.Text.Json.Nodes.JsonObject { ["name"] = "ODD", ["value"] = odd },
            System.Text.Json.Nodes.JsonNode.Parse("""{"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"secret","key":"token"}}}"""),
            System.Text.Json.Nodes.JsonNode.Parse("""{"name":"POD","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}"""));
        await UntilAsync(pod, p => p.Status.Phase == "Succeeded");
        var lines = (await LogAsync()).Split('\n');
        lines[0].Should().Be("'\"; rm -rf / #\\n$(id) \\'x\\' ä$'", "two dollars are one");
        lines[1].Should().Be("abc abc pod");
    }

    [Fact]
    public async Task Command_ExitCodeIsTheContainers()
    {
        var pod = await UntilAsync(Running("Never", "sh", "-c", "echo out; echo err >&2; exit 7"), p => p.Status.Phase == "Failed");
        pod.Status.ContainerStatuses[0].State.Terminated.ExitCode.Should().Be(7);
        (await LogAsync()).Should().Contain("out\n").And.Contain("err\n");
    }

    [Fact]
    public async Task Command_ThatIsNotThere_IsAStartError()
    {
        var pod = await UntilAsync(Running("Never", "/no/such/program"), p => p.Status.Phase == "Failed");
        pod.Status.ContainerStatuses[0].State.Terminated.ExitCode.Should().NotBe(0);
    }

    [Fact]
    public async Task Deleted_GetsASignalAndMayFinish()
    {
        var pod = Running("Always", "python3", "-u", "-c", "import signal,sys,time\nsignal.signal(15, lambda *a: (open('/state/bye','w').write('saved'), sys.exit(0)))\nprint('up')\nwhile True: time.sleep(1)")
            .With("spec.volumes", """[{"name":"s","persistentVolumeClaim":{"claimName":"claim"}}]""").With("spec.containers[0].volumeMounts", """[{"name":"s","mountPath":"/state"}]""");
        await Client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Objects.Claim().As<V1PersistentVolumeClaim>(), "default");
        await UntilAsync(pod, p => p.Status.Phase == "Running");
        await Eventually.BecomesTrueAsync(async () => (await LogAsync()).Contains("up", StringComparison.Ordinal));
        await Client.CoreV1.DeleteNamespacedPodAsync("pod", "default");
        await Eventually.GoneAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", "default"));
        await UntilAsync(Running("Never", "cat", "/state/bye").With("spec.volumes", """[{"name":"s","persistentVolumeClaim":{"claimName":"claim"}}]""").With("spec.containers[0].volumeMounts", """[{"name":"s","mountPath":"/state"}]"""), p => p.Status.Phase == "Succeeded");
        (await LogAsync()).Should().Be("saved\n");
    }

    [Fact]
    public async Task Server_OnTheDeclaredPort_IsReadyAndReachedThroughTheService()
    {
        await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().With("data", "{}").With("data", System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string> { ["main.py"] = Programs.Server })).As<V1ConfigMap>(), "default");
        await Client.CoreV1.CreateNamespacedServiceAsync(Objects.Service().As<V1Service>(), "default");
        var pod = Running("Always", "python3", "-u", "/files/main.py")
            .With("spec.containers[0].env", """[{"name":"PORT","value":"8080"}]""")
            .With("spec.containers[0].readinessProbe", """{"httpGet":{"path":"/ready","port":"http"},"periodSeconds":1}""")
            .With("spec.volumes", """[{"name":"f","configMap":{"name":"map"}}]""").With("spec.containers[0].volumeMounts", """[{"name":"f","mountPath":"/files"}]""");
        await UntilAsync(pod, p => p.Status.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true);
        using var http = ClusterFixture.HttpFor(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(_cluster.AdminKubeconfig))));
        (await http.GetStringAsync("/api/v1/namespaces/default/services/svc:http/proxy/", Token)).Should().Be("served");
    }
}
