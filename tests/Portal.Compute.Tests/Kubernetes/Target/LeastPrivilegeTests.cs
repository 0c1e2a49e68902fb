using System.Text;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>The role that people install is enough for everything the target does, and each of its verbs is needed.</summary>
public sealed class LeastPrivilegeTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    // Which of the two a server asks for is its version's affair; this one asks for get.
    private const string OtherVersions = "/pods/portforward:create";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Role_IsEnough_AndEachOfItsVerbsIsUsed()
    {
        var cluster = fixture.Cluster;
        var role = await KubernetesYaml.LoadFromFileAsync<V1ClusterRole>(Path.Combine(Portal.Testing.Hosting.RepositoryFolder.Root, "deploy", "k8s", "cluster-role.yaml"));
        var user = TestCluster.ServiceAccount("portal", "portal");
        await cluster.Client.RbacAuthorizationV1.CreateClusterRoleAsync(role, cancellationToken: Token);
        await cluster.Client.RbacAuthorizationV1.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding
        {
            Metadata = new V1ObjectMeta { Name = "portal" }, RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = "portal" },
            Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = "portal", NamespaceProperty = "portal" }],
        }, cancellationToken: Token);
        cluster.ClearRequests();

        await DoEverythingAsync(fixture.Open(o => (o.MetricsEvery, o.SharedStorageClass) = (TimeSpan.FromSeconds(1), "shared"), cluster.KubeconfigFor(user)));
        await StartAgainAsync(fixture.Open(kubeconfig: cluster.KubeconfigFor(user)), cluster);

        var asked = cluster.Requests.Where(r => r.User == user.Name).ToList();
        asked.Where(r => r.Status == 403).Should().BeEmpty("the role is enough");
        var used = asked.SelectMany(r => r is { Verb: "patch", Status: 201 } ? new[] { Key(r.Group, r.Resource, r.Subresource, "patch"), Key(r.Group, r.Resource, r.Subresource, "create") } : [Key(r.Group, r.Resource, r.Subresource, r.Verb)]).ToHashSet();
        var granted = role.Rules.SelectMany(rule => rule.ApiGroups.SelectMany(g => rule.Resources.SelectMany(r => rule.Verbs.Select(v => $"{g}/{r}:{v}"))));
        granted.Except([OtherVersions]).Except(used).Should().BeEmpty("what nothing needs is not granted");
    }

    private static string Key(string group, string resource, string subresource, string verb) => $"{group}/{resource}{(subresource.Length > 0 ? $"/{subresource}" : "")}:{verb}";

    private static async Task DoEverythingAsync(IComputeTarget target)
    {
        (await target.DescribeAsync(Token)).Healthy.Should().BeTrue();
        var run = ClusterPrograms.Of(new ContractProgram.Leaves("models/a.txt", "left"));
        var service = ClusterPrograms.Of(new ContractProgram.Serves());
        var endpoint = ClusterPrograms.Of(new ContractProgram.Serves());
        endpoint = ReplicaTests.With(endpoint, 1, 2) with { RunArtifacts = new Left(target, run.WorkloadId) };
        await target.StartAsync(run, Token);
        await target.UntilAsync(run.AllocationId, ObservedState.Exited);
        (await target.ListArtifactsAsync(run.WorkloadId, Token)).Should().ContainSingle();
        foreach (var spec in new[] { service, endpoint })
        {
            await target.StartAsync(spec, Token);
            await target.UntilAsync(spec.AllocationId, ObservedState.Ready);
            await target.UntilListedAsync(spec.AllocationId, o => o is { State: ObservedState.Ready, Use: not null });
            await using (var stream = await target.ConnectAsync(spec.AllocationId, Token))
            {
                await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Token);
                (await new StreamReader(stream, Encoding.UTF8).ReadToEndAsync(Token)).Should().EndWith("served");
            }
            await target.ReadLogTailAsync(spec.AllocationId, 10, Token);
            await target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(1), Token);
            await target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        }
        foreach (var workload in new[] { run.WorkloadId, service.WorkloadId, endpoint.WorkloadId }) await target.DeleteStorageAsync(workload, Token);
        (await target.ObserveAsync(run.AllocationId, Token)).State.Should().Be(ObservedState.NotFound);
    }

    /// <summary>A start that another process of the portal did not get to the end of.</summary>
    private static async Task StartAgainAsync(KubernetesTarget target, TestCluster cluster)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        await target.StartAsync(spec, Token);
        await cluster.Client.AppsV1.DeleteNamespacedStatefulSetAsync($"a-{spec.AllocationId}", "portal-portal-tests", propagationPolicy: "Foreground", cancellationToken: Token);
        await target.UntilAsync(spec.AllocationId, ObservedState.NotFound);
        await target.StartAsync(spec, Token);
        await target.UntilAsync(spec.AllocationId, ObservedState.Ready);
    }

    /// <summary>What a run on the same target has left.</summary>
    private sealed class Left(IComputeTarget target, Guid run) : IArtifactSource
    {
        public Task<IReadOnlyList<ArtifactEntry>> ListAsync(CancellationToken cancellationToken) => target.ListArtifactsAsync(run, cancellationToken);

        public async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken) => (await target.OpenArtifactAsync(run, path, cancellationToken))!;
    }
}
