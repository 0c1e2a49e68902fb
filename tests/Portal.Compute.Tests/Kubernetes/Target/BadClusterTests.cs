using System.Text;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Access;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>The way into a cluster is barred: what people are told, and that the same target goes on once it is not.</summary>
public sealed class BadClusterTests : IAsyncLifetime
{
    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => _fixture.Cluster;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Token_Expired_IsSaid_AndAnotherInTheKubeconfigIsTaken()
    {
        var user = TestCluster.User("portal", "system:masters");
        var file = "";
        var target = _fixture.Open(o => file = o.Kubeconfig!, Cluster.KubeconfigFor(user));
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        await target.StartAsync(spec, Token);
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        var former = Cluster.TokenFor(user);
        Cluster.ExpireToken(user);

        var refusal = await RefusalAsync(() => target.ObserveAsync(spec.AllocationId, Token));
        refusal.Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Unauthorized && e.Message.StartsWith("cluster refused to look at the workload: Unauthorized. The portal's credentials are not, or no longer, good"));
        refusal.ToString().Should().NotContain(former);
        Cluster.Faults.DropWatches();
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Unknown && o.Message!.Contains("put others into its kubeconfig"));

        // Half a file is no reason to go on with nothing.
        foreach (var half in new[] { "", "clusters: [", "clusters: []" })
        {
            await File.WriteAllTextAsync(file, half, Token);
            (await RefusalAsync(() => target.ObserveAsync(spec.AllocationId, Token))).Failure.Should().Be(FailureClass.Unauthorized, half);
        }
        await File.WriteAllTextAsync(file, Cluster.KubeconfigFor(user), Token);
        (await target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Ready);
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        await using var stream = await target.ConnectAsync(spec.AllocationId, Token);
    }

    [Fact]
    public async Task Authority_OfAnotherCluster_IsSaid_AndTheRightOneIsTaken()
    {
        await using var other = await TestCluster.StartAsync();
        var file = "";
        var target = _fixture.Open(o => file = o.Kubeconfig!, Cluster.AdminKubeconfig.Replace(Encoded(Cluster), Encoded(other), StringComparison.Ordinal));

        var refusal = await RefusalAsync(() => target.StartAsync(ClusterPrograms.Of(new ContractProgram.RunsOn()), Token));
        refusal.Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Unauthorized && e.Message.StartsWith("cluster does not show the certificate that its kubeconfig expects") && e.Message.Contains("Put the certificate authority of the cluster into the kubeconfig"));
        Cluster.Requests.Should().NotContain(r => r.Resource == "namespaces" && r.Verb == "create" && r.User == ClusterUser.Admin.Name, "nobody speaks to a server that he does not know");
        await File.WriteAllTextAsync(file, Cluster.AdminKubeconfig, Token);
        await RunsAsync(target);
    }

    [Fact]
    public async Task Cluster_NotThereAtTheStart_IsSaid_AndUsedOnceItIs()
    {
        await Cluster.StopServerAsync();
        var target = _fixture.Open(o => o.CallTimeout = TimeSpan.FromSeconds(2));

        (await target.DescribeAsync(Token)).Should().Match<TargetDescription>(d => !d.Healthy && d.Reason!.StartsWith("cluster does not answer: ") && d.Reason.Contains("refused"));
        (await RefusalAsync(() => target.ObserveAllAsync(Token))).Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Throttled && e.Message.StartsWith("cluster does not tell what it runs: ") && e.Message.Contains("refused"));
        (await RefusalAsync(() => target.StartAsync(ClusterPrograms.Of(new ContractProgram.RunsOn()), Token))).Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Throttled && e.Message.StartsWith("cluster does not answer: "));
        await Cluster.StartServerAsync();
        await RunsAsync(target);
        await UntilHealthyAsync(target);
    }

    [Fact]
    public async Task Cluster_AtAnotherAddress_IsFoundByItsNewKubeconfig()
    {
        await using var former = await TestCluster.StartAsync();
        var file = "";
        var target = _fixture.Open(o => file = o.Kubeconfig!, former.AdminKubeconfig);
        (await target.DescribeAsync(Token)).Healthy.Should().BeTrue();
        await former.StopServerAsync();
        (await RefusalAsync(() => target.ObserveAsync(Guid.CreateVersion7(), Token))).Failure.Should().Be(FailureClass.Throttled);
        await File.WriteAllTextAsync(file, Cluster.AdminKubeconfig, Token);
        await RunsAsync(target);
    }

    [Fact]
    public async Task Verb_Forbidden_IsNamed_WithTheRoleThatHasIt_AndUsedOnceGranted()
    {
        var role = await KubernetesYaml.LoadFromFileAsync<V1ClusterRole>(Path.Combine(ManifestTests.Root(), "deploy", "k8s", "cluster-role.yaml"));
        var jobs = role.Rules.Single(r => r.Resources.Contains("jobs"));
        var verbs = jobs.Verbs;
        jobs.Verbs = ["get", "list", "watch"];
        var user = TestCluster.User("portal");
        await Cluster.Client.RbacAuthorizationV1.CreateClusterRoleAsync(role, cancellationToken: Token);
        await Cluster.Client.RbacAuthorizationV1.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding
        {
            Metadata = new V1ObjectMeta { Name = "portal" }, RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = "portal" },
            Subjects = [new Rbacv1Subject { Kind = "User", Name = user.Name, ApiGroup = "rbac.authorization.k8s.io" }],
        }, cancellationToken: Token);
        var target = _fixture.Open(kubeconfig: Cluster.KubeconfigFor(user));

        (await RefusalAsync(() => target.StartAsync(ClusterPrograms.Of(new ContractProgram.RunsOn()), Token))).Should()
            .Match<ComputeTargetException>(e => e.Failure == FailureClass.Unauthorized && e.Message.Contains("cannot create resource \"jobs\"") && e.Message.EndsWith("The portal needs the role of deploy/k8s/cluster-role.yaml, whole."));
        jobs.Verbs = verbs;
        await Cluster.Client.RbacAuthorizationV1.ReplaceClusterRoleAsync(role, "portal", cancellationToken: Token);
        await RunsAsync(target);
    }

    private static string Encoded(TestCluster cluster) => Convert.ToBase64String(Encoding.UTF8.GetBytes(cluster.CaCertificatePem));

    private static async Task<ComputeTargetException> RefusalAsync(Func<Task> call) => (await call.Should().ThrowAsync<ComputeTargetException>()).Which;

    private static async Task RunsAsync(KubernetesTarget target)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        await target.StartAsync(spec, Token);
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
    }

    /// <summary>That it did not answer is held for some seconds.</summary>
    private static async Task UntilHealthyAsync(KubernetesTarget target)
    {
        for (var look = 0; look < 120; look++)
        {
            if ((await target.DescribeAsync(Token)).Healthy) return;
            await Task.Delay(250, Token);
        }
        throw new TimeoutException("It does not come to be healthy.");
    }
}
