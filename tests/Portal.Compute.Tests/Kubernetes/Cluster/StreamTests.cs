using System.Net;
using System.Net.WebSockets;
using System.Text;
using AwesomeAssertions;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Logs, the service proxy with WebSockets, port-forward: what flows through the server.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private readonly CancellationToken _end = Eventually.WithinAMinute();

    private IKubernetes Client => _cluster.Client;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 }, "what containers print and serve is scripted here");
        _cluster = await TestCluster.StartAsync();
        await Eventually.BecomesTrueAsync(async () => (await Client.CoreV1.ListNamespacedServiceAccountAsync("default")).Items.Count > 0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private async Task RunAsync(ClusterProgram program, string restartPolicy = "Always", string phase = "Running")
    {
        _cluster.Programs.Default = program;
        await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod(restartPolicy: restartPolicy).As<V1Pod>(), "default");
        await Client.CoreV1.CreateNamespacedServiceAsync(Objects.Service().As<V1Service>(), "default");
        await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", "default"), p => p.Status.Phase == phase && (phase != "Running" || p.Status.Conditions.Any(c => c is { Type: "Ready", Status: "True" })));
    }

    private async Task<string> LogAsync(int? tail = null, bool? stamps = null, int? limit = null, string? container = null)
    {
        using var reader = new StreamReader(await Client.CoreV1.ReadNamespacedPodLogAsync("pod", "default", tailLines: tail, timestamps: stamps, limitBytes: limit, container: container));
        return await reader.ReadToEndAsync(_end);
    }

    private KubernetesClientConfiguration Configuration() => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(_cluster.AdminKubeconfig)));

    private HttpClient Http() => ClusterFixture.HttpFor(Configuration());

    [Fact]
    public async Task Log_OfAnEndedContainer_InAllItsForms()
    {
        await RunAsync(new ScriptedProgram { Lines = ["one", "two", "thr\u00e4e"], EndsAfter = TimeSpan.Zero }, "Never", "Succeeded");
        (await LogAsync()).Should().Be("one\ntwo\nthr\u00e4e\n");
        (await LogAsync(tail: 1)).Should().Be("thr\u00e4e\n");
        (await LogAsync(limit: 5)).Should().Be("one\nt");
        (await LogAsync(stamps: true)).Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one\n");
        (await LogAsync(container: "main")).Should().StartWith("one");
    }

    [Fact]
    public async Task Log_Followed_ComesAsItIsPrintedAndEndsWithTheContainer()
    {
        await RunAsync(new ScriptedProgram { Lines = ["1", "2", "3", "4"], LineDelay = TimeSpan.FromMilliseconds(150), EndsAfter = TimeSpan.Zero }, "Never");
        using var reader = new StreamReader(await Client.CoreV1.ReadNamespacedPodLogAsync("pod", "default", follow: true));
        (await reader.ReadLineAsync(_end)).Should().Be("1");
        (await Client.CoreV1.ReadNamespacedPodAsync("pod", "default")).Status.Phase.Should().Be("Running", "the first line came before the end");
        (await reader.ReadToEndAsync(_end)).Should().Be("2\n3\n4\n");
    }

    [Fact]
    public async Task Log_WhereThereIsNone_SaysWhy()
    {
        _cluster.Programs.BadImage(Objects.Image);
        await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod().As<V1Pod>(), "default");
        await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", "default"), p => p.Status.ContainerStatuses?[0].State.Waiting?.Reason == "ImagePullBackOff");
        async Task<string> RefusalAsync(Func<Task> read)
        {
            var refusal = (await read.Should().ThrowAsync<HttpOperationException>()).Which;
            refusal.Response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
            return refusal.Response.Content;
        }
        (await RefusalAsync(() => LogAsync())).Should().Contain("""container \"main\" in pod \"pod\" is waiting to start: trying and failing to pull image""");
        (await RefusalAsync(() => LogAsync(container: "other"))).Should().Contain("container other is not valid for pod pod");
        (await RefusalAsync(() => Client.CoreV1.ReadNamespacedPodLogAsync("pod", "default", previous: true))).Should().Contain("""previous terminated container \"main\" in pod \"pod\" not found""");
    }

    [Fact]
    public async Task Log_CutInTheMiddle_BreaksTheConnection()
    {
        await RunAsync(new ScriptedProgram { Lines = ["a long enough line"] });
        _cluster.Faults.CutStreams(1, "pods/log");
        await FluentActions.Awaiting(() => LogAsync()).Should().ThrowAsync<Exception>();
        (await LogAsync()).Should().Be("a long enough line\n");
    }

    [Fact]
    public async Task Proxy_ForwardsAndKeepsTheCallersToken()
    {
        await RunAsync(new ScriptedProgram { Http = context => context.Response.WriteAsync($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} auth={context.Request.Headers.Authorization} x={context.Request.Headers["X-Mine"]}") });
        using var http = Http();
        http.DefaultRequestHeaders.Add("X-Mine", "kept");
        foreach (var name in new[] { "svc", "svc:http", "svc:80", "http:svc:http" })
            (await http.GetStringAsync($"/api/v1/namespaces/default/services/{name}/proxy/a/b%20c?d=e", _end)).Should().Be("GET /a/b%20c?d=e auth= x=kept");
        (await http.GetStringAsync("/api/v1/namespaces/default/pods/pod:8080/proxy/", _end)).Should().StartWith("GET / ");
        using var bare = await http.GetAsync("/api/v1/namespaces/default/services/svc/proxy", _end);
        bare.StatusCode.Should().Be(HttpStatusCode.MovedPermanently);
        bare.Headers.Location!.OriginalString.Should().EndWith("/proxy/");
    }

    [Fact]
    public async Task Proxy_RewritesRedirectsAndLinks()
    {
        await RunAsync(new ScriptedProgram
        {
            Http = context =>
            {
                if (context.Request.Path == "/go")
                {
                    context.Response.Redirect("/login?next=1");
                    return Task.CompletedTask;
                }
                context.Response.ContentType = "text/html";
                return context.Response.WriteAsync("<a href=\"/tree\">x</a><a href=\"tree\">y</a>");
            },
        });
        using var http = Http();
        using var redirect = await http.GetAsync("/api/v1/namespaces/default/services/svc:http/proxy/go", _end);
        redirect.Headers.Location!.OriginalString.Should().Be("/api/v1/namespaces/default/services/svc:http/proxy/login?next=1");
        (await http.GetStringAsync("/api/v1/namespaces/default/services/svc:http/proxy/page", _end)).Should().Be("<a href=\"/api/v1/namespaces/default/services/svc:http/proxy/tree\">x</a><a href=\"tree\">y</a>");
    }

    [Fact]
    public async Task Proxy_WebSocketAndEventStream_FlowBothWays()
    {
        await RunAsync(new ScriptedProgram
        {
            Http = async context =>
            {
                if (context.WebSockets.IsWebSocketRequest)
                {
                    using var accepted = await context.WebSockets.AcceptWebSocketAsync();
                    var buffer = new byte[100];
                    var got = await accepted.ReceiveAsync(buffer, default);
                    await accepted.SendAsync(Encoding.UTF8.GetBytes("echo " + Encoding.UTF8.GetString(buffer, 0, got.Count)), WebSocketMessageType.Text, true, default);
                    await accepted.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
                    return;
                }
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("data: 1\n\n");
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            },
        });
        using var invoker = new HttpMessageInvoker(ClusterFixture.HandlerFor(Configuration()));
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {_cluster.TokenFor(Portal.Testing.Kubernetes.Access.ClusterUser.Admin)}");
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{_cluster.Url.Port}/api/v1/namespaces/default/services/svc:http/proxy/ws"), invoker, _end);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, _end);
        var answer = new byte[100];
        var received = await socket.ReceiveAsync(answer, _end);
        Encoding.UTF8.GetString(answer, 0, received.Count).Should().Be("echo hello");
        using var http = Http();
        using var events = new StreamReader(await http.GetStreamAsync("/api/v1/namespaces/default/services/svc:http/proxy/events", _end));
        (await events.ReadLineAsync(_end).AsTask().WaitAsync(TimeSpan.FromSeconds(5), _end)).Should().Be("data: 1");
    }

    [Fact]
    public async Task Proxy_NothingThere_SaysSo()
    {
        await Client.CoreV1.CreateNamespacedServiceAsync(Objects.Service().As<V1Service>(), "default");
        using var http = Http();
        async Task<(HttpStatusCode, string)> GetAsync(string name)
        {
            using var answer = await http.GetAsync($"/api/v1/namespaces/default/services/{name}/proxy/", _end);
            return (answer.StatusCode, (string)System.Text.Json.Nodes.JsonNode.Parse(await answer.Content.ReadAsStringAsync(_end))!["message"]!);
        }
        (await GetAsync("svc")).Should().Be((HttpStatusCode.ServiceUnavailable, "no endpoints available for service \"svc\""));
        (await GetAsync("none")).Should().Be((HttpStatusCode.NotFound, "services \"none\" not found"));
        (await GetAsync("svc:other")).Should().Be((HttpStatusCode.ServiceUnavailable, "no service port \"other\" found for service \"svc\""));
    }

    [Fact]
    public async Task PortForward_CarriesBytes()
    {
        await RunAsync(new ScriptedProgram { Http = context => context.Response.WriteAsync("through") });
        using var socket = await Client.WebSocketNamespacedPodPortForwardAsync("pod", "default", [8080], "v4.channel.k8s.io", cancellationToken: _end);
        using var streams = new StreamDemuxer(socket, StreamType.PortForward);
        streams.Start();
        await using var stream = streams.GetStream((byte?)0, (byte?)0);
        await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), _end);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().EndsWith("through", StringComparison.Ordinal))
            text.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, _end).AsTask().WaitAsync(TimeSpan.FromSeconds(5), _end)));
        text.ToString().Should().StartWith("HTTP/1.");
    }

    [Fact]
    public async Task Endpoints_NameThePodsThatAreReady()
    {
        await RunAsync(new ScriptedProgram());
        var pod = await Client.CoreV1.ReadNamespacedPodAsync("pod", "default");
        var endpoints = await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedEndpointsAsync("svc", "default"), e => e.Subsets?[0].Addresses?.Count == 1);
        endpoints.Subsets[0].Addresses[0].Ip.Should().Be(pod.Status.PodIP);
        endpoints.Subsets[0].Ports[0].Port.Should().Be(8080);
        (await Client.DiscoveryV1.ListNamespacedEndpointSliceAsync("default", labelSelector: "kubernetes.io/service-name=svc")).Items.Should().ContainSingle().Which.Endpoints[0].Conditions.Ready.Should().BeTrue();
    }
}
