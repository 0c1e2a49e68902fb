using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Portal.Compute.Tests.Kubernetes.Cluster;
using Portal.Testing.Kubernetes;

[assembly: AssemblyFixture(typeof(ClusterFixture))]

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>The cluster that tests share: the real one that <c>PORTAL_TEST_KUBECONFIG</c> names, else one in this process.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly List<string> _namespaces = [];

    /// <summary>The cluster in this process; null when a real one is used.</summary>
    public TestCluster? Test { get; private set; }

    public IKubernetes Client { get; private set; } = null!;

    /// <summary>Speaks to the server without the client library's forms.</summary>
    public HttpClient Http { get; private set; } = null!;

    public bool IsReal => Test is null;

    public async ValueTask InitializeAsync()
    {
        KubernetesClientConfiguration configuration;
        if (Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 } path)
        {
            configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(path);
        }
        else
        {
            Test = await TestCluster.StartAsync(new TestClusterOptions { SecondLength = TimeSpan.FromMilliseconds(50), BookmarkInterval = TimeSpan.FromMilliseconds(100) });
            configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(Test.AdminKubeconfig)));
        }
        Client = new k8s.Kubernetes(configuration);
        Http = HttpFor(configuration);
    }

    /// <summary>A client over HTTP with what a configuration says: certificate authority and token.</summary>
    public static HttpClient HttpFor(KubernetesClientConfiguration configuration)
    {
        var http = new HttpClient(HandlerFor(configuration)) { BaseAddress = new Uri(configuration.Host) };
        if (configuration.AccessToken is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", configuration.AccessToken);
        return http;
    }

    /// <summary>Connections that trust the configuration's certificate authority.</summary>
    public static SocketsHttpHandler HandlerFor(KubernetesClientConfiguration configuration)
    {
#pragma warning disable CA5400 // The authority is made for the test; nothing could be revoked.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            configuration.SkipTlsVerify || k8s.Kubernetes.CertificateValidationCallBack(new object(), configuration.SslCaCerts, certificate!, chain!, System.Net.Security.SslPolicyErrors.RemoteCertificateChainErrors);
#pragma warning restore CA5400
        if (configuration.ClientCertificateData is not null)
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPem(Text(configuration.ClientCertificateData), Text(configuration.ClientCertificateKeyData))];
        return handler;
    }

    private static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    /// <summary>A namespace of its own, removed at the end.</summary>
    public async Task<string> NamespaceAsync(Dictionary<string, string>? labels = null)
    {
        var name = "portal-test-" + Guid.NewGuid().ToString("N")[..10];
        await Client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name, Labels = labels } });
        lock (_namespaces)
            _namespaces.Add(name);
        await Eventually.BecomesTrueAsync(async () => (await Client.CoreV1.ListNamespacedServiceAccountAsync(name)).Items.Any(a => a.Metadata.Name == "default"));
        return name;
    }

    /// <summary>Sends JSON and gives the answer with its status.</summary>
    public async Task<(HttpStatusCode Code, JsonNode Body, HttpResponseMessage Answer)> SendAsync(HttpMethod method, string path, object? body = null, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body as string ?? (body as JsonNode)?.ToJsonString() ?? KubernetesJson.Serialize(body), Encoding.UTF8, new MediaTypeHeaderValue(mediaType));
        var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text), answer);
    }

    public async ValueTask DisposeAsync()
    {
        if (IsReal)
        {
            foreach (var name in _namespaces)
                await Client.CoreV1.DeleteNamespaceAsync(name);
        }
        Http.Dispose();
        Client.Dispose();
        if (Test is not null)
            await Test.DisposeAsync();
    }
}

/// <summary>Waiting for what a cluster does by itself.</summary>
internal static class Eventually
{
    /// <summary>The test's cancellation, at the latest in a minute: for streams that might never end.</summary>
    internal static CancellationToken WithinAMinute()
    {
        var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(TimeSpan.FromMinutes(1));
        return end.Token;
    }

    internal static async Task BecomesTrueAsync(Func<Task<bool>> holds, int seconds = 30, Func<string>? what = null)
    {
        var end = Environment.TickCount64 + (seconds * 1000L);
        while (!await holds())
        {
            if (Environment.TickCount64 > end)
                throw new TimeoutException($"Did not become so within {seconds} s. {what?.Invoke()}");
            await Task.Delay(15);
        }
    }

    /// <summary>Reads again and again until the value will do.</summary>
    internal static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> willDo, int seconds = 30)
    {
        var last = await read();
        await BecomesTrueAsync(async () => willDo(last = await read()), seconds, () => "Last: " + KubernetesJson.Serialize(last));
        return last;
    }

    /// <summary>Waits until reading answers 404.</summary>
    internal static Task GoneAsync(Func<Task> read, int seconds = 30) => BecomesTrueAsync(async () =>
    {
        try
        {
            await read();
            return false;
        }
        catch (k8s.Autorest.HttpOperationException gone) when (gone.Response.StatusCode == HttpStatusCode.NotFound)
        {
            return true;
        }
    }, seconds);
}
