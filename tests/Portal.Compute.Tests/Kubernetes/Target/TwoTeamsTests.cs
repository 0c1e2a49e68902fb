using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Two teams with like names on one cluster, with workloads that run: neither sees anything of the other.</summary>
public sealed class TwoTeamsTests(RoomyClusterFixture fixture) : IClassFixture<RoomyClusterFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private k8s.Kubernetes Client => fixture.Cluster.Client;

    private KubernetesTarget Target => fixture.Target;

    [Fact]
    public async Task Selectors_OfOne_MatchNoPodOfTheOther()
    {
        var (one, other) = (await RunningAsync("ml"), await RunningAsync("ml-x"));
        foreach (var (spec, space) in new[] { (one, "portal-ml"), (other, "portal-ml-x") })
        {
            var name = $"a-{spec.AllocationId}";
            var service = await Client.CoreV1.ReadNamespacedServiceAsync(name, space, cancellationToken: Token);
            var set = await Client.AppsV1.ReadNamespacedStatefulSetAsync(name, space, cancellationToken: Token);
            foreach (var selector in new[] { service.Spec.Selector, set.Spec.Selector.MatchLabels })
                (await Client.CoreV1.ListPodForAllNamespacesAsync(labelSelector: string.Join(",", selector.Select(s => $"{s.Key}={s.Value}")), cancellationToken: Token)).Items.Should().ContainSingle().Which.Metadata.Should().Match<V1ObjectMeta>(m => m.NamespaceProperty == space && m.Name == name + "-0");
        }
    }

    [Fact]
    public async Task Pods_HoldNoTokenOfTheCluster()
    {
        var spec = await RunningAsync("ml");
        var pod = await Client.CoreV1.ReadNamespacedPodAsync($"a-{spec.AllocationId}-0", "portal-ml", cancellationToken: Token);
        pod.Spec.Containers.Single().VolumeMounts.Should().NotContain(m => m.MountPath.StartsWith("/var/run/secrets"), "the cluster adds it to whatever does not refuse it");
        pod.Spec.Volumes.Where(v => v.Projected is not null).SelectMany(v => v.Projected.Sources).Should().OnlyContain(s => s.ServiceAccountToken == null);
    }

    [Fact]
    public async Task Text_WithVariables_ReachesTheProgramAsItIs()
    {
        const string hostile = "$(PORTAL_PROXY_TOKEN) $$(HOME) $(KUBERNETES_SERVICE_HOST)";
        var spec = Programs.Python("import sys; print(sys.argv[1])", item => item with { Deployments = [item.Deployments[1] with { Command = ["python3", "-u", "{{ files }}/main.py", "{{ parameters.text }}"] }] }, new() { ["text"] = hostile }) with { Team = "ml" };
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        (await Target.LinesAsync(spec.AllocationId)).Should().Equal(hostile);
    }

    [Fact]
    public async Task Files_AreThoseOfTheWorkloadThatWasAskedFor()
    {
        var (one, other) = (Leaves("ml", "of-ml.txt"), Leaves("ml-x", "of-ml-x.txt"));
        foreach (var spec in new[] { one, other })
        {
            await Target.StartAsync(spec, Token);
            await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        }
        (await Target.ListArtifactsAsync(one.WorkloadId, Token)).Select(a => a.Path).Should().Equal("of-ml.txt");
        (await Target.ListArtifactsAsync(other.WorkloadId, Token)).Select(a => a.Path).Should().Equal("of-ml-x.txt");
        foreach (var path in new[] { "of-ml-x.txt", $"../../w-{other.WorkloadId}/artifacts/of-ml-x.txt", "/portal/volume/of-ml.txt", "..%2Fof-ml-x.txt" })
            (await Target.OpenArtifactAsync(one.WorkloadId, path, Token)).Should().BeNull();
        var jobs = (await Client.BatchV1.ListJobForAllNamespacesAsync(cancellationToken: Token)).Items.Where(j => j.Metadata.Name.StartsWith("f-", StringComparison.Ordinal));
        jobs.Select(j => (j.Metadata.NamespaceProperty, j.Spec.Template.Spec.Volumes.Single().PersistentVolumeClaim.ClaimName)).Should().BeEquivalentTo([("portal-ml", $"w-{one.WorkloadId}"), ("portal-ml-x", $"w-{other.WorkloadId}")]);
    }

    [Fact]
    public async Task Files_NamedOutOfTheirFolder_AreRefusedByTheCluster()
    {
        var spec = Programs.Python("", item => item with { Files = new Dictionary<string, Portal.Domain.Catalog.FileSource> { ["../escaped.py"] = new("a", null) } });
        spec = spec with { Team = "ml", ShippedFiles = new Dictionary<string, byte[]> { ["../escaped.py"] = [1] } };
        (await Target.Invoking(t => t.StartAsync(spec, Token)).Should().ThrowAsync<ComputeTargetException>()).Which.Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Invalid && e.Message.Contains("'..'"));
        (await Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.NotFound);
    }

    [Fact]
    public async Task Team_WhoseNamespaceWouldBeThePortalsOwn_IsRefused()
    {
        await Client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = "portal" } }, cancellationToken: Token);
        var target = fixture.Open(o => o.NamespacePrefix = "por");
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn()) with { Team = "tal" };
        (await target.Invoking(t => t.StartAsync(spec, Token)).Should().ThrowAsync<ComputeTargetException>()).Which.Message.Should().StartWith("Namespace portal on cluster is in the way");
        (await Client.BatchV1.ListNamespacedJobAsync("portal", cancellationToken: Token)).Items.Should().BeEmpty();
    }

    private static AllocationSpec Leaves(string team, string path) => Programs.Python($"""
        import os
        folder = os.environ["PORTAL_ARTIFACT_DIR"]
        os.makedirs(folder, exist_ok=True); open(os.path.join(folder, "{path}"), "w").write("left")
        """) with { Team = team };

    private async Task<AllocationSpec> RunningAsync(string team)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.Serves()) with { Team = team };
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }
}
