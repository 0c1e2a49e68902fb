namespace Portal.Testing.Kubernetes.Schema;

/// <summary>How lists and maps of the built-in kinds are merged, as their OpenAPI description says (<c>x-kubernetes-list-type</c>, <c>-list-map-keys</c>, <c>-map-type</c>). What is not named here is atomic (lists) or granular (maps and structs).</summary>
internal static class MergeRules
{
    /// <summary>Lists that are maps by keys: model type and member → keys.</summary>
    private static readonly Dictionary<string, string[]> Keyed = Parse("""
        V1ObjectMeta.ownerReferences uid
        V1PodSpec.containers name
        V1PodSpec.initContainers name
        V1PodSpec.ephemeralContainers name
        V1PodSpec.volumes name
        V1PodSpec.imagePullSecrets name
        V1PodSpec.hostAliases ip
        V1PodSpec.topologySpreadConstraints topologyKey whenUnsatisfiable
        V1PodSpec.schedulingGates name
        V1PodSpec.resourceClaims name
        V1Container.ports containerPort protocol
        V1Container.env name
        V1Container.volumeMounts mountPath
        V1Container.volumeDevices devicePath
        V1EphemeralContainer.ports containerPort protocol
        V1EphemeralContainer.env name
        V1EphemeralContainer.volumeMounts mountPath
        V1EphemeralContainer.volumeDevices devicePath
        V1ResourceRequirements.claims name
        V1PodStatus.conditions type
        V1PodStatus.podIPs ip
        V1PodStatus.resourceClaimStatuses name
        V1ServiceSpec.ports port protocol
        V1ServiceStatus.conditions type
        V1DeploymentStatus.conditions type
        V1ReplicaSetStatus.conditions type
        V1StatefulSetStatus.conditions type
        V2HorizontalPodAutoscalerStatus.conditions type
        V1PodDisruptionBudgetStatus.conditions type
        V1PersistentVolumeClaimStatus.conditions type
        V1NamespaceStatus.conditions type
        V1NodeStatus.conditions type
        V1NodeStatus.addresses type
        V1ServiceAccount.secrets name
        V1CustomResourceDefinitionStatus.conditions type
        """);

    /// <summary>Members whose strategic merge patch replaces the list although apply merges it, or the other way round.</summary>
    private static readonly Dictionary<string, string> PatchKeys = new()
    {
        ["V1PodSpec.topologySpreadConstraints"] = "topologyKey",
        ["V1Container.ports"] = "containerPort",
        ["V1ServiceSpec.ports"] = "port",
        ["V1JobStatus.conditions"] = "type",
    };

    private static readonly HashSet<string> Sets = ["V1ObjectMeta.finalizers", "V1UncountedTerminatedPods.failed", "V1UncountedTerminatedPods.succeeded", "V1NodeSpec.podCIDRs", "V1CustomResourceDefinitionNames.categories"];

    /// <summary>Maps owned as a whole.</summary>
    private static readonly HashSet<string> AtomicMembers = ["V1PodSpec.nodeSelector", "V1ServiceSpec.selector", "V1ReplicationControllerSpec.selector"];

    /// <summary>Structs owned as a whole wherever they stand.</summary>
    private static readonly HashSet<string> AtomicTypes =
    [
        "V1LabelSelector", "V1NodeSelector", "V1NodeSelectorTerm", "V1ObjectReference", "V1LocalObjectReference", "V1SecretKeySelector", "V1ConfigMapKeySelector", "V1ObjectFieldSelector", "V1ResourceFieldSelector",
        "V1TypedLocalObjectReference", "V1SecretReference", "V1ScopeSelector", "V1TopologySelectorTerm", "V1OwnerReference", "V1RoleRef", "V1Subject", "RbacV1Subject", "V1CrossVersionObjectReference", "CoreV1EventSource",
    ];

    /// <summary>The member's shape with its way of being merged.</summary>
    public static SchemaNode Apply(string type, string member, SchemaNode node)
    {
        var place = $"{type}.{member}";
        return node.Kind switch
        {
            SchemaKind.List when Keyed.TryGetValue(place, out var keys) => node.With(keys: keys, patchKey: PatchKeys.GetValueOrDefault(place, keys[0])),
            SchemaKind.List when Sets.Contains(place) => node.With(isSet: true),
            SchemaKind.List => node.With(atomic: true, patchKey: PatchKeys.GetValueOrDefault(place)),
            SchemaKind.Map when AtomicMembers.Contains(place) => node.With(atomic: true),
            _ => node,
        };
    }

    /// <summary>Is a struct of this type owned as a whole?</summary>
    public static bool IsAtomic(string type) => AtomicTypes.Contains(type);

    private static Dictionary<string, string[]> Parse(string table) =>
        table.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1..]);
}
