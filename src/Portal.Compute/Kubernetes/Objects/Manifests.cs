using k8s;
using k8s.Models;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>The objects of one allocation, without a cluster: what is asked for decides them, and nothing else.</summary>
/// <param name="Volume">The workload's, which outlives the allocation.</param>
/// <param name="Before">In the order in which they must be there.</param>
/// <param name="Main">The one whose being there means that the allocation was started; it is made last.</param>
internal sealed record Manifests(V1PersistentVolumeClaim Volume, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Before, IKubernetesObject<V1ObjectMeta> Main)
{
    /// <summary>To how many pods an autoscaler may go.</summary>
    public int MostReplicas { get; init; } = 1;

    public static Manifests Of(ClusterOptions options, AllocationSpec spec)
    {
        var deployment = spec.ItemSpec.DeploymentFor("kubernetes") ?? throw new ComputeTargetException(FailureClass.Invalid, $"{spec.Item} {spec.Version} has no deployment for clusters.");
        var rendered = DeploymentRenderer.Render(spec.ItemSpec, deployment, spec.Parameters, PodTemplate.Places(spec));
        if (rendered.Image is not { Length: > 0 }) throw new ComputeTargetException(FailureClass.Invalid, $"{spec.Item} {spec.Version} names no image for clusters.");
        // Whoever checked it before: what a person typed goes to a registry as an image or not at all.
        if (!ImageReference.IsOne(rendered.Image)) throw new ComputeTargetException(FailureClass.Invalid, $"{Quoted.Text(rendered.Image)} is no image; allowed: {ImageReference.Allowed}.");
        RefuseNul(rendered);
        var files = FileSecret.Of(spec, rendered);
        List<IKubernetesObject<V1ObjectMeta>> before = [Secret(options, spec, ClusterNames.OfAllocation(spec.AllocationId), Bytes(PodTemplate.Environment(spec, rendered))), .. files.Select(f => Secret(options, spec, f.Name, f.Data))];
        if (spec.ItemSpec.Ports.Count > 0) before.Add(Service(options, spec));
        var replicas = DeploymentRenderer.Replicas(deployment, spec.Parameters);
        if (spec.ItemSpec.Kind == WorkloadKind.ModelEndpoint) before.AddRange(Scaling.Of(spec, replicas, deployment.Replicas, Meta(options, spec, ClusterNames.OfAllocation(spec.AllocationId)), Selector(spec)));
        return spec.ItemSpec.Kind switch
        {
            WorkloadKind.TrainingRun => new Manifests(VolumeOf(options, spec, ReplicaRange.One), before, Job(options, spec, PodTemplate.Of(spec, rendered, files, "Never"))),
            WorkloadKind.ModelEndpoint => new Manifests(VolumeOf(options, spec, replicas), before, Deployment(options, spec, replicas, PodTemplate.Of(spec, rendered, files, "Always"))) { MostReplicas = replicas.Most },
            _ => new Manifests(VolumeOf(options, spec, ReplicaRange.One), before, StatefulSet(options, spec, PodTemplate.Of(spec, rendered, files, "Always"))),
        };
    }

    /// <summary>The workload's volume: kept storage, artifacts and checkpoints, whichever attempt wrote them.</summary>
    private static V1PersistentVolumeClaim VolumeOf(ClusterOptions options, AllocationSpec spec, ReplicaRange replicas) => new()
    {
        ApiVersion = "v1", Kind = "PersistentVolumeClaim",
        Metadata = Meta(options, spec, ClusterNames.OfVolume(spec.WorkloadId), ClusterNames.VolumeLabels(spec)),
        Spec = new V1PersistentVolumeClaimSpec
        {
            AccessModes = [replicas.Most > 1 ? "ReadWriteMany" : "ReadWriteOnce"],
            StorageClassName = replicas.Most > 1 ? options.SharedStorageClass ?? throw new ComputeTargetException(FailureClass.Invalid, Scaling.NoSharedStorage) : options.StorageClass,
            Resources = new V1VolumeResourceRequirements
            {
                Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new($"{PodTemplate.Storages(spec).Where(s => s.Keep).Sum(s => s.SizeGib) + Math.Max(1, spec.Hardware.DiskGib)}Gi") },
            },
        },
    };

    private static V1Secret Secret(ClusterOptions options, AllocationSpec spec, string name, IDictionary<string, byte[]> data) =>
        new() { ApiVersion = "v1", Kind = "Secret", Type = "Opaque", Metadata = Meta(options, spec, name), Data = data };

    private static V1Service Service(ClusterOptions options, AllocationSpec spec) => new()
    {
        ApiVersion = "v1", Kind = "Service", Metadata = Meta(options, spec, ClusterNames.OfAllocation(spec.AllocationId)),
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP", Selector = Selector(spec),
            Ports = [new V1ServicePort { Name = "http", Port = ClusterNames.Port, TargetPort = "http", Protocol = "TCP" }],
        },
    };

    // Attempts are the portal's: a run that fails is not begun again behind its back.
    private static V1Job Job(ClusterOptions options, AllocationSpec spec, V1PodTemplateSpec pod) => new()
    {
        ApiVersion = "batch/v1", Kind = "Job", Metadata = Meta(options, spec, ClusterNames.OfAllocation(spec.AllocationId)),
        Spec = new V1JobSpec
        {
            BackoffLimit = 0, Completions = 1, Parallelism = 1, Template = pod,
            // A pod that the cluster takes away is soon gone, and what became of it with it; the Job keeps saying so.
            PodFailurePolicy = new V1PodFailurePolicy
            {
                Rules = [new V1PodFailurePolicyRule { Action = "FailJob", OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }] }],
            },
        },
    };

    private static V1StatefulSet StatefulSet(ClusterOptions options, AllocationSpec spec, V1PodTemplateSpec pod) => new()
    {
        ApiVersion = "apps/v1", Kind = "StatefulSet", Metadata = Meta(options, spec, ClusterNames.OfAllocation(spec.AllocationId)),
        Spec = new V1StatefulSetSpec { Replicas = 1, ServiceName = ClusterNames.OfAllocation(spec.AllocationId), Selector = new V1LabelSelector { MatchLabels = Selector(spec) }, Template = pod },
    };

    private static V1Deployment Deployment(ClusterOptions options, AllocationSpec spec, ReplicaRange replicas, V1PodTemplateSpec pod) => new()
    {
        ApiVersion = "apps/v1", Kind = "Deployment", Metadata = Meta(options, spec, ClusterNames.OfAllocation(spec.AllocationId)),
        Spec = new V1DeploymentSpec { Replicas = replicas.Least, Selector = new V1LabelSelector { MatchLabels = Selector(spec) }, Template = Scaling.Spread(pod, replicas, Selector(spec)), Strategy = Scaling.Strategy(replicas) },
    };

    private static Dictionary<string, string> Selector(AllocationSpec spec) => new() { [ClusterNames.Allocation] = spec.AllocationId.ToString() };

    private static V1ObjectMeta Meta(ClusterOptions options, AllocationSpec spec, string name, Dictionary<string, string>? labels = null) => new()
    {
        Name = name, NamespaceProperty = ClusterNames.NamespaceOf(options.NamespacePrefix, spec.Team), Labels = labels ?? ClusterNames.Labels(spec), Annotations = ClusterNames.Annotations(spec),
    };

    private static Dictionary<string, byte[]> Bytes(Dictionary<string, string> values) => values.ToDictionary(v => v.Key, v => System.Text.Encoding.UTF8.GetBytes(v.Value));

    // A program's arguments and environment end at the first one.
    private static void RefuseNul(RenderedDeployment rendered)
    {
        if (rendered.Command.Concat(rendered.Args).Concat(rendered.Environment.Values).Any(t => t.Contains('\0'))) throw new ComputeTargetException(FailureClass.Invalid, "A value holds a NUL character, which no program can be given.");
    }
}
