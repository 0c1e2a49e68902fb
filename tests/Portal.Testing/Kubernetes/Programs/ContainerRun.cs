using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Portal.Testing.Kubernetes.Programs;

/// <summary>One container from its start to its end, as its program sees it.</summary>
public sealed class ContainerRun
{
    private readonly Lazy<IReadOnlyDictionary<string, VolumeFolder>> _mounts = new(() => new Dictionary<string, VolumeFolder>());
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ContainerRun(string @namespace, string pod, string container, IReadOnlyDictionary<string, string> labels)
    {
        Namespace = @namespace;
        Pod = pod;
        Container = container;
        Labels = labels;
    }

    public string Namespace { get; }

    public string Pod { get; }

    /// <summary>The container's name.</summary>
    public string Container { get; }

    /// <summary>The pod's labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    public string Image { get; internal init; } = "";

    public string Node { get; internal init; } = "";

    /// <summary>How often the container was started before.</summary>
    public int Restarts { get; internal init; }

    /// <summary>Command and arguments with <c>$(NAME)</c> filled in.</summary>
    public IReadOnlyList<string> Argv { get; internal init; } = [];

    internal IReadOnlyList<string> RawArgv { get; init; } = [];

    /// <summary>Environment, what comes from secrets, config maps and the pod included.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; internal init; } = new Dictionary<string, string>();

    /// <summary>Where its volumes are on this machine: mount path → folder. Made when first asked for.</summary>
    public IReadOnlyDictionary<string, VolumeFolder> Mounts => _mounts.Value;

    internal Func<IReadOnlyDictionary<string, VolumeFolder>> MountSource
    {
        init => _mounts = new(value);
    }

    /// <summary>Ports the container declares.</summary>
    public IReadOnlyList<int> Ports { get; internal init; } = [];

    /// <summary>The names of those ports that have one.</summary>
    public IReadOnlyDictionary<string, int> PortNames { get; internal init; } = new Dictionary<string, int>();

    /// <summary>The folder it starts in, or null.</summary>
    public string? WorkingFolder { get; internal init; }

    /// <summary>SIGTERM.</summary>
    public CancellationToken Terminating { get; internal init; }

    /// <summary>Where its ports really are: container port → address on this machine.</summary>
    public ConcurrentDictionary<int, IPEndPoint> Doors { get; } = new();

    internal ContainerLog Log { get; init; } = new();

    internal Task<bool> Ready => _ready.Task;

    /// <summary>Tells that it is ready; of programs that say so themselves.</summary>
    public void IsReady() => _ready.TrySetResult(true);

    /// <summary>Prints a line.</summary>
    public void WriteLine(string text) => Log.Add(Encoding.UTF8.GetBytes(text));
}

/// <summary>A volume on this machine.</summary>
/// <param name="Folder">The folder, or the single file where a sub-path is mounted.</param>
/// <param name="IsReadOnly">May the program write there?</param>
public sealed record VolumeFolder(string Folder, bool IsReadOnly);
