using System.Diagnostics;
using System.Net;
using AwesomeAssertions;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>What tests can make go wrong between a client and the server.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private readonly CancellationToken _end = Eventually.WithinAMinute();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 }, "nothing can be made to go wrong in a real server");
        _cluster = await TestCluster.StartAsync(new TestClusterOptions { BookmarkInterval = TimeSpan.FromMilliseconds(50) });
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private Task<V1ConfigMap> MakeAsync(string name) => _cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap(name).As<V1ConfigMap>(), "default", cancellationToken: _end);

    private async Task<bool> ExistsAsync(string name) => (await _cluster.Client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: _end)).Items.Any(m => m.Name() == name);

    [Fact]
    public async Task Throttle_AnswersTooManyRequestsWithRetryAfter()
    {
        _cluster.Faults.Throttle(count: 1, retryAfterSeconds: 7, verb: "create", resource: "configmaps");
        using var http = ClusterFixture.HttpFor(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(_cluster.AdminKubeconfig))));
        using var answer = await http.PostAsync("/api/v1/namespaces/default/configmaps", new StringContent(Objects.ConfigMap().ToJsonString(), null, "application/json"), _end);
        answer.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(7));
        (await ExistsAsync("map")).Should().BeFalse();
        await MakeAsync("map");
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Fail_AnswersSoAndDoesNothing(int status)
    {
        _cluster.Faults.Fail(status, count: 2, resource: "configmaps", verb: "create");
        for (var i = 0; i < 2; i++)
            ((int)(await FluentActions.Awaiting(() => MakeAsync("map")).Should().ThrowAsync<HttpOperationException>()).Which.Response.StatusCode).Should().Be(status);
        (await ExistsAsync("map")).Should().BeFalse();
        (await MakeAsync("map")).Name().Should().Be("map");
    }

    [Fact]
    public async Task Hang_NeitherDoesNorAnswers()
    {
        _cluster.Faults.Hang(TimeSpan.FromMilliseconds(100), verb: "create");
        await FluentActions.Awaiting(() => MakeAsync("map")).Should().ThrowAsync<HttpRequestException>();
        (await ExistsAsync("map")).Should().BeFalse();
    }

    [Fact]
    public async Task LoseAnswer_DoesItAndDropsTheConnection()
    {
        _cluster.Faults.LoseAnswer(verb: "create");
        await FluentActions.Awaiting(() => MakeAsync("map")).Should().ThrowAsync<HttpRequestException>();
        (await ExistsAsync("map")).Should().BeTrue("the effect was stored");
    }

    [Fact]
    public async Task LoseAnswer_OfAnApply_CanBeAppliedAgain()
    {
        var body = new V1Patch(Objects.ConfigMap().As<V1ConfigMap>(), V1Patch.PatchType.ApplyPatch);
        _cluster.Faults.LoseAnswer(verb: "patch", resource: "configmaps");
        await FluentActions.Awaiting(() => _cluster.Client.CoreV1.PatchNamespacedConfigMapAsync(body, "map", "default", fieldManager: "portal", cancellationToken: _end)).Should().ThrowAsync<HttpRequestException>();
        var first = await _cluster.Client.CoreV1.ReadNamespacedConfigMapAsync("map", "default", cancellationToken: _end);
        var again = await _cluster.Client.CoreV1.PatchNamespacedConfigMapAsync(body, "map", "default", fieldManager: "portal", cancellationToken: _end);
        again.ResourceVersion().Should().Be(first.ResourceVersion());
    }

    [Fact]
    public async Task SilentWatch_HoldsEverythingBackThenTellsIt()
    {
        var from = (await _cluster.Client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: _end)).ResourceVersion();
        var watch = Stopwatch.StartNew();
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, item) in _cluster.Client.CoreV1.WatchListNamespacedConfigMapAsync("default", resourceVersion: from, allowWatchBookmarks: false, cancellationToken: _end))
                return (item.Name(), watch.Elapsed);
            return ("", default);
        }, _end);
        await Eventually.BecomesTrueAsync(() => Task.FromResult(_cluster.Faults.OpenWatches > 0));
        _cluster.Faults.SilenceWatches(TimeSpan.FromMilliseconds(600));
        var silentFrom = watch.Elapsed;
        await MakeAsync("late");
        var (name, at) = await watching;
        name.Should().Be("late");
        (at - silentFrom).Should().BeGreaterThan(TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task EndWatchesWithGone_TellsTheWatcherSo()
    {
        var from = (await _cluster.Client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: _end)).ResourceVersion();
        var watching = Task.Run(async () =>
        {
            await foreach (var _ in _cluster.Client.CoreV1.WatchListNamespacedConfigMapAsync("default", resourceVersion: from, onError: e => throw e, cancellationToken: _end))
            {
            }
        }, _end);
        await Eventually.BecomesTrueAsync(() => Task.FromResult(_cluster.Faults.OpenWatches > 0));
        _cluster.Faults.EndWatchesWithGone();
        (await FluentActions.Awaiting(() => watching).Should().ThrowAsync<KubernetesException>()).Which.Status.Code.Should().Be(410);
    }

    [Fact]
    public async Task CutStreams_BreaksInTheMiddleOfAnEvent()
    {
        var from = (await _cluster.Client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: _end)).ResourceVersion();
        await MakeAsync("one");
        _cluster.Faults.CutStreams(1, "configmaps");
        using var http = ClusterFixture.HttpFor(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(_cluster.AdminKubeconfig))));
        await FluentActions.Awaiting(() => http.GetStringAsync($"/api/v1/namespaces/default/configmaps?watch=1&resourceVersion={from}", _end)).Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task StreamDelay_SlowsEveryEvent()
    {
        var from = (await _cluster.Client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: _end)).ResourceVersion();
        foreach (var i in Enumerable.Range(0, 3))
            await MakeAsync($"m-{i}");
        _cluster.Faults.StreamDelay = TimeSpan.FromMilliseconds(100);
        var watch = Stopwatch.StartNew();
        var seen = 0;
        await foreach (var _ in _cluster.Client.CoreV1.WatchListNamespacedConfigMapAsync("default", resourceVersion: from, cancellationToken: _end))
        {
            if (++seen == 3)
                break;
        }
        watch.ElapsedMilliseconds.Should().BeGreaterThan(280);
    }
}
