using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Portal.Compute.Kubernetes;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>A cluster that runs real programs, and the portal's target on it.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-kubeconfig-").FullName;
    private readonly List<KubernetesTarget> _targets = [];

    public TestCluster Cluster { get; private set; } = null!;

    public KubernetesTarget Target { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        Cluster = await TestCluster.StartAsync(new TestClusterOptions { RunProcesses = true });
        Target = Open();
    }

    /// <summary>Another process of the portal, as far as the cluster can tell.</summary>
    internal KubernetesTarget Open(Action<ClusterOptions>? adjust = null, string? kubeconfig = null, ILogger<KubernetesTarget>? logger = null)
    {
        var file = Path.Combine(_folder, $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(file, kubeconfig ?? Cluster.AdminKubeconfig);
        var options = new ClusterOptions { Kubeconfig = file };
        adjust?.Invoke(options);
        var target = new KubernetesTarget("cluster", options, TimeProvider.System, logger ?? NullLogger<KubernetesTarget>.Instance);
        lock (_targets) _targets.Add(target);
        return target;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var target in _targets) await target.DisposeAsync();
        await Cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>With room for everything that the tests of a class leave running.</summary>
public sealed class RoomyClusterFixture : ClusterFixture
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Cluster.Nodes.Add("large", capacity: new Dictionary<string, string> { ["cpu"] = "64", ["memory"] = "256Gi" });
    }
}
