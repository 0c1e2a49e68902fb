using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>
/// The objects of each kind and option, as kept in <c>Golden/</c> (written anew with <c>PORTAL_WRITE_GOLDEN=1</c>, for somebody to read what has changed), and taken by a server that refuses every field it does not know.
/// </summary>
public sealed class ManifestTests(AnyClusterFixture fixture) : IClassFixture<AnyClusterFixture>
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, IndentSize = 1, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly HardwareProfileSpec A100 = new() { Slug = "gpu", Name = "8×A100", Vcpu = 96, MemoryGib = 1152, DiskGib = 500, Gpu = new GpuSpec("A100", 8, 40) };

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static Dictionary<string, Func<(ClusterOptions Options, AllocationSpec Spec)>> Cases => new()
    {
        ["notebook-on-demand"] = () => (new ClusterOptions(), Spec(WorkloadKind.Notebook)),
        ["notebook-storage-class"] = () => (new ClusterOptions { StorageClass = "standard", NamespacePrefix = "ml-" }, Spec(WorkloadKind.Notebook, item => item with { Storage = [new StorageSpec("work", 20, true), new StorageSpec("scratch", 50, false)] })),
        ["training-spot-gpu"] = () => (new ClusterOptions(), Spec(WorkloadKind.TrainingRun) with { Capacity = CapacityType.Spot, Hardware = A100 }),
        ["training-other-signal"] = () => (new ClusterOptions(), Spec(WorkloadKind.TrainingRun, item => item with { Checkpoint = new CheckpointSpec { Signal = "SIGUSR1", Grace = TimeSpan.FromSeconds(90) } })),
        ["training-checkpoint-command"] = () => (new ClusterOptions(), Spec(WorkloadKind.TrainingRun, item => item with { Checkpoint = new CheckpointSpec { Command = ["python3", "{{ files }}/save.py"], Grace = TimeSpan.FromSeconds(30) } })),
        ["endpoint-spot-with-fallback-gpu"] = () => (new ClusterOptions(), Spec(WorkloadKind.ModelEndpoint) with { Capacity = CapacityType.SpotWithFallback, Hardware = A100 with { Gpu = new GpuSpec("L4", 1, 24) } }),
        ["endpoint-new-gpu"] = () => (new ClusterOptions(), Spec(WorkloadKind.ModelEndpoint) with { Hardware = A100 with { Gpu = new GpuSpec("NVIDIA-GB300", 4, 288) } }),
        ["endpoint-own-image"] = () => (new ClusterOptions(), OwnImage()),
        ["endpoint-replicas"] = () => (new ClusterOptions { SharedStorageClass = "shared" }, Replicated(2, 1)),
        ["endpoint-autoscaled"] = () => (new ClusterOptions { SharedStorageClass = "shared" }, Replicated(1, 5)),
        ["service-on-demand"] = () => (new ClusterOptions(), Spec(WorkloadKind.Service, item => item with { Storage = [new StorageSpec("data", 100, true)] })),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Manifests_AreAsKept_AndTakenByAStrictServer(string name)
    {
        var (options, spec) = Cases[name]();
        var manifests = Manifests.Of(options, spec);
        IKubernetesObject<V1ObjectMeta>[] objects = [.. TeamNamespace.Objects(options, spec.Team, spec.PortalInstanceId, 64), manifests.Volume, .. manifests.Before, manifests.Main];
        var text = new JsonArray([.. objects.Select(o => JsonNode.Parse(KubernetesJson.Serialize(o)))]).ToJsonString(Readable) + "\n";
        var file = Path.Combine(GoldenFolder(), name + ".json");
        if (Environment.GetEnvironmentVariable("PORTAL_WRITE_GOLDEN") == "1") await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        text.Should().Be(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        foreach (var item in objects) await TakeAsync(fixture.Client, item);
    }

    [Fact]
    public void Text_OfPeople_IsNeverExpandedAndNeverALabelItCannotBe()
    {
        const string hostile = "$(PATH) $$(HOME) $$$ \"; rm -rf / #\n${X} `id` 🐢";
        var spec = Programs.Python("", item => item with { Deployments = [item.Deployments[1] with { Command = ["run", "{{ parameters.text }}"] }] }, new() { ["text"] = hostile }) with { WorkloadName = hostile, Owner = "o'brien+x@example.org", CostCentre = new string('ż', 80) };
        var job = (V1Job)Manifests.Of(new ClusterOptions(), spec).Main;
        job.Spec.Template.Spec.Containers[0].Command[1].Should().Be(hostile.Replace("$", "$$", StringComparison.Ordinal));
        job.Metadata.Labels.Values.Should().OnlyContain(v => v.Length <= 63 && System.Text.RegularExpressions.Regex.IsMatch(v, "^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$"));
        job.Metadata.Annotations["portal.internal/workload-name"].Should().Be(hostile);
    }

    [Fact]
    public void Secrets_AreInSecretsOnly()
    {
        var spec = Spec(WorkloadKind.Notebook);
        var manifests = Manifests.Of(new ClusterOptions(), spec);
        foreach (var item in manifests.Before.Append(manifests.Main).Append(manifests.Volume).Where(i => i is not V1Secret)) KubernetesJson.Serialize(item).Should().NotContain(spec.Credential);
        manifests.Before.OfType<V1Secret>().SelectMany(s => s.Data.Values).Select(Encoding.UTF8.GetString).Should().Contain(spec.Credential);
    }

    [Fact]
    public void Files_AreParted_AndOneTooLargeIsNamed()
    {
        AllocationSpec With(int first, int second)
        {
            var spec = Programs.Python("", item => item with { Files = new Dictionary<string, FileSource> { ["a/main.py"] = new("a", null), ["b.bin"] = new("b", null) } });
            return spec with { ShippedFiles = new Dictionary<string, byte[]> { ["a/main.py"] = new byte[first], ["b.bin"] = new byte[second] } };
        }
        var parted = Manifests.Of(new ClusterOptions(), With(600_000, 600_000));
        parted.Before.OfType<V1Secret>().Should().HaveCount(3, "one has the environment, two the files");
        ((V1Job)parted.Main).Spec.Template.Spec.Volumes.Single(v => v.Name == "files").Projected.Sources.SelectMany(s => s.Secret.Items).Select(i => i.Path).Should().Equal("a/main.py", "b.bin");
        var refused = () => Manifests.Of(new ClusterOptions(), With(10, FileSecret.Most + 1));
        refused.Should().Throw<ComputeTargetException>().Where(e => e.Failure == FailureClass.Invalid && e.Message.StartsWith("b.bin has 1,048,577 bytes"));
    }

    [Theory]
    [InlineData("--privileged")]
    [InlineData("a b")]
    [InlineData("example.org/image:1\n")]
    [InlineData("")]
    public void Image_ThatIsNone_IsRefused(string image)
    {
        var spec = OwnImage() with { Parameters = new ParameterValues(new Dictionary<string, JsonElement> { ["image"] = JsonSerializer.SerializeToElement(image) }) };
        var refused = () => Manifests.Of(new ClusterOptions(), spec);
        refused.Should().Throw<ComputeTargetException>().Where(e => e.Failure == FailureClass.Invalid && e.Message.Contains("image"));
    }

    /// <summary>Has a server that refuses every field it does not know take an object, without a warning.</summary>
    internal static async Task TakeAsync(k8s.Kubernetes client, IKubernetesObject<V1ObjectMeta> item)
    {
        // Namespaces come first and stay; the rest is only tried.
        var dry = item is V1Namespace ? "" : "&dryRun=All";
        using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri(client.BaseUri, $"{ResourceKind.Of(item).Path(item.Metadata.NamespaceProperty, item.Metadata.Name)}?fieldManager=portal&force=true&fieldValidation=Strict{dry}"))
        {
            Content = new StringContent(KubernetesJson.Serialize(item)) { Headers = { ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml") } },
        };
        await client.Credentials.ProcessHttpRequestAsync(request, default);
        using var answer = await client.HttpClient.SendAsync(request, TestContext.Current.CancellationToken);
        var said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.StatusCode.Should().BeOneOf([HttpStatusCode.OK, HttpStatusCode.Created], said);
        answer.Headers.Contains("Warning").Should().BeFalse("the pods must be as the namespace's pod security wants them: {0}", string.Join(" ", answer.Headers.TryGetValues("Warning", out var warnings) ? warnings : []));
    }

    private static AllocationSpec Replicated(int least, int most) => ReplicaTests.With(Spec(WorkloadKind.ModelEndpoint), least, most);

    /// <summary>An endpoint of which a person says nearly everything.</summary>
    private static AllocationSpec OwnImage()
    {
        var spec = Spec(WorkloadKind.ModelEndpoint, item => item with
        {
            Parameters =
            [
                new ParameterSpec { Name = "image", Type = ParameterType.String }, new ParameterSpec { Name = "command", Type = ParameterType.StringList }, new ParameterSpec { Name = "arguments", Type = ParameterType.StringList },
                new ParameterSpec { Name = "port", Type = ParameterType.Integer }, new ParameterSpec { Name = "readyPath", Type = ParameterType.String }, new ParameterSpec { Name = "path", Type = ParameterType.String },
                new ParameterSpec { Name = "size", Type = ParameterType.Integer },
            ],
            Ports = [new PortSpec { Ready = new ReadySpec { Path = "{{ parameters.readyPath }}" }, Auth = "none", Root = true, ContainerPort = "{{ parameters.port }}" }],
            Storage = [new StorageSpec("data", 1, true) { SizeParameter = "size", MountPath = "{{ parameters.path }}" }],
            Environment = new Dictionary<string, string> { ["LISTEN"] = "127.0.0.1:{{ port }}", ["BOTH"] = "item" },
            Deployments =
            [
                new DeploymentSpec
                {
                    Target = "kubernetes", Image = "{{ parameters.image }}", Command = ["{{ parameters.command }}"], Args = ["{{ parameters.arguments }}"], WorkingDir = "{{ work }}", ReadOnlyRoot = true, Groups = [0],
                    Environment = new Dictionary<string, string> { ["LISTEN"] = "0.0.0.0:{{ port }}" }, Engine = ClusterEngine.Plain,
                },
            ],
        });
        return spec with
        {
            Parameters = new ParameterValues(JsonSerializer.SerializeToElement(new { image = "registry.example.org:5000/team/server@sha256:" + new string('a', 64), command = Array.Empty<string>(), arguments = new[] { "--name", "$(HOME)" }, port = 9321, readyPath = "", path = "/data", size = 40 })
                .EnumerateObject().ToDictionary(p => p.Name, p => p.Value)),
        };
    }

    private static AllocationSpec Spec(WorkloadKind kind, Func<ItemSpec, ItemSpec>? adjust = null)
    {
        var id = Guid.Parse("01900000-0000-7000-8000-000000000001");
        return Programs.Python("print('hi')", item => (adjust ?? (i => i))(item with { Kind = kind }), workloadId: id, serves: kind != WorkloadKind.TrainingRun) with
        {
            AllocationId = Guid.Parse("01900000-0000-7000-8000-000000000002"), Team = "vision", Credential = "credential-of-a-test",
        };
    }

    private static string GoldenFolder() => Directory.CreateDirectory(Path.Combine(Root(), "tests", "Portal.Compute.Tests", "Kubernetes", "Golden")).FullName;

    /// <summary>The repository's.</summary>
    internal static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Portal.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("No Portal.sln above the tests.");
    }
}
