using System.Globalization;
using k8s.Models;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>The pod of an allocation: one container with the program, as restricted as the cluster's strictest standard wants it, whatever the image.</summary>
internal static class PodTemplate
{
    /// <summary>Every folder of the portal's in the container is below it.</summary>
    private const string Root = "/portal/";

    private const string Files = Root + "files", Run = Root + "run", Artifacts = Root + "artifacts", Checkpoints = Root + "checkpoints", Work = "work";

    /// <summary>No image may run as root, and images that name their user in words are refused without a number.</summary>
    private const long User = 1000;

    /// <summary>Templates of commands and environment stand for these.</summary>
    public static RenderPlaces Places(AllocationSpec spec) =>
        new(spec.ItemSpec.Ports.Count == 0 ? null : ClusterNames.Port, spec.BasePath, Files, Root + Work, Artifacts, Checkpoints, spec.Credential) { RunArtifacts = spec.RunArtifacts is null ? "" : Run };

    /// <summary>What the program finds in its environment; what the portal says wins over the item.</summary>
    public static Dictionary<string, string> Environment(AllocationSpec spec, RenderedDeployment rendered)
    {
        var environment = new Dictionary<string, string> { ["HOME"] = Root + Work };
        foreach (var (name, value) in rendered.Environment) environment[name] = value;
        environment["PORTAL_WORKLOAD_ID"] = spec.WorkloadId.ToString();
        environment["PORTAL_ALLOCATION_ID"] = spec.AllocationId.ToString();
        environment["PORTAL_ATTEMPT"] = spec.Attempt.ToString(CultureInfo.InvariantCulture);
        environment["PORTAL_CHECKPOINT_DIR"] = Checkpoints;
        environment["PORTAL_ARTIFACT_DIR"] = Artifacts;
        environment["PORTAL_BASE_PATH"] = spec.BasePath;
        environment["PORTAL_PROXY_TOKEN"] = spec.Credential;
        foreach (var storage in Storages(spec)) environment[$"PORTAL_STORAGE_{storage.Name.ToUpperInvariant().Replace('-', '_')}"] = PlaceOf(storage);
        if (spec.PortalUrl is not null) environment["PORTAL_URL"] = spec.PortalUrl;
        if (spec.ItemSpec.Ports.Count > 0) environment["PORT"] = PortOf(rendered).ToString(CultureInfo.InvariantCulture);
        return environment;
    }

    /// <summary>The workload's folders; <c>work</c> is always among them.</summary>
    public static IReadOnlyList<StorageSpec> Storages(AllocationSpec spec)
    {
        var storages = DeploymentRenderer.Storage(spec.ItemSpec, spec.Parameters);
        return storages.Any(s => s.Name == Work) ? storages : [new StorageSpec(Work, Math.Max(1, spec.Hardware.DiskGib), false), .. storages];
    }

    private static string PlaceOf(StorageSpec storage) => storage.MountPath ?? Root + storage.Name;

    private static int PortOf(RenderedDeployment rendered) => rendered.Port ?? ClusterNames.Port;

    /// <param name="restart"><c>Never</c> for runs, <c>Always</c> for what serves.</param>
    public static V1PodTemplateSpec Of(AllocationSpec spec, RenderedDeployment rendered, IReadOnlyList<FileSecret> files, string restart) => new()
    {
        Metadata = new V1ObjectMeta { Labels = ClusterNames.Labels(spec), Annotations = ClusterNames.Annotations(spec) },
        Spec = new V1PodSpec
        {
            ServiceAccountName = TeamNamespace.ServiceAccount,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            // The pause process is the first one then, so that a program without a handler of its own ends on TERM, and its orphans are reaped.
            ShareProcessNamespace = true,
            RestartPolicy = restart,
            TerminationGracePeriodSeconds = (long)Math.Ceiling(spec.ItemSpec.Checkpoint.Grace.TotalSeconds),
            SecurityContext = PodSecurity(DeploymentOf(spec).Groups),
            Affinity = NodeChoice.Affinity(spec.Capacity, spec.Hardware.Gpu),
            Tolerations = NodeChoice.Tolerations(spec.Capacity, spec.Hardware.Gpu),
            Containers = [Container(spec, rendered, files)],
            Volumes = Volumes(spec, files),
        },
    };

    /// <summary>What the strictest of the cluster's pod security standards asks of a pod.</summary>
    /// <param name="groups">Further groups of the program.</param>
    public static V1PodSecurityContext PodSecurity(IReadOnlyList<int>? groups = null) => new()
    {
        SupplementalGroups = groups is { Count: > 0 } ? [.. groups.Select(g => (long?)g)] : null,
        RunAsNonRoot = true, RunAsUser = User, RunAsGroup = User, FsGroup = User, FsGroupChangePolicy = "OnRootMismatch", SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
    };

    /// <summary>What it asks of a container.</summary>
    public static V1SecurityContext ContainerSecurity(bool readOnlyRoot) => new() { AllowPrivilegeEscalation = false, Capabilities = new V1Capabilities { Drop = ["ALL"] }, ReadOnlyRootFilesystem = readOnlyRoot ? true : null };

    private static V1Container Container(AllocationSpec spec, RenderedDeployment rendered, IReadOnlyList<FileSecret> files) => new()
    {
        Name = ClusterNames.Container,
        Image = rendered.Image,
        Command = Elements(rendered.Command),
        Args = Elements(rendered.Args),
        WorkingDir = rendered.WorkingDir,
        EnvFrom = [new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = ClusterNames.OfAllocation(spec.AllocationId) } }],
        Ports = spec.ItemSpec.Ports.Count == 0 ? null : [new V1ContainerPort { Name = ClusterNames.PortName, ContainerPort = PortOf(rendered), Protocol = "TCP" }],
        StartupProbe = spec.ItemSpec.Ports.Count == 0 ? null : Probe(spec.ItemSpec.Ports[0].Ready, rendered),
        Resources = Resources(spec.Hardware),
        SecurityContext = ContainerSecurity(DeploymentOf(spec).ReadOnlyRoot),
        VolumeMounts = Mounts(spec, files),
        Lifecycle = PreStop(spec.ItemSpec.Checkpoint, rendered) is { } command ? new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = command } } } : null,
    };

    /// <summary>The runtime sends TERM at once. A command of the item's comes before it; for another signal the program has the whole grace, and the hook goes with it when it ends.</summary>
    private static IList<string>? PreStop(CheckpointSpec checkpoint, RenderedDeployment rendered) =>
        rendered.CheckpointCommand is { Count: > 0 } command ? [.. command]
        : checkpoint.Signal == "SIGTERM" ? null
        : ["/bin/sh", "-c", string.Create(CultureInfo.InvariantCulture, $"kill -s {checkpoint.Signal["SIG".Length..]} -- -1; sleep {Math.Ceiling(checkpoint.Grace.TotalSeconds):0}")];

    private static DeploymentSpec DeploymentOf(AllocationSpec spec) => spec.ItemSpec.DeploymentFor("kubernetes")!;

    // None at all: the image's own.
    private static List<string>? Elements(IReadOnlyList<string> elements) => elements.Count == 0 ? null : [.. elements.Select(Literal)];

    /// <summary>Text for a command's element as the program is to get it: <c>$(NAME)</c> and <c>$$</c> mean something to the kubelet, and two dollars give one.</summary>
    public static string Literal(string text) => text.Replace("$", "$$", StringComparison.Ordinal);

    // Once it has answered it stays ready: what a busy program answers later is not the start's business. A program without a path to ask is ready when its port takes connections.
    private static V1Probe Probe(ReadySpec ready, RenderedDeployment rendered) => new()
    {
        HttpGet = rendered.ReadyPath is { Length: > 0 } path ? new V1HTTPGetAction { Path = path, Port = PortOf(rendered) } : null,
        TcpSocket = rendered.ReadyPath is { Length: > 0 } ? null : new V1TCPSocketAction { Port = PortOf(rendered) },
        PeriodSeconds = 1,
        TimeoutSeconds = 5,
        // The portal gives up in its own time and says so; the kubelet must not restart the program meanwhile.
        FailureThreshold = (int)Math.Max(60, ready.Timeout.TotalSeconds * 2),
    };

    private static V1ResourceRequirements Resources(HardwareProfileSpec hardware)
    {
        var amounts = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = new($"{(int)Math.Ceiling(hardware.Vcpu * 1000)}m"),
            ["memory"] = new($"{(int)Math.Ceiling(hardware.MemoryGib * 1024)}Mi"),
        };
        if (hardware.Gpu is { Count: > 0 } gpu) amounts[NodeChoice.GpuResource] = new ResourceQuantity(gpu.Count.ToString(CultureInfo.InvariantCulture));
        return new V1ResourceRequirements { Requests = amounts, Limits = amounts };
    }

    private static List<V1VolumeMount> Mounts(AllocationSpec spec, IReadOnlyList<FileSecret> files)
    {
        List<V1VolumeMount> mounts =
        [
            .. Storages(spec).Select(s => s.Keep ? new V1VolumeMount { Name = "volume", MountPath = PlaceOf(s), SubPath = $"storage/{s.Name}" } : new V1VolumeMount { Name = $"storage-{s.Name}", MountPath = PlaceOf(s) }),
            new() { Name = "volume", MountPath = Artifacts, SubPath = "artifacts" },
            new() { Name = "volume", MountPath = Checkpoints, SubPath = "checkpoints" },
            new() { Name = "tmp", MountPath = "/tmp" },
            // Workers of data loaders share memory here, and the 64 MiB of the runtime's own are soon full.
            new() { Name = "shm", MountPath = "/dev/shm" },
        ];
        if (files.Count > 0) mounts.Add(new V1VolumeMount { Name = "files", MountPath = Files, ReadOnlyProperty = true });
        if (spec.RunArtifacts is not null) mounts.Add(new V1VolumeMount { Name = "volume", MountPath = Run, SubPath = "run", ReadOnlyProperty = true });
        return mounts;
    }

    private static List<V1Volume> Volumes(AllocationSpec spec, IReadOnlyList<FileSecret> files)
    {
        List<V1Volume> volumes =
        [
            new() { Name = "volume", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = ClusterNames.OfVolume(spec.WorkloadId) } },
            .. Storages(spec).Where(s => !s.Keep).Select(s => new V1Volume { Name = $"storage-{s.Name}", EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity($"{s.SizeGib}Gi") } }),
            new() { Name = "tmp", EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity("4Gi") } },
            new() { Name = "shm", EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = new ResourceQuantity($"{(int)Math.Ceiling(spec.Hardware.MemoryGib * 512)}Mi") } },
        ];
        if (files.Count > 0)
            volumes.Add(new V1Volume { Name = "files", Projected = new V1ProjectedVolumeSource { DefaultMode = 0b100_100_100, Sources = [.. files.Select(f => f.Projection())] } });
        return volumes;
    }
}
