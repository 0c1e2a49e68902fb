using k8s;
using Portal.Compute.Kubernetes;
using Portal.Compute.Kubernetes.Objects;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>The target on the real cluster that <c>PORTAL_TEST_KUBECONFIG</c> names, whose administrator it then must be, or on one in this process. Namespaces that come into being on a real one go at the end.</summary>
public sealed class AnyClusterFixture : IAsyncLifetime
{
    private const string Ours = $"{ClusterNames.Instance}=tests";
    private readonly RoomyClusterFixture _inProcess = new();
    private readonly string? _kubeconfig = Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 } path ? path : null;
    private readonly HashSet<string> _found = [];

    public KubernetesTarget Target { get; private set; } = null!;

    public k8s.Kubernetes Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // The one in this process is empty when it is not used.
        await _inProcess.InitializeAsync();
        if (_kubeconfig is null)
        {
            (Target, Client) = (_inProcess.Target, _inProcess.Cluster.Client);
            return;
        }
        Client = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(_kubeconfig));
        _found.UnionWith(await NamespacesAsync());
        Target = _inProcess.Open(o => o.NamespacePrefix = $"portal-test-{Guid.NewGuid().ToString("N")[..6]}-", await File.ReadAllTextAsync(_kubeconfig));
    }

    public async ValueTask DisposeAsync()
    {
        if (_kubeconfig is not null)
        {
            foreach (var name in (await NamespacesAsync()).Except(_found)) await Client.CoreV1.DeleteNamespaceAsync(name);
            Client.Dispose();
        }
        await _inProcess.DisposeAsync();
    }

    private async Task<IEnumerable<string>> NamespacesAsync() => (await Client.CoreV1.ListNamespaceAsync(labelSelector: Ours)).Items.Select(n => n.Metadata.Name);
}
