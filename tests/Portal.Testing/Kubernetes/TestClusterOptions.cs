using System.Collections.Concurrent;

namespace Portal.Testing.Kubernetes;

/// <summary>How a test cluster behaves.</summary>
public sealed record TestClusterOptions
{
    /// <summary>What <c>/version</c> says.</summary>
    public string Version { get; init; } = "v1.32.4";

    /// <summary>Seed with a node <c>node-1</c>, a default storage class <c>standard</c> and one that waits for its first consumer, <c>standard-wait</c>.</summary>
    public bool Seed { get; init; } = true;

    /// <summary>Serve metrics.k8s.io. Can be switched while it runs: <see cref="TestCluster.HasMetrics"/>.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Run the commands of containers that no program names as processes of this machine.</summary>
    public bool RunProcesses { get; init; }

    /// <summary>Folders of this machine that such processes may read, beside the system's.</summary>
    public IReadOnlyList<string> SharedFolders { get; init; } = [];

    /// <summary>Where volumes are kept; a temporary folder that is removed at the end, unless given.</summary>
    public string DataFolder { get; init; } = Path.Combine(Path.GetTempPath(), "portal-cluster-" + Guid.NewGuid().ToString("N")[..12]);

    /// <summary>How long a second of a spec takes: grace periods, deadlines, probe periods, tolerations. Shorter makes tests fast.</summary>
    public TimeSpan SecondLength { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between bookmarks of a watch; about a minute on a real server.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many changes of each kind a watch can go back.</summary>
    public int WatchHistory { get; init; } = 20_000;

    /// <summary>How long pulling an image takes.</summary>
    public TimeSpan PullTime { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>First wait after an image could not be pulled; doubles up to five seconds.</summary>
    public TimeSpan PullBackOff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>First wait before a container is started again; doubles.</summary>
    public TimeSpan RestartBackOff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Wait before something that is missing is looked for again.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Storage classes that make no volumes while they are named here.</summary>
    public ConcurrentDictionary<string, byte> BrokenProvisioners { get; } = new();

    internal TimeSpan Seconds(long seconds) => TimeSpan.FromTicks((long)Math.Min(SecondLength.Ticks * (double)seconds, TimeSpan.FromDays(20).Ticks));

    internal string ServiceAddress(int number) => $"10.{96 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}";
}
