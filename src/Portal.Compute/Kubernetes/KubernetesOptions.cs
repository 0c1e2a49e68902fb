using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Portal.Compute.Kubernetes;

/// <summary>How the portal reaches a program on a cluster.</summary>
public enum ClusterReach
{
    /// <summary>Through the API server, by forwarding to the pod's port: works from anywhere that the API server can be reached from.</summary>
    PortForward,
    /// <summary>Straight to the pod's address: for a portal that runs in the cluster's network.</summary>
    Direct,
}

/// <summary>The clusters that workloads may run on: section <c>Kubernetes</c>.</summary>
public sealed record KubernetesOptions
{
    public const string Section = "Kubernetes";

    /// <summary>By the name that workloads refer to, such as <c>cluster-eu</c>.</summary>
    public Dictionary<string, ClusterOptions> Clusters { get; set; } = [];
}

/// <summary>One cluster as a compute target: section <c>Kubernetes:Clusters:{name}</c>.</summary>
public sealed record ClusterOptions
{
    /// <summary>True: the cluster that the portal itself runs in, with its service account.</summary>
    public bool InCluster { get; set; }
    /// <summary>A kubeconfig file; used where <see cref="InCluster"/> is false.</summary>
    public string? Kubeconfig { get; set; }
    /// <summary>The context of the kubeconfig; null: its current one.</summary>
    public string? Context { get; set; }
    /// <summary>Each team gets the namespace of this prefix and its name.</summary>
    public string NamespacePrefix { get; set; } = "portal-";
    /// <summary>Groups of machines that the cluster's autoscaler begins at need; what is there already needs no mention.</summary>
    public List<NodePool> Pools { get; set; } = [];
    /// <summary>For the volumes of workloads; null: the cluster's default.</summary>
    public string? StorageClass { get; set; }
    /// <summary>For the volumes of endpoints with several replicas, which machines read and write at the same time (ReadWriteMany), such as EFS, Filestore or CephFS; null: there are no such endpoints here.</summary>
    public string? SharedStorageClass { get; set; }
    public ClusterReach Reach { get; set; } = ClusterReach.PortForward;
    /// <summary>Where the portal's pods run: they may reach workloads, which else only answer inside their own pod.</summary>
    public string PortalNamespace { get; set; } = "portal";
    /// <summary>An image with Python 3.9 or later, for the small pods that read the volumes of workloads which have ended.</summary>
    public string FilesImage { get; set; } = "docker.io/library/python:3.13-alpine";
    /// <summary>How long one call to the API server may take.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(15);
    /// <summary>A watch that says nothing for so long, bookmarks included, is taken for dead and begun again.</summary>
    public TimeSpan WatchSilence { get; set; } = TimeSpan.FromMinutes(2);
    /// <summary>How many logs are followed at once, each on a connection of its own; others are read every few seconds.</summary>
    public int LogFollows { get; set; } = 200;
    /// <summary>A log that nobody has read for so long is followed no more.</summary>
    public TimeSpan LogFollowIdle { get; set; } = TimeSpan.FromSeconds(30);
    /// <summary>How often the cluster's metrics API, where it has one, is asked what pods use.</summary>
    public TimeSpan MetricsEvery { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Machines of one kind that an autoscaler (Cluster Autoscaler, Karpenter) begins when pods need them, also when there is none yet.</summary>
public sealed record NodePool
{
    /// <summary>As the label <c>node.kubernetes.io/instance-type</c> will say it, such as <c>g5.xlarge</c>; priced by it.</summary>
    public string InstanceType { get; set; } = "";
    public string Region { get; set; } = "";
    public string Zone { get; set; } = "";
    /// <summary>Its machines can be taken back at any time.</summary>
    public bool Spot { get; set; }
    /// <summary>vCPUs that pods can have of one machine: a little less than it has.</summary>
    public decimal Vcpu { get; set; }
    /// <summary>Memory in GiB that pods can have of one machine.</summary>
    public decimal MemoryGib { get; set; }
    /// <summary>As hardware profiles name it, such as <c>A10G</c>; null: none.</summary>
    public string? GpuKind { get; set; }
    /// <summary>GPUs of one machine.</summary>
    public int Gpus { get; set; }
    /// <summary>How many machines of it there may be.</summary>
    public int Most { get; set; } = 1;
}

/// <summary>Finds every wrong setting at once and names its key.</summary>
public sealed partial class KubernetesOptionsValidator : IValidateOptions<KubernetesOptions>
{
    public ValidateOptionsResult Validate(string? name, KubernetesOptions options)
    {
        List<string> errors = [];
        foreach (var (cluster, settings) in options.Clusters) Check(cluster, settings, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void Check(string cluster, ClusterOptions settings, List<string> errors)
    {
        var key = $"{KubernetesOptions.Section}:Clusters:{cluster}";
        void Require(bool good, string suffix, string rule)
        {
            if (!good) errors.Add($"{key}{suffix} {rule}");
        }
        Require(TargetName().IsMatch(cluster) && cluster is not ("local" or "ec2"), "", "must be named with 1 to 40 small letters, digits and hyphens, and not local or ec2.");
        Require(settings.InCluster != settings.Kubeconfig is { Length: > 0 }, "", "needs either InCluster=true or Kubeconfig, the path of a file.");
        Require(settings.Kubeconfig is not { Length: > 0 } file || (Path.IsPathRooted(file) && File.Exists(file)), ":Kubeconfig", "must be the absolute path of a file that the portal can read.");
        Require(settings.Context is null || !settings.InCluster, ":Context", "belongs to a kubeconfig.");
        Require(NamespacePrefix().IsMatch(settings.NamespacePrefix), ":NamespacePrefix", "must begin with a small letter and hold 1 to 20 small letters, digits and hyphens.");
        for (var i = 0; i < settings.Pools.Count; i++)
        {
            var pool = settings.Pools[i];
            Require(pool.InstanceType.Length > 0, $":Pools:{i}:InstanceType", "must name a type of machine.");
            Require(pool is { Vcpu: > 0, MemoryGib: > 0 }, $":Pools:{i}", "needs Vcpu and MemoryGib, what pods can have of one machine.");
            Require(pool.Gpus >= 0 && pool.Gpus > 0 == pool.GpuKind is { Length: > 0 }, $":Pools:{i}", "needs Gpus and GpuKind together, or neither.");
            Require(pool.Most is >= 1 and <= 10_000, $":Pools:{i}:Most", "must be 1 to 10,000.");
        }
        Require(settings.FilesImage.Length > 0, ":FilesImage", "must name an image.");
        Require(settings.CallTimeout > TimeSpan.Zero && settings.CallTimeout <= TimeSpan.FromMinutes(2), ":CallTimeout", "must be more than 0 and at most 2 minutes.");
        Require(settings.LogFollows is >= 0 and <= 10_000, ":LogFollows", "must be 0 to 10,000.");
        Require(settings.LogFollowIdle >= TimeSpan.FromSeconds(5) && settings.LogFollowIdle <= TimeSpan.FromHours(1), ":LogFollowIdle", "must be 5 seconds to 1 hour.");
        Require(settings.MetricsEvery >= TimeSpan.FromSeconds(5) && settings.MetricsEvery <= TimeSpan.FromHours(1), ":MetricsEvery", "must be 5 seconds to 1 hour.");
        Require(settings.WatchSilence >= TimeSpan.FromSeconds(5), ":WatchSilence", "must be at least 5 seconds.");
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
    private static partial Regex TargetName();

    [GeneratedRegex("^[a-z][a-z0-9-]{0,19}$")]
    private static partial Regex NamespacePrefix();
}
