using System.Globalization;
using System.Text;
using k8s.Models;
using Portal.Compute.Kubernetes.Objects;

namespace Portal.Compute.Kubernetes.Files;

/// <summary>
/// A small pod that hands out, or takes in, one folder of a workload's volume: a volume can only be looked at from inside the cluster, and most workloads have ended by the time somebody wants what they left. It ends by
/// itself soon after it was last asked, and the cluster removes it.
/// </summary>
internal static class FilesJob
{
    /// <summary>Names the job's pod by its workload and folder.</summary>
    public const string Label = ClusterNames.Domain + "files";

    /// <summary>Name of the Secret's key with the token.</summary>
    public const string TokenKey = "FILES_TOKEN";

    private const string Mount = "/portal/volume";
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5), Longest = TimeSpan.FromHours(1);

    public static string NameOf(Guid workloadId, string folder) => $"f-{workloadId}-{folder}";

    public static V1Secret Secret(string space, Guid workloadId, string folder, string token) => new()
    {
        ApiVersion = "v1", Kind = "Secret", Type = "Opaque", Metadata = Meta(space, workloadId, folder), Data = new Dictionary<string, byte[]> { [TokenKey] = Encoding.UTF8.GetBytes(token) },
    };

    /// <param name="besideWorkload">A pod of the workload runs: only on its node can the volume be had too.</param>
    public static V1Job Job(ClusterOptions options, string space, Guid workloadId, string folder, bool writable, bool besideWorkload, string script) => new()
    {
        ApiVersion = "batch/v1", Kind = "Job", Metadata = Meta(space, workloadId, folder),
        Spec = new V1JobSpec
        {
            BackoffLimit = 0, TtlSecondsAfterFinished = 30, ActiveDeadlineSeconds = (long)Longest.TotalSeconds,
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = Meta(space, workloadId, folder).Labels },
                Spec = new V1PodSpec
                {
                    ServiceAccountName = TeamNamespace.ServiceAccount, AutomountServiceAccountToken = false, EnableServiceLinks = false, RestartPolicy = "Never", TerminationGracePeriodSeconds = 1,
                    SecurityContext = PodTemplate.PodSecurity(),
                    Affinity = besideWorkload ? Beside(workloadId) : null,
                    Containers =
                    [
                        new V1Container
                        {
                            Name = ClusterNames.Container, Image = options.FilesImage, Command = ["python3", "-u", "-c", PodTemplate.Literal(script)],
                            Env =
                            [
                                new V1EnvVar { Name = "FILES_ROOT", Value = Mount }, new V1EnvVar { Name = "PORT", Value = ClusterNames.Port.ToString(CultureInfo.InvariantCulture) },
                                new V1EnvVar { Name = "FILES_IDLE_SECONDS", Value = Idle.TotalSeconds.ToString(CultureInfo.InvariantCulture) },
                                new V1EnvVar { Name = TokenKey, ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = NameOf(workloadId, folder), Key = TokenKey } } },
                            ],
                            Ports = [new V1ContainerPort { Name = "http", ContainerPort = ClusterNames.Port, Protocol = "TCP" }],
                            ReadinessProbe = new V1Probe { TcpSocket = new V1TCPSocketAction { Port = ClusterNames.Port }, PeriodSeconds = 1 },
                            Resources = new V1ResourceRequirements { Requests = Amounts("50m"), Limits = Amounts("500m") },
                            SecurityContext = PodTemplate.ContainerSecurity(readOnlyRoot: true),
                            VolumeMounts = [new V1VolumeMount { Name = "volume", MountPath = Mount, SubPath = folder, ReadOnlyProperty = writable ? null : true }],
                        },
                    ],
                    Volumes = [new V1Volume { Name = "volume", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = ClusterNames.OfVolume(workloadId) } }],
                },
            },
        },
    };

    private static V1ObjectMeta Meta(string space, Guid workloadId, string folder) => new()
    {
        Name = NameOf(workloadId, folder), NamespaceProperty = space,
        Labels = new Dictionary<string, string> { ["app.kubernetes.io/managed-by"] = ClusterNames.Manager, [ClusterNames.Workload] = workloadId.ToString(), [Label] = NameOf(workloadId, folder) },
    };

    private static V1Affinity Beside(Guid workloadId) => new()
    {
        PodAffinity = new V1PodAffinity
        {
            RequiredDuringSchedulingIgnoredDuringExecution =
            [
                new V1PodAffinityTerm
                {
                    TopologyKey = "kubernetes.io/hostname",
                    LabelSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [ClusterNames.Workload] = workloadId.ToString() }, MatchExpressions = [new V1LabelSelectorRequirement { Key = ClusterNames.Allocation, OperatorProperty = "Exists" }] },
                },
            ],
        },
    };

    private static Dictionary<string, ResourceQuantity> Amounts(string cpu) => new() { ["cpu"] = new(cpu), ["memory"] = new("128Mi") };
}
