using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What has a name that the portal would use, and is not the portal's: it stays as it is, and people are told what is in the way.</summary>
public sealed class NameTakenTests : IAsyncLifetime
{
    private const string Space = "portal-portal-tests";

    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private k8s.Kubernetes Client => _fixture.Cluster.Client;

    private KubernetesTarget Target => _fixture.Target;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Namespace_OfSomebodyElse_IsLeft_UntilItIsHandedOver()
    {
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        var made = await Client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = Space } }, cancellationToken: Token);

        (await RefusalAsync(spec)).Should().Be($"Namespace {Space} on cluster is in the way: it was not made by a portal, and the portal leaves it as it is. Give this portal another NamespacePrefix, remove the namespace, or hand it over with the label portal.internal/instance-id=tests, then launch again.");
        (await Client.CoreV1.ReadNamespaceAsync(Space, cancellationToken: Token)).Metadata.Labels.Should().BeEquivalentTo(made.Metadata.Labels);
        (await Client.CoreV1.ListNamespacedSecretAsync(Space, cancellationToken: Token)).Items.Should().BeEmpty();

        await Client.CoreV1.PatchNamespaceAsync(new V1Patch("""{"metadata":{"labels":{"portal.internal/instance-id":"tests"}}}""", V1Patch.PatchType.MergePatch), Space, fieldManager: "kubectl-label", cancellationToken: Token);
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        (await Client.CoreV1.ReadNamespaceAsync(Space, cancellationToken: Token)).Metadata.Labels["pod-security.kubernetes.io/enforce"].Should().Be("restricted");
    }

    [Theory]
    [InlineData("portal.internal/instance-id", "another portal")]
    [InlineData("portal.internal/team", "another team")]
    public async Task Namespace_OfAnother_IsLeft(string label, string whose)
    {
        var first = ClusterPrograms.Of(new ContractProgram.RunsOn());
        await Target.StartAsync(first, Token);
        await Client.CoreV1.PatchNamespaceAsync(new V1Patch($$"""{"metadata":{"labels":{"{{label}}":"theirs"} } }""", V1Patch.PatchType.MergePatch), Space, cancellationToken: Token);

        var refused = () => _fixture.Open().StartAsync(ClusterPrograms.Of(new ContractProgram.RunsOn()), Token);
        (await refused.Should().ThrowAsync<ComputeTargetException>()).Which.Should().Match<ComputeTargetException>(e => e.Failure == FailureClass.Invalid && e.Message.Contains($"belongs to {whose} ({label}=theirs)"));
        (await Client.CoreV1.ReadNamespaceAsync(Space, cancellationToken: Token)).Metadata.Labels[label].Should().Be("theirs");
    }

    /// <summary>Each of the objects of a start, by its kind.</summary>
    public static TheoryData<string> Kinds => ["ServiceAccount", "LimitRange", "ResourceQuota", "NetworkPolicy", "PersistentVolumeClaim", "Secret", "Service", "StatefulSet"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Object_OfSomebodyElse_IsLeft_AndNamed_AndNothingIsStarted(string kind)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.Serves());
        using var theirs = new ClusterApi(new ClusterClient(OptionsOf(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), OptionsOf(), TimeProvider.System);
        var objects = ObjectsOf(spec);
        await Client.CoreV1.CreateNamespaceAsync((V1Namespace)objects[0], cancellationToken: Token);
        var taken = objects.First(o => o.Kind == kind);
        taken.Metadata.Labels = new Dictionary<string, string> { ["made-by"] = "somebody" };
        await CreateAsync(taken);
        var before = await theirs.FindAsync(ResourceKind.Of(taken), Space, taken.Metadata.Name, Token);

        (await RefusalAsync(spec)).Should().StartWith($"{kind} {taken.Metadata.Name} in namespace {Space} on cluster is in the way: it was not made by a portal").And.EndWith("Rename or remove it, then launch again.");
        var after = await theirs.FindAsync(ResourceKind.Of(taken), Space, taken.Metadata.Name, Token);
        after!.Metadata.Labels.Should().BeEquivalentTo(before!.Metadata.Labels);
        after.Metadata.Uid.Should().Be(before.Metadata.Uid);
        after.Metadata.ManagedFields.Should().NotContain(f => f.Manager == "portal");
        (await Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.NotFound);

        await theirs.DeleteAsync(ResourceKind.Of(taken), Space, taken.Metadata.Name, TimeSpan.Zero, Token);
        await StartsAsync(spec);
    }

    [Fact]
    public async Task Secret_OfAnotherAttempt_IsLeft()
    {
        var (one, other) = (ClusterPrograms.Of(new ContractProgram.Serves()), ClusterPrograms.Of(new ContractProgram.Serves()));
        await Target.StartAsync(one, Token);
        var taken = ObjectsOf(other).OfType<V1Secret>().First();
        taken.Metadata.Labels["portal.internal/allocation-id"] = one.AllocationId.ToString();
        await CreateAsync(taken);

        (await RefusalAsync(other)).Should().Contain($"belongs to another attempt (portal.internal/allocation-id={one.AllocationId})");
        (await Client.CoreV1.ReadNamespacedSecretAsync(taken.Metadata.Name, Space, cancellationToken: Token)).Metadata.Labels["portal.internal/allocation-id"].Should().Be(one.AllocationId.ToString());
    }

    private ClusterOptions OptionsOf()
    {
        ClusterOptions? options = null;
        _fixture.Open(o => options = o);
        return options!;
    }

    private static List<IKubernetesObject<V1ObjectMeta>> ObjectsOf(AllocationSpec spec)
    {
        var manifests = Manifests.Of(new ClusterOptions(), spec);
        return [.. TeamNamespace.Objects(new ClusterOptions(), spec.Team, spec.PortalInstanceId, spec.TeamVcpu), manifests.Volume, .. manifests.Before, manifests.Main];
    }

    /// <summary>As somebody with kubectl.</summary>
    private async Task CreateAsync(IKubernetesObject<V1ObjectMeta> item)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Client.BaseUri, $"{ResourceKind.Of(item).Path(Space)}?fieldManager=kubectl-create"))
        {
            Content = new StringContent(KubernetesJson.Serialize(item)) { Headers = { ContentType = new("application/json") } },
        };
        await Client.Credentials.ProcessHttpRequestAsync(request, Token);
        using var answer = await Client.HttpClient.SendAsync(request, Token);
        answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync(Token));
    }

    private async Task<string> RefusalAsync(AllocationSpec spec)
    {
        var refusal = (await Target.Invoking(t => t.StartAsync(spec, Token)).Should().ThrowAsync<ComputeTargetException>()).Which;
        refusal.Failure.Should().Be(FailureClass.Invalid);
        return refusal.Message;
    }

    /// <summary>What was removed may take a moment to be gone.</summary>
    private async Task StartsAsync(AllocationSpec spec)
    {
        for (var look = 0; ; look++)
        {
            try
            {
                await Target.StartAsync(spec, Token);
                break;
            }
            catch (ComputeTargetException) when (look < 100)
            {
                await Task.Delay(50, Token);
            }
        }
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
    }
}
