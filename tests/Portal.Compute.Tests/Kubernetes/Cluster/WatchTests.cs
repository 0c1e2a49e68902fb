using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Lists in pages, and watches that lose nothing.</summary>
public sealed class WatchTests(ClusterFixture cluster)
{
    private IKubernetes Client => cluster.Client;

    private readonly CancellationToken _end = Eventually.WithinAMinute();

    private Task<V1ConfigMap> MakeAsync(string place, string name, string? label = null) =>
        Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap(name).With("metadata.labels", $$"""{"which":"{{label ?? "any"}}"}""").As<V1ConfigMap>(), place);

    /// <summary>Reads lines of a watch until enough are there.</summary>
    private async Task<List<JsonNode>> LinesAsync(string path, int count, Func<Task>? meanwhile = null)
    {
        using var answer = await cluster.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, _end);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_end));
        if (meanwhile is not null)
            await meanwhile();
        var lines = new List<JsonNode>();
        while (lines.Count < count && await reader.ReadLineAsync(_end).AsTask().WaitAsync(TimeSpan.FromSeconds(20), _end) is { } line)
            lines.Add(JsonNode.Parse(line)!);
        return lines;
    }

    private static IEnumerable<(string Type, string Name)> Seen(IEnumerable<JsonNode> lines) => lines.Select(l => ((string)l["type"]!, (string?)l["object"]!["metadata"]?["name"] ?? ""));

    [Fact]
    public async Task Watch_FromAVersion_TellsEveryChangeAfterItInOrder()
    {
        var place = await cluster.NamespaceAsync();
        await MakeAsync(place, "before");
        var from = (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).ResourceVersion();
        await MakeAsync(place, "one");
        await Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"data":{"a":"9"}}""", V1Patch.PatchType.MergePatch), "one", place);
        await Client.CoreV1.DeleteNamespacedConfigMapAsync("one", place);
        var lines = await LinesAsync($"/api/v1/namespaces/{place}/configmaps?watch=1&resourceVersion={from}", 3);
        Seen(lines).Should().Equal(("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one"));
        lines.Select(l => long.Parse((string)l["object"]!["metadata"]!["resourceVersion"]!)).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        ((string)lines[0]["object"]!["kind"]!).Should().Be("ConfigMap");
    }

    [Fact]
    public async Task Watch_BySelector_TellsOfWhatStopsMatchingAsDeleted()
    {
        var place = await cluster.NamespaceAsync();
        var from = (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).ResourceVersion();
        await MakeAsync(place, "one", "mine");
        await MakeAsync(place, "two", "theirs");
        await Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"metadata":{"labels":{"which":"mine"}}}""", V1Patch.PatchType.MergePatch), "two", place);
        await Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"metadata":{"labels":{"which":"theirs"}}}""", V1Patch.PatchType.MergePatch), "one", place);
        var lines = await LinesAsync($"/api/v1/namespaces/{place}/configmaps?watch=1&resourceVersion={from}&labelSelector=which%3Dmine", 3);
        Seen(lines).Should().Equal(("ADDED", "one"), ("ADDED", "two"), ("DELETED", "one"));
    }

    [Fact]
    public async Task Watch_ByTheClientLibrary_SeesWhatHappens()
    {
        var place = await cluster.NamespaceAsync();
        var from = (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).ResourceVersion();
        var seen = new List<(WatchEventType, string)>();
        var making = Task.Run(async () =>
        {
            await Task.Delay(50);
            await MakeAsync(place, "one");
        });
        await foreach (var (type, item) in Client.CoreV1.WatchListNamespacedConfigMapAsync(place, resourceVersion: from, cancellationToken: _end))
        {
            seen.Add((type, item.Metadata.Name));
            break;
        }
        await making;
        seen.Should().Equal((WatchEventType.Added, "one"));
    }

    [Fact]
    public async Task Watch_EndsAfterItsTime()
    {
        var place = await cluster.NamespaceAsync();
        var from = (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).ResourceVersion();
        (await LinesAsync($"/api/v1/namespaces/{place}/secrets?watch=1&resourceVersion={from}&timeoutSeconds=1", 99)).Should().BeEmpty();
    }

    [Fact]
    public async Task Watch_AnswersBeforeAnythingHappens()
    {
        Assert.SkipWhen(cluster.IsReal, "about this server's bookmarks, which would hide it");
        await using var own = await TestCluster.StartAsync();
        using var http = ClusterFixture.HttpFor(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(own.AdminKubeconfig))));
        var from = (await own.Client.CoreV1.ListNamespacedSecretAsync("default")).ResourceVersion();
        using var answer = await http.GetAsync($"/api/v1/namespaces/default/secrets?watch=1&resourceVersion={from}", HttpCompletionOption.ResponseHeadersRead, _end).WaitAsync(TimeSpan.FromSeconds(5), _end);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Watch_Bookmarks_MoveOnWithWhatOthersWrite()
    {
        Assert.SkipWhen(cluster.IsReal, "a real server sends bookmarks about once a minute");
        var place = await cluster.NamespaceAsync();
        var from = (await Client.CoreV1.ListNamespacedConfigMapAsync(place)).ResourceVersion();
        var lines = await LinesAsync($"/api/v1/namespaces/{place}/secrets?watch=1&allowWatchBookmarks=true&resourceVersion={from}", 2, () => MakeAsync(place, "other"));
        lines.Should().AllSatisfy(l => ((string)l["type"]!).Should().Be("BOOKMARK"));
        long.Parse((string)lines[1]["object"]!["metadata"]!["resourceVersion"]!).Should().BeGreaterThan(long.Parse(from));
    }

    [Fact]
    public async Task Watch_FromTooOldAVersion_EndsWithGone()
    {
        Assert.SkipWhen(cluster.IsReal, "history of a real server cannot be expired from outside");
        await using var own = await TestCluster.StartAsync();
        var from = (await own.Client.CoreV1.ListNamespacedConfigMapAsync("default")).ResourceVersion();
        own.Faults.ExpireHistory();
        var thrown = await FluentActions.Awaiting(async () =>
        {
            await foreach (var _ in own.Client.CoreV1.WatchListNamespacedConfigMapAsync("default", resourceVersion: from, onError: e => throw e, cancellationToken: _end))
            {
            }
        }).Should().ThrowAsync<KubernetesException>();
        thrown.Which.Status.Code.Should().Be(410);
        thrown.Which.Status.Reason.Should().Be("Expired");
    }

    [Fact]
    public async Task Watch_DroppedAndResumed_MissesNothing()
    {
        Assert.SkipWhen(cluster.IsReal, "connections of a real server cannot be dropped from outside");
        await using var own = await TestCluster.StartAsync();
        var from = (await own.Client.CoreV1.ListNamespacedConfigMapAsync("default")).ResourceVersion();
        var seen = new List<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_end);
        var drops = 0;
        var watching = Task.Run(async () =>
        {
            while (seen.Count < 200)
            {
                try
                {
                    await foreach (var (_, item) in own.Client.CoreV1.WatchListNamespacedConfigMapAsync("default", resourceVersion: from, cancellationToken: stop.Token))
                    {
                        from = item.ResourceVersion();
                        seen.Add(item.Name());
                        if (seen.Count == 200)
                            return;
                    }
                }
                catch (Exception problem) when (problem is IOException or HttpRequestException or System.Text.Json.JsonException)
                {
                    drops++;
                }
            }
        }, _end);
        for (var i = 0; i < 200; i++)
        {
            await own.Client.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = $"m-{i:000}" } }, "default");
            if (i % 40 == 20)
                own.Faults.DropWatches("configmaps");
        }
        await watching.WaitAsync(TimeSpan.FromSeconds(20), _end);
        seen.Should().Equal(Enumerable.Range(0, 200).Select(i => $"m-{i:000}"));
        drops.Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task Server_StoppedAndStarted_KeepsItsStateAndAddress()
    {
        Assert.SkipWhen(cluster.IsReal, "a real server is not ours to stop");
        await using var own = await TestCluster.StartAsync();
        var made = await own.Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().As<V1ConfigMap>(), "default");
        await own.StopServerAsync();
        await FluentActions.Awaiting(() => own.Client.CoreV1.ReadNamespacedConfigMapAsync("map", "default")).Should().ThrowAsync<HttpRequestException>();
        await own.StartServerAsync();
        (await own.Client.CoreV1.ReadNamespacedConfigMapAsync("map", "default")).ResourceVersion().Should().Be(made.ResourceVersion());
    }

    [Fact]
    public async Task List_InPages_OfTwoKindsAtOneRevision_GoesOnWithItsOwn()
    {
        // A cluster where nothing happens meanwhile.
        await using var own = await TestCluster.StartAsync();
        var spaces = await own.Client.CoreV1.ListNamespaceAsync(limit: 1);
        var roles = await own.Client.RbacAuthorizationV1.ListClusterRoleAsync(limit: 1);
        roles.ResourceVersion().Should().Be(spaces.ResourceVersion());
        roles = await own.Client.RbacAuthorizationV1.ListClusterRoleAsync(continueParameter: roles.Continue());
        roles.Items.Select(r => r.Name()).Should().OnlyContain(n => n.StartsWith("system:")).And.NotBeEmpty();
    }

    [Fact]
    public async Task List_InPages_IsOneSnapshot()
    {
        var place = await cluster.NamespaceAsync();
        foreach (var i in Enumerable.Range(0, 7))
            await MakeAsync(place, $"m-{i}", "page");
        var first = await Client.CoreV1.ListNamespacedConfigMapAsync(place, limit: 3, labelSelector: "which=page");
        first.Items.Select(m => m.Name()).Should().Equal("m-0", "m-1", "m-2");
        await MakeAsync(place, "m-9", "page");
        await Client.CoreV1.DeleteNamespacedConfigMapAsync("m-5", place);
        var second = await Client.CoreV1.ListNamespacedConfigMapAsync(place, limit: 3, labelSelector: "which=page", continueParameter: first.Continue());
        var third = await Client.CoreV1.ListNamespacedConfigMapAsync(place, limit: 3, labelSelector: "which=page", continueParameter: second.Continue());
        second.Items.Concat(third.Items).Select(m => m.Name()).Should().Equal("m-3", "m-4", "m-5", "m-6");
        third.Continue().Should().BeNullOrEmpty();
        second.ResourceVersion().Should().Be(first.ResourceVersion());
    }

    [Fact]
    public async Task List_ContinuedTooLate_Expired()
    {
        Assert.SkipWhen(cluster.IsReal, "history of a real server cannot be expired from outside");
        await using var own = await TestCluster.StartAsync();
        foreach (var i in Enumerable.Range(0, 3))
            await own.Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap($"m-{i}").As<V1ConfigMap>(), "default");
        var first = await own.Client.CoreV1.ListNamespacedConfigMapAsync("default", limit: 1);
        own.Faults.ExpireHistory();
        var thrown = await FluentActions.Awaiting(() => own.Client.CoreV1.ListNamespacedConfigMapAsync("default", limit: 1, continueParameter: first.Continue())).Should().ThrowAsync<HttpOperationException>();
        thrown.Which.Response.StatusCode.Should().Be(HttpStatusCode.Gone);
        JsonNode.Parse(thrown.Which.Response.Content)!["reason"]!.GetValue<string>().Should().Be("Expired");
    }

    [Theory]
    [InlineData("which=a", "a")]
    [InlineData("which!=a", "b,c")]
    [InlineData("which in (a,b)", "a,b")]
    [InlineData("which notin (a,b),which", "c")]
    [InlineData("!which", "")]
    public async Task List_ByLabels_Selects(string selector, string expected)
    {
        var place = await cluster.NamespaceAsync();
        foreach (var name in new[] { "a", "b", "c" })
            await MakeAsync(place, name, name);
        var names = (await Client.CoreV1.ListNamespacedConfigMapAsync(place, labelSelector: selector)).Items.Select(m => m.Name()).Where(n => n != "kube-root-ca.crt");
        string.Join(',', names).Should().Be(expected);
    }

    [Fact]
    public async Task List_ByFields_SelectsAndRefusesUnknownOnes()
    {
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod("one").As<V1Pod>(), place);
        await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod("two").As<V1Pod>(), place);
        (await Client.CoreV1.ListNamespacedPodAsync(place, fieldSelector: "metadata.name=one")).Items.Should().ContainSingle();
        (await Client.CoreV1.ListNamespacedPodAsync(place, fieldSelector: "status.phase!=Succeeded")).Items.Should().HaveCount(2);
        await Eventually.ReadAsync(() => Client.CoreV1.ListNamespacedEventAsync(place, fieldSelector: "involvedObject.name=one,reason=Scheduled"), e => e.Items.Count == 1);
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{place}/pods?fieldSelector=spec.foo%3Dx");
        code.Should().Be(HttpStatusCode.BadRequest);
        ((string)status["message"]!).Should().Contain("field label not supported: spec.foo");
    }

    [Fact]
    public async Task ItemsOfAList_CarryNoKind()
    {
        var place = await cluster.NamespaceAsync();
        await MakeAsync(place, "one");
        var (_, list, _) = await cluster.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{place}/configmaps");
        ((string)list["kind"]!).Should().Be("ConfigMapList");
        list["items"]![0]!["kind"].Should().BeNull();
    }
}
