using System.Text.Json;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Application.Catalog.Files;
using Portal.Compute.Kubernetes;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Every shipped item that runs on clusters, on all of its hardware and every kind of capacity, with its defaults: taken by a server that refuses what it does not know, in a namespace that warns of what is not restricted.</summary>
public sealed class ShippedManifestTests(AnyClusterFixture fixture) : IClassFixture<AnyClusterFixture>
{
    private static readonly CatalogLoad Catalog = CatalogFolder.Read(Path.Combine(ManifestTests.Root(), "deploy", "catalog"));

    /// <summary>What people must give, by item.</summary>
    private static readonly Dictionary<string, string> Given = new()
    {
        ["container-training"] = """{"image": "docker.io/library/python:3.13-slim", "command": ["python3", "-c", "print(1)"]}""",
        ["container-endpoint"] = """{"image": "ghcr.io/example/server:1.0", "readyPath": "/healthz"}""",
        ["container-service"] = """{"image": "ghcr.io/example/tool:1.0", "port": 3000}""",
        ["lakefs"] = """{"encryptionKey": "sixteen letters."}""",
        ["tiny-lm-endpoint"] = """{"run": "0198c1de-0000-7000-8000-000000000001"}""",
    };

    public static TheoryData<string> Items => [.. Catalog.Items.Where(i => i.Spec.DeploymentFor("kubernetes") is not null).Select(i => i.Spec.Slug)];

    [Theory]
    [MemberData(nameof(Items))]
    public async Task ShippedItem_OnAllHardwareAndCapacity_IsTakenByAStrictRestrictedServer(string slug)
    {
        var item = Catalog.Items.Single(i => i.Spec.Slug == slug);
        foreach (var space in TeamNamespace.Objects(new ClusterOptions(), "vision", "tests", 64)) await ManifestTests.TakeAsync(fixture.Client, space);
        foreach (var hardware in item.Spec.Hardware.Select(slug => Catalog.Hardware.Single(h => h.Slug == slug)))
            foreach (var capacity in Enum.GetValues<CapacityType>())
            {
                var manifests = Manifests.Of(new ClusterOptions(), Spec(item, hardware, capacity));
                IKubernetesObject<V1ObjectMeta>[] objects = [manifests.Volume, .. manifests.Before, manifests.Main];
                foreach (var part in objects) await ManifestTests.TakeAsync(fixture.Client, part);
            }
    }

    [Fact]
    public void ShippedItems_AllButOnesOfTheirOwn_RunOnClusters() =>
        Items.Select(i => (string)i).Should().BeEquivalentTo(Catalog.Items.Select(i => i.Spec.Slug)).And.Contain(["vllm-endpoint", "container-training", "container-endpoint", "container-service"]);

    [Theory]
    [InlineData("jupyter-notebook")]
    [InlineData("tiny-lm-endpoint")]
    [InlineData("vllm-endpoint")]
    [InlineData("mlflow")]
    [InlineData("prefect")]
    [InlineData("lakefs")]
    [InlineData("prometheus")]
    public void ShippedServer_OnACluster_ListensWhereTheKubeletAsks(string slug)
    {
        var item = Catalog.Items.Single(i => i.Spec.Slug == slug);
        var manifests = Manifests.Of(new ClusterOptions(), Spec(item, Catalog.Hardware[0], CapacityType.OnDemand));
        var pod = manifests.Main is V1Deployment deployment ? deployment.Spec.Template.Spec : ((V1StatefulSet)manifests.Main).Spec.Template.Spec;
        var environment = manifests.Before.OfType<V1Secret>().Single(s => s.Data.ContainsKey("HOME")).Data.Values.Select(System.Text.Encoding.UTF8.GetString);
        var words = pod.Containers[0].Command.Concat(environment).ToList();
        words.Should().Contain(w => w.Contains("0.0.0.0")).And.NotContain(w => w.Contains("127.0.0.1"));
    }

    /// <summary>A launch of a shipped item.</summary>
    /// <param name="given">Parameters as JSON; null: no more than people must give.</param>
    internal static AllocationSpec SpecOf(string slug, string? given = null) => Spec(Catalog.Items.Single(i => i.Spec.Slug == slug), Catalog.Hardware[0], CapacityType.OnDemand, given);

    private static AllocationSpec Spec(LoadedItem item, HardwareProfileSpec hardware, CapacityType capacity, string? given = null)
    {
        var (values, errors) = ParameterValidation.Validate(item.Spec, JsonDocument.Parse(given ?? Given.GetValueOrDefault(item.Spec.Slug, "{}")).RootElement);
        errors.Should().BeEmpty();
        return Programs.Of(item.Spec) with
        {
            Team = "vision", Hardware = hardware, Capacity = capacity, Parameters = values, ShippedFiles = item.Files, PortalUrl = "http://portal.example",
            RunArtifacts = item.Spec.FindRunParameter() is { Required: true } ? new NoArtifacts() : null,
        };
    }

    private sealed class NoArtifacts : IArtifactSource
    {
        public Task<IReadOnlyList<ArtifactEntry>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ArtifactEntry>>([]);

        public Task<Stream> OpenAsync(string path, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
