using System.Text.Json.Serialization;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Domain.Catalog;

/// <summary>Everything about one item version: the content of one catalog file. Immutable once published; stored as JSON.</summary>
public sealed record ItemSpec
{
    public required string Slug { get; init; }
    public required string Name { get; init; }
    public required WorkloadKind Kind { get; init; }
    /// <summary>Category slug.</summary>
    public required string Category { get; init; }
    /// <summary>One line for cards.</summary>
    public required string Summary { get; init; }
    /// <summary>Markdown.</summary>
    public string Description { get; init; } = "";
    /// <summary>A name from the portal's icon set.</summary>
    public string Icon { get; init; } = "box";
    /// <summary>Slug of the team that supports it.</summary>
    public string Owner { get; init; } = "platform";
    public IReadOnlyList<string> Tags { get; init; } = [];
    /// <summary>public, internal or restricted.</summary>
    public string DataClass { get; init; } = "internal";
    public required string Version { get; init; }
    /// <summary>What changed in this version.</summary>
    public string Notes { get; init; } = "";
    public IReadOnlyList<ParameterSpec> Parameters { get; init; } = [];
    /// <summary>Allowed hardware profile slugs; the first is the default.</summary>
    public required IReadOnlyList<string> Hardware { get; init; }
    public ItemDefaults Defaults { get; init; } = new();
    /// <summary>The first is the one that Open opens; none for runs.</summary>
    public IReadOnlyList<PortSpec> Ports { get; init; } = [];
    public IReadOnlyList<StorageSpec> Storage { get; init; } = [];
    public RetrySpec Retry { get; init; } = new();
    public CheckpointSpec Checkpoint { get; init; } = new();
    public ActivitySpec Activity { get; init; } = new();
    /// <summary>Environment values; templates allowed.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    /// <summary>Files put into the workload's folder, by relative name.</summary>
    public IReadOnlyDictionary<string, FileSource> Files { get; init; } = new Dictionary<string, FileSource>();
    /// <summary>Names of map parameters spread into the environment (never PORTAL_*).</summary>
    public IReadOnlyList<string> EnvironmentFrom { get; init; } = [];
    /// <summary>By target kind: local, kubernetes, ec2; the first is the default.</summary>
    public required IReadOnlyList<DeploymentSpec> Deployments { get; init; }

    /// <summary>The parameter that names a finished run, or null; an item has one at most.</summary>
    public ParameterSpec? FindRunParameter() => Parameters.FirstOrDefault(p => p.Type == ParameterType.Run);

    /// <summary>True when the program listens and asks nobody for a credential.</summary>
    public bool ListensUnguarded => Ports.Any(p => p.Auth == "none");

    /// <summary>The deployment for a kind of target, or null when the item cannot run there.</summary>
    public DeploymentSpec? DeploymentFor(string targetKind) => Deployments.FirstOrDefault(d => d.Target == targetKind);
}

/// <summary>Types of parameters.</summary>
public enum ParameterType { String, Text, Integer, Number, Boolean, Enum, Secret, StringList, Map, Duration, Run, Artifact }

/// <summary>A typed input of an item version.</summary>
public sealed record ParameterSpec
{
    public required string Name { get; init; }
    public required ParameterType Type { get; init; }
    public string? Label { get; init; }
    public string? Help { get; init; }
    /// <summary>The default as JSON text, or null when there is none.</summary>
    public string? DefaultJson { get; init; }
    /// <summary>True when a launch without a value is refused: no default was given.</summary>
    public bool Required { get; init; }
    public ParameterConstraints Constraints { get; init; } = new();
    /// <summary>Heading under which the launch form shows it.</summary>
    public string? Group { get; init; }
    /// <summary>False: set by admins in the item only, not shown in the form.</summary>
    public bool UserFacing { get; init; } = true;
    /// <summary>True for secret parameters.</summary>
    public bool Secret => Type == ParameterType.Secret;
}

/// <summary>What a value must satisfy. Null means no constraint. Lengths are in UTF-16 code units. For a stringList or a map, lengths and the pattern apply to each element or value.</summary>
public sealed record ParameterConstraints
{
    /// <summary>Smallest number; for a duration in seconds.</summary>
    public decimal? Min { get; init; }
    /// <summary>Largest number; for a duration in seconds.</summary>
    public decimal? Max { get; init; }
    public int? MinLength { get; init; }
    public int? MaxLength { get; init; }
    /// <summary>Regular expression the whole value must match; without lookarounds and back-references.</summary>
    public string? Pattern { get; init; }
    /// <summary>Allowed values of an enum.</summary>
    public IReadOnlyList<string>? Values { get; init; }
    public int? MinItems { get; init; }
    public int? MaxItems { get; init; }
    /// <summary>For a run: slugs of the items it may have been launched from; null: any.</summary>
    public IReadOnlyList<string>? Items { get; init; }
}

/// <summary>What applies when the person says nothing else.</summary>
public sealed record ItemDefaults
{
    /// <summary>Hard end after the first start; null: none.</summary>
    public TimeSpan? Lifetime { get; init; } = TimeSpan.FromHours(8);
    public TimeSpan? IdleTimeout { get; init; }
    public CapacityType? Capacity { get; init; }
}

/// <summary>A port the program listens on.</summary>
public sealed record PortSpec
{
    public string Name { get; init; } = "http";
    public ReadySpec Ready { get; init; } = new();
    /// <summary>
    /// How the program asks for the allocation's credential: <c>bearer</c> (Authorization: Bearer), <c>token</c> (Authorization: token, as Jupyter wants it), <c>basic</c>
    /// (user <c>portal</c>, the credential as password) or <c>none</c>: it does not ask, so a target must keep everybody but the portal away from it.
    /// </summary>
    public string Auth { get; init; } = "bearer";
    /// <summary>True: the program serves from the root and cannot be told a path. It gets the root of its workload's own host, and calls below <c>/w/{id}/</c> reach it without that prefix.</summary>
    public bool Root { get; init; }
    /// <summary>
    /// The port a container listens on, where it cannot be told one: a number, or the template of an integer parameter. It becomes <c>{{ port }}</c> there. Null: the target chooses, as it always does for
    /// programs on the portal's host.
    /// </summary>
    public string? ContainerPort { get; init; }
}

/// <summary>When a port counts as ready: GET <see cref="Path"/> (a template) answers 200–399. Where the path comes out empty, in a container only, it is enough that the port takes connections.</summary>
public sealed record ReadySpec
{
    public string Path { get; init; } = "{{ basePath }}";
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>A folder of the workload. <see cref="Keep"/>: survives stop and start.</summary>
/// <param name="SizeGib">In GiB; where <see cref="SizeParameter"/> names a parameter, what holds without a value.</param>
public sealed record StorageSpec(string Name, int SizeGib, bool Keep)
{
    /// <summary>The integer parameter that says the size in GiB; null: <see cref="SizeGib"/> does.</summary>
    public string? SizeParameter { get; init; }
    /// <summary>Where a container sees the folder; templates allowed. Null, or empty once rendered: where the target puts it.</summary>
    public string? MountPath { get; init; }
}

/// <summary>When a failed attempt is tried again.</summary>
public sealed record RetrySpec
{
    /// <summary>Of interruption, noCapacity, error.</summary>
    public IReadOnlyList<string> On { get; init; } = ["interruption", "noCapacity"];
    /// <summary>Error attempts in all; interruptions never use them up.</summary>
    public int Attempts { get; init; } = 1;
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>How the program is told to save and end.</summary>
public sealed record CheckpointSpec
{
    public string Signal { get; init; } = "SIGTERM";
    /// <summary>Run instead of sending the signal when given; templates allowed.</summary>
    public IReadOnlyList<string>? Command { get; init; }
    /// <summary>Time between the signal and the kill.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>How activity is found out: none, jupyter, requests.</summary>
public sealed record ActivitySpec
{
    public string Probe { get; init; } = "none";
    /// <summary>What happens after being idle, in order; none: only the workload's own idle time-out counts.</summary>
    public IReadOnlyList<IdleRule> Rules { get; init; } = [];
}

/// <summary>After <paramref name="IdleFor"/> without activity, and not before <paramref name="MinRunning"/> since the start, do <paramref name="Then"/>.</summary>
/// <param name="Then"><c>stop</c>.</param>
public sealed record IdleRule(TimeSpan IdleFor, TimeSpan MinRunning, string Then);

/// <summary>Where a file's content comes from: shipped beside the item (<see cref="Path"/>), or written from a text parameter (<see cref="Parameter"/>).</summary>
public sealed record FileSource(string? Path, string? Parameter);

/// <summary>How an item runs on one kind of target.</summary>
public sealed record DeploymentSpec
{
    /// <summary>local, kubernetes or ec2.</summary>
    public required string Target { get; init; }
    /// <summary>Programs that must be on the workload user's PATH (local).</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];
    /// <summary>Container image: templates in its tag, or as a whole the template of one string parameter.</summary>
    public string? Image { get; init; }
    /// <summary>Argument vector; templates allowed inside each element. In a container it replaces the image's entrypoint; empty there: the entrypoint runs.</summary>
    public required IReadOnlyList<string> Command { get; init; }
    /// <summary>Arguments after the command, or after the image's entrypoint where there is none (kubernetes).</summary>
    public IReadOnlyList<string> Args { get; init; } = [];
    /// <summary>Folder the program starts in; templates allowed. Null, or empty once rendered: the image's own (kubernetes).</summary>
    public string? WorkingDir { get; init; }
    /// <summary>Environment of this deployment alone; it wins over the item's. Templates allowed.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    /// <summary>True: nothing of the image can be written to, only the workload's folders and /tmp (kubernetes).</summary>
    public bool ReadOnlyRoot { get; init; }
    /// <summary>Further groups of the program. Images made to run as any user give their files to group 0, which gives no rights outside the container (kubernetes).</summary>
    public IReadOnlyList<int> Groups { get; init; } = [];
    /// <summary>What runs it in the cluster; null: <see cref="ClusterEngine.Auto"/>.</summary>
    public ClusterEngine? Engine { get; init; }
    /// <summary>How many copies of an endpoint answer; null: one (kubernetes).</summary>
    public ReplicaSpec? Replicas { get; init; }
}

/// <summary>How many copies of an endpoint run, by integer parameters; between the two they follow the load.</summary>
/// <param name="Least">The parameter that says how many there are always.</param>
/// <param name="Most">The parameter that says how many there are at most; one that is smaller than the least means the least.</param>
/// <param name="CpuPercent">More are begun when they use more of their vCPUs than this on average, 1–100.</param>
public sealed record ReplicaSpec(string Least, string Most, int CpuPercent)
{
    /// <summary>More of one endpoint than anybody means.</summary>
    public const int Limit = 100;
}

/// <summary>From how many to how many copies of a program run.</summary>
public sealed record ReplicaRange(int Least, int Most)
{
    public static ReplicaRange One { get; } = new(1, 1);

    /// <summary>Their number follows the load.</summary>
    public bool Scales => Most > Least;
}

/// <summary>What turns a deployment into pods on a cluster.</summary>
public enum ClusterEngine
{
    /// <summary>The portal chooses. There is one engine so far: <see cref="Plain"/>.</summary>
    Auto,
    /// <summary>Kubernetes' own objects: Jobs, StatefulSets and Deployments.</summary>
    Plain,
}

/// <summary>What a workload needs.</summary>
public sealed record HardwareProfileSpec
{
    public required string Slug { get; init; }
    public required string Name { get; init; }
    public required decimal Vcpu { get; init; }
    public required decimal MemoryGib { get; init; }
    public GpuSpec? Gpu { get; init; }
    public int DiskGib { get; init; } = 10;
    public bool Restricted { get; init; }
    /// <summary>How many machines' worth a workload may have of it; 1 in the catalog. Room, limits, policies and quotes count all of them.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>What all replicas have together.</summary>
    [JsonIgnore]
    public ResourceAmount Altogether => new(Vcpu * Replicas, MemoryGib * Replicas, (Gpu?.Count ?? 0) * Replicas);
}

/// <summary>GPUs of a profile; memory is per GPU.</summary>
public sealed record GpuSpec(string Kind, int Count, decimal MemoryGib);

/// <summary>A problem area of ML engineering.</summary>
public sealed record CategorySpec(string Slug, string Name, string Purpose, string Icon, int Order);

/// <summary>Validated parameter values by name. Values are JSON elements in the parameter's shape: string, number, boolean, array of strings, object of strings.</summary>
public sealed class ParameterValues(IReadOnlyDictionary<string, System.Text.Json.JsonElement> values)
{
    public IReadOnlyDictionary<string, System.Text.Json.JsonElement> ByName { get; } = values;

    public static ParameterValues Empty { get; } = new(new Dictionary<string, System.Text.Json.JsonElement>());
}
