using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Creating, reading, replacing, patching, deleting.</summary>
public sealed class CrudTests(ClusterFixture cluster)
{
    private IKubernetes Client => cluster.Client;

    [Fact]
    public async Task Create_Pod_GetsDefaultsAndRuns()
    {
        var place = await cluster.NamespaceAsync();
        var made = await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod().As<V1Pod>(), place);
        made.Uid().Should().NotBeEmpty();
        made.Metadata.CreationTimestamp.Should().NotBeNull();
        made.Spec.DnsPolicy.Should().Be("ClusterFirst");
        made.Spec.Containers[0].ImagePullPolicy.Should().Be("IfNotPresent");
        made.Spec.ServiceAccountName.Should().Be("default");
        made.Status.Phase.Should().Be("Pending");
        var running = await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", place), p => p.Status.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true);
        running.Status.Phase.Should().Be("Running");
        running.Status.PodIP.Should().NotBeEmpty();
        running.Status.ContainerStatuses.Should().ContainSingle().Which.State.Running.Should().NotBeNull();
    }

    [Fact]
    public async Task Create_Again_AlreadyExists()
    {
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), place);
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{place}/configmaps", Objects.ConfigMap());
        code.Should().Be(HttpStatusCode.Conflict);
        ((string)status["reason"]!).Should().Be("AlreadyExists");
        ((string)status["message"]!).Should().Be("configmaps \"map\" already exists");
        ((string)status["details"]!["kind"]!).Should().Be("configmaps");
    }

    [Fact]
    public async Task Create_WithGenerateName_AddsFiveLetters()
    {
        var place = await cluster.NamespaceAsync();
        var made = await Client.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { GenerateName = "map-" } }, place);
        made.Name().Should().MatchRegex("^map-[a-z0-9]{5}$");
    }

    [Fact]
    public async Task Read_Missing_NotFoundStatus()
    {
        var place = await cluster.NamespaceAsync();
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Get, $"/apis/apps/v1/namespaces/{place}/deployments/none");
        code.Should().Be(HttpStatusCode.NotFound);
        ((string)status["message"]!).Should().Be("deployments.apps \"none\" not found");
        status["details"]!.ToJsonString().Should().Be("""{"name":"none","group":"apps","kind":"deployments"}""");
    }

    [Fact]
    public async Task Create_InMissingNamespace_NotFound()
    {
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Post, "/api/v1/namespaces/portal-none/configmaps", Objects.ConfigMap());
        code.Should().Be(HttpStatusCode.NotFound);
        ((string)status["message"]!).Should().Be("namespaces \"portal-none\" not found");
    }

    [Fact]
    public async Task Replace_WithOldVersion_Conflict()
    {
        var place = await cluster.NamespaceAsync();
        var first = await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), place);
        var changed = Objects.ConfigMap().As<V1ConfigMap>();
        changed.Metadata.ResourceVersion = first.ResourceVersion();
        changed.Data["a"] = "2";
        await Client.CoreV1.ReplaceNamespacedConfigMapAsync(changed, "map", place);
        var refusal = (await FluentActions.Awaiting(() => Client.CoreV1.ReplaceNamespacedConfigMapAsync(changed, "map", place)).Should().ThrowAsync<HttpOperationException>()).Which;
        refusal.Response.StatusCode.Should().Be(HttpStatusCode.Conflict);
        ((string)JsonNode.Parse(refusal.Response.Content)!["message"]!).Should().Be("Operation cannot be fulfilled on configmaps \"map\": the object has been modified; please apply your changes to the latest version and try again");
    }

    [Fact]
    public async Task Replace_Unchanged_KeepsTheVersion()
    {
        var place = await cluster.NamespaceAsync();
        var first = await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), place);
        (await Client.CoreV1.ReplaceNamespacedConfigMapAsync(first, "map", place)).ResourceVersion().Should().Be(first.ResourceVersion());
    }

    [Fact]
    public async Task Patch_ByEachKind_ChangesWhatItNames()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedDeploymentAsync(Objects.Deployment(replicas: 0).As<V1Deployment>(), place);
        async Task<V1Deployment> PatchAsync(string body, V1Patch.PatchType type) => await Client.AppsV1.PatchNamespacedDeploymentAsync(new V1Patch(body, type), "web", place);
        (await PatchAsync("""[{"op":"replace","path":"/spec/revisionHistoryLimit","value":3}]""", V1Patch.PatchType.JsonPatch)).Spec.RevisionHistoryLimit.Should().Be(3);
        (await PatchAsync("""{"metadata":{"annotations":{"a":"1","b":"2"}}}""", V1Patch.PatchType.MergePatch)).Metadata.Annotations.Should().ContainKey("a");
        (await PatchAsync("""{"metadata":{"annotations":{"a":null}}}""", V1Patch.PatchType.MergePatch)).Metadata.Annotations.Should().NotContainKey("a").And.ContainKey("b");
        var strategic = await PatchAsync("""{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"1"}]},{"name":"side","image":"busybox"}]}}}}""", V1Patch.PatchType.StrategicMergePatch);
        strategic.Spec.Template.Spec.Containers.Select(c => c.Name).Should().Equal("main", "side");
        strategic.Spec.Template.Spec.Containers[0].Image.Should().Be(Objects.Image, "what a patch does not name stays");
        strategic.Metadata.Generation.Should().Be(3, "annotations are no spec");
        var without = await PatchAsync("""{"spec":{"template":{"spec":{"containers":[{"name":"side","$patch":"delete"}]}}}}""", V1Patch.PatchType.StrategicMergePatch);
        without.Spec.Template.Spec.Containers.Should().ContainSingle().Which.Name.Should().Be("main");
    }

    [Fact]
    public async Task Quantities_AreGivenBackInTheirCanonicalForm()
    {
        var place = await cluster.NamespaceAsync();
        var pod = Objects.Pod().With("spec.containers[0].resources", """{"requests":{"cpu":"0.25","memory":"0.5Gi"},"limits":{"cpu":"1000m","memory":"1024Mi"}}""");
        var made = await Client.CoreV1.CreateNamespacedPodAsync(pod.As<V1Pod>(), place);
        made.Spec.Containers[0].Resources.Requests["cpu"].ToString().Should().Be("250m");
        made.Spec.Containers[0].Resources.Requests["memory"].ToString().Should().Be("512Mi");
        made.Spec.Containers[0].Resources.Limits["cpu"].ToString().Should().Be("1");
        made.Spec.Containers[0].Resources.Limits["memory"].ToString().Should().Be("1Gi");
    }

    [Fact]
    public async Task DryRun_StoresNothing()
    {
        var place = await cluster.NamespaceAsync();
        var made = await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), place, dryRun: "All");
        made.Uid().Should().NotBeEmpty();
        (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).Items.Should().NotContain(m => m.Metadata.Name == "map");
    }

    [Fact]
    public async Task Delete_WithWrongUid_IsRefused()
    {
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), place);
        var delete = () => Client.CoreV1.DeleteNamespacedConfigMapAsync("map", place, new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = Guid.NewGuid().ToString() } });
        (await delete.Should().ThrowAsync<HttpOperationException>()).Which.Response.StatusCode.Should().Be(HttpStatusCode.Conflict);
        await Client.CoreV1.DeleteNamespacedConfigMapAsync("map", place);
        await Eventually.GoneAsync(() => Client.CoreV1.ReadNamespacedConfigMapAsync("map", place));
    }

    [Fact]
    public async Task Delete_WithFinalizer_WaitsForItsRemoval()
    {
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().With("metadata.finalizers", """["example.com/hold"]""").As<V1ConfigMap>(), place);
        await Client.CoreV1.DeleteNamespacedConfigMapAsync("map", place);
        (await Client.CoreV1.ReadNamespacedConfigMapAsync("map", place)).Metadata.DeletionTimestamp.Should().NotBeNull();
        await Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"metadata":{"finalizers":null}}""", V1Patch.PatchType.MergePatch), "map", place);
        await Eventually.GoneAsync(() => Client.CoreV1.ReadNamespacedConfigMapAsync("map", place));
    }

    [Fact]
    public async Task DeleteCollection_BySelector_LeavesTheOthers()
    {
        var place = await cluster.NamespaceAsync();
        foreach (var name in new[] { "one", "two" })
            await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap(name).With("metadata.labels", $$"""{"which":"{{name}}"}""").As<V1ConfigMap>(), place);
        await Client.CoreV1.DeleteCollectionNamespacedConfigMapAsync(place, labelSelector: "which=one");
        var names = (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).Items.Select(m => m.Metadata.Name).ToList();
        names.Should().Contain("two").And.NotContain("one");
    }

    [Fact]
    public async Task Status_IsWrittenOnlyAtItsOwnAddress()
    {
        var place = await cluster.NamespaceAsync();
        var budget = Objects.Parse("""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":0,"selector":{"matchLabels":{"app":"none"}}},"status":{"currentHealthy":7,"desiredHealthy":7,"disruptionsAllowed":7,"expectedPods":7}}""");
        var (code, made, _) = await cluster.SendAsync(HttpMethod.Post, $"/apis/policy/v1/namespaces/{place}/poddisruptionbudgets", budget);
        code.Should().Be(HttpStatusCode.Created);
        (made["status"]?["currentHealthy"]?.GetValue<int>() ?? 0).Should().Be(0);
    }

    [Fact]
    public async Task Scale_ChangesReplicas()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedStatefulSetAsync(Objects.StatefulSet(replicas: 0).As<V1StatefulSet>(), place);
        await Client.AppsV1.PatchNamespacedStatefulSetScaleAsync(new V1Patch("""{"spec":{"replicas":1}}""", V1Patch.PatchType.MergePatch), "set", place);
        (await Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place)).Spec.Replicas.Should().Be(1);
        (await Client.AppsV1.ReadNamespacedStatefulSetScaleAsync("set", place)).Spec.Replicas.Should().Be(1);
    }

    [Fact]
    public async Task Discovery_NamesWhatIsServed()
    {
        (await Client.Version.GetCodeAsync()).Major.Should().Be("1");
        (await Client.CoreV1.GetAPIResourcesAsync()).Resources.Select(r => r.Name).Should().Contain(["pods", "pods/log", "services/proxy", "secrets"]);
        (await Client.Apis.GetAPIVersionsAsync()).Groups.Select(g => g.Name).Should().Contain(["apps", "batch", "autoscaling", "policy", "networking.k8s.io", "storage.k8s.io"]);
        (await cluster.SendAsync(HttpMethod.Get, "/apis/kueue.x-k8s.io")).Code.Should().Be(HttpStatusCode.NotFound);
        (await cluster.SendAsync(HttpMethod.Get, "/readyz")).Body.ToString().Should().Be("ok");
    }
}
