using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Tokens, roles, and the question what one may do.</summary>
public sealed class AccessTests(ClusterFixture cluster)
{
    private TestCluster Test
    {
        get
        {
            Assert.SkipWhen(cluster.IsReal, "tokens of a real cluster's users are not ours to hand out");
            return cluster.Test!;
        }
    }

    private static string Name() => "user-" + Guid.NewGuid().ToString("N")[..8];

    private async Task GrantAsync(string user, string place, string verb, string group, string resource)
    {
        var role = Objects.Parse($$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"{{user}}"},"rules":[{"apiGroups":["{{group}}"],"resources":["{{resource}}"],"verbs":["{{verb}}"]}]}""");
        await cluster.Client.RbacAuthorizationV1.CreateNamespacedRoleAsync(role.As<V1Role>(), place);
        var binding = Objects.Parse($$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"{{user}}"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"{{user}}"},"subjects":[{"kind":"User","name":"{{user}}","apiGroup":"rbac.authorization.k8s.io"}]}""");
        await cluster.Client.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(binding.As<V1RoleBinding>(), place);
    }

    private static async Task<string> RefusalAsync(Func<Task> act, HttpStatusCode code)
    {
        var refusal = (await act.Should().ThrowAsync<HttpOperationException>()).Which;
        refusal.Response.StatusCode.Should().Be(code, refusal.Response.Content);
        return (string)JsonNode.Parse(refusal.Response.Content)!["message"]!;
    }

    [Fact]
    public async Task NoRole_Forbidden_SaysWhoCannotDoWhatWhere()
    {
        var (user, place) = (Name(), await cluster.NamespaceAsync());
        using var client = Test.ClientFor(TestCluster.User(user));
        (await RefusalAsync(() => client.CoreV1.ListNamespacedPodAsync(place), HttpStatusCode.Forbidden)).Should().Be($"pods is forbidden: User \"{user}\" cannot list resource \"pods\" in API group \"\" in the namespace \"{place}\"");
        (await RefusalAsync(() => client.CoreV1.ReadNamespacedPodLogAsync("p", place), HttpStatusCode.Forbidden)).Should().Be($"pods \"p\" is forbidden: User \"{user}\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"{place}\"");
        (await RefusalAsync(() => client.AppsV1.ListDeploymentForAllNamespacesAsync(), HttpStatusCode.Forbidden)).Should().Be($"deployments.apps is forbidden: User \"{user}\" cannot list resource \"deployments\" in API group \"apps\" at the cluster scope");
    }

    [Fact]
    public async Task Role_AllowsItsVerbInItsNamespaceOnly()
    {
        var (user, place, other) = (Name(), await cluster.NamespaceAsync(), await cluster.NamespaceAsync());
        using var client = Test.ClientFor(TestCluster.User(user));
        await GrantAsync(user, place, "list", "", "pods");
        (await client.CoreV1.ListNamespacedPodAsync(place)).Items.Should().BeEmpty();
        await RefusalAsync(() => client.CoreV1.ListNamespacedPodAsync(other), HttpStatusCode.Forbidden);
        await RefusalAsync(() => client.CoreV1.ReadNamespacedPodAsync("p", place), HttpStatusCode.Forbidden);
        await RefusalAsync(async () =>
        {
            await foreach (var _ in client.CoreV1.WatchListNamespacedPodAsync(place))
                break;
        }, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Apply_OfWhatIsNotThere_NeedsCreateToo()
    {
        var (user, place) = (Name(), await cluster.NamespaceAsync());
        using var client = Test.ClientFor(TestCluster.User(user));
        await GrantAsync(user, place, "patch", "", "configmaps");
        var map = Objects.ConfigMap().As<V1ConfigMap>();
        (map.ApiVersion, map.Kind) = ("v1", "ConfigMap");
        Task ApplyAsync() => client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(KubernetesJson.Serialize(map), V1Patch.PatchType.ApplyPatch), "map", place, fieldManager: "tests", force: true);
        (await RefusalAsync(ApplyAsync, HttpStatusCode.Forbidden)).Should().Be($"configmaps \"map\" is forbidden: User \"{user}\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"{place}\"");
        await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(map, place);
        await ApplyAsync();
    }

    [Fact]
    public async Task UnknownAndExpiredTokens_Unauthorized()
    {
        var user = TestCluster.User(Name());
        using var client = Test.ClientFor(user);
        await client.Version.GetCodeAsync();
        Test.ExpireToken(user);
        (await RefusalAsync(() => client.Version.GetCodeAsync(), HttpStatusCode.Unauthorized)).Should().Be("Unauthorized");
        using var fresh = Test.ClientFor(user);
        await fresh.Version.GetCodeAsync();
    }

    [Fact]
    public async Task WrongAuthority_TlsFails()
    {
        var configuration = new KubernetesClientConfiguration { Host = Test.Url.ToString(), AccessToken = "x" };
        using var client = new k8s.Kubernetes(configuration);
        await FluentActions.Awaiting(() => client.Version.GetCodeAsync()).Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task SelfSubjectAccessReview_AnswersFromTheRoles()
    {
        var (user, place) = (Name(), await cluster.NamespaceAsync());
        using var client = Test.ClientFor(TestCluster.User(user));
        await GrantAsync(user, place, "create", "batch", "jobs");
        async Task<bool> MayAsync(string verb) => (await client.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(new V1SelfSubjectAccessReview { Spec = new V1SelfSubjectAccessReviewSpec { ResourceAttributes = new V1ResourceAttributes { NamespaceProperty = place, Verb = verb, Group = "batch", Resource = "jobs" } } })).Status.Allowed;
        (await MayAsync("create")).Should().BeTrue();
        (await MayAsync("delete")).Should().BeFalse();
    }

    [Fact]
    public async Task Requests_AreLoggedByVerbAndResource()
    {
        var (user, place) = (Name(), await cluster.NamespaceAsync());
        using var client = Test.ClientFor(TestCluster.User(user));
        await GrantAsync(user, place, "*", "", "configmaps");
        await client.CoreV1.ListNamespacedConfigMapAsync(place);
        await client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), place);
        await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("{}", V1Patch.PatchType.MergePatch), "map", place);
        await client.CoreV1.DeleteNamespacedConfigMapAsync("map", place);
        Test.Requests.Where(r => r.User == user).Select(r => (r.Verb, r.Resource, r.Namespace, r.Status)).Should().Equal(
            ("list", "configmaps", place, 200), ("create", "configmaps", place, 201), ("patch", "configmaps", place, 200), ("delete", "configmaps", place, 200));
    }
}
