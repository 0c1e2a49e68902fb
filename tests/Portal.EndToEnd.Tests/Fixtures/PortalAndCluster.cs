using Portal.Testing.Kubernetes;
using Xunit;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>A portal that may use a cluster, which runs real programs, and nothing else.</summary>
public sealed class PortalAndCluster : IAsyncLifetime
{
    /// <summary>The cluster's name as a compute target.</summary>
    public const string Name = "cluster-eu";

    private readonly string _kubeconfig = Path.Combine(Path.GetTempPath(), $"portal-e2e-{Guid.NewGuid():N}.yaml");

    public TestCluster Cluster { get; private set; } = null!;

    public PortalProcess Portal { get; private set; } = null!;

    /// <summary>With these the portal is started, and started again.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { [$"Kubernetes__Clusters__{Name}__Kubeconfig"] = _kubeconfig, [$"Kubernetes__Clusters__{Name}__SharedStorageClass"] = "shared", ["Local__Enabled"] = "false" };

    public async ValueTask InitializeAsync()
    {
        Cluster = await TestCluster.StartAsync(new TestClusterOptions { RunProcesses = true });
        Cluster.Nodes.Add("spot-1", new Dictionary<string, string>
        {
            ["topology.kubernetes.io/region"] = "eu-west-1", ["topology.kubernetes.io/zone"] = "eu-west-1a", ["node.kubernetes.io/instance-type"] = "m6i.xlarge", ["karpenter.sh/capacity-type"] = "spot",
        }, new Dictionary<string, string> { ["cpu"] = "4", ["memory"] = "16Gi" });
        await File.WriteAllTextAsync(_kubeconfig, Cluster.AdminKubeconfig);
        Portal = await PortalProcess.StartAsync(Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        await Cluster.DisposeAsync();
        File.Delete(_kubeconfig);
    }
}
