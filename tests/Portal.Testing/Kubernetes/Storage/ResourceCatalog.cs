using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s.Models;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;

namespace Portal.Testing.Kubernetes.Storage;

/// <summary>The kinds that are served: the built-in ones and those that definitions add.</summary>
internal sealed class ResourceCatalog
{
    private readonly ConcurrentDictionary<(string Group, string Version, string Plural), ResourceType> _types = new();
    private readonly ConcurrentDictionary<(string? ApiVersion, string? Kind), ResourceType> _byKind = new();

    public ResourceCatalog()
    {
        foreach (var type in BuiltIn)
            Add(type);
    }

    public static readonly ResourceType Namespaces = Core<V1Namespace>("namespaces", "ns") with { Namespaced = false, HasStatus = true, Connects = ["finalize"] };
    public static readonly ResourceType Nodes = Core<V1Node>("nodes", "no") with { Namespaced = false, HasStatus = true };
    public static readonly ResourceType Pods = Core<V1Pod>("pods", "po") with { HasStatus = true, Connects = ["log", "proxy", "eviction"], Categories = ["all"] };
    public static readonly ResourceType Services = Core<V1Service>("services", "svc") with { HasStatus = true, Connects = ["proxy"], Categories = ["all"] };
    public static readonly ResourceType Claims = Core<V1PersistentVolumeClaim>("persistentvolumeclaims", "pvc") with { HasStatus = true };
    public static readonly ResourceType Volumes = Core<V1PersistentVolume>("persistentvolumes", "pv") with { Namespaced = false, HasStatus = true };
    public static readonly ResourceType Secrets = Core<V1Secret>("secrets");
    public static readonly ResourceType ConfigMaps = Core<V1ConfigMap>("configmaps", "cm");
    public static readonly ResourceType ServiceAccounts = Core<V1ServiceAccount>("serviceaccounts", "sa");
    public static readonly ResourceType Quotas = Core<V1ResourceQuota>("resourcequotas", "quota") with { HasStatus = true };
    public static readonly ResourceType LimitRanges = Core<V1LimitRange>("limitranges", "limits");
    public static readonly ResourceType Events = Core<Corev1Event>("events", "ev") with { Kind = "Event", Singular = "event" };
    public static readonly ResourceType Endpoints = Core<V1Endpoints>("endpoints", "ep") with { Kind = "Endpoints", Singular = "endpoints" };
    public static readonly ResourceType StatefulSets = Of<V1StatefulSet>("apps", "v1", "statefulsets", "sts") with { HasStatus = true, HasScale = true, HasGeneration = true, Categories = ["all"] };
    public static readonly ResourceType Deployments = Of<V1Deployment>("apps", "v1", "deployments", "deploy") with { HasStatus = true, HasScale = true, HasGeneration = true, Categories = ["all"] };
    public static readonly ResourceType ReplicaSets = Of<V1ReplicaSet>("apps", "v1", "replicasets", "rs") with { HasStatus = true, HasScale = true, HasGeneration = true, Categories = ["all"] };
    public static readonly ResourceType Jobs = Of<V1Job>("batch", "v1", "jobs") with { HasStatus = true, HasGeneration = true, Categories = ["all"] };
    public static readonly ResourceType Autoscalers = Of<V2HorizontalPodAutoscaler>("autoscaling", "v2", "horizontalpodautoscalers", "hpa") with { HasStatus = true, Categories = ["all"] };
    public static readonly ResourceType DisruptionBudgets = Of<V1PodDisruptionBudget>("policy", "v1", "poddisruptionbudgets", "pdb") with { HasStatus = true, HasGeneration = true };
    public static readonly ResourceType NetworkPolicies = Of<V1NetworkPolicy>("networking.k8s.io", "v1", "networkpolicies", "netpol") with { HasGeneration = true };
    public static readonly ResourceType Ingresses = Of<V1Ingress>("networking.k8s.io", "v1", "ingresses", "ing") with { HasStatus = true, HasGeneration = true };
    public static readonly ResourceType ClusterRoles = Of<V1ClusterRole>("rbac.authorization.k8s.io", "v1", "clusterroles") with { Namespaced = false };
    public static readonly ResourceType ClusterRoleBindings = Of<V1ClusterRoleBinding>("rbac.authorization.k8s.io", "v1", "clusterrolebindings") with { Namespaced = false };
    public static readonly ResourceType Roles = Of<V1Role>("rbac.authorization.k8s.io", "v1", "roles");
    public static readonly ResourceType RoleBindings = Of<V1RoleBinding>("rbac.authorization.k8s.io", "v1", "rolebindings");
    public static readonly ResourceType StorageClasses = Of<V1StorageClass>("storage.k8s.io", "v1", "storageclasses", "sc") with { Namespaced = false };
    public static readonly ResourceType PriorityClasses = Of<V1PriorityClass>("scheduling.k8s.io", "v1", "priorityclasses", "pc") with { Namespaced = false };
    public static readonly ResourceType EndpointSlices = Of<V1EndpointSlice>("discovery.k8s.io", "v1", "endpointslices") with { Namespaced = true };
    public static readonly ResourceType Leases = Of<V1Lease>("coordination.k8s.io", "v1", "leases");
    public static readonly ResourceType SelfAccessReviews = Of<V1SelfSubjectAccessReview>("authorization.k8s.io", "v1", "selfsubjectaccessreviews") with { Namespaced = false, IsReview = true };
    public static readonly ResourceType NewEvents = Of<Eventsv1Event>("events.k8s.io", "v1", "events", "ev") with { Kind = "Event", Singular = "event", StoredAs = Events };
    public static readonly ResourceType Definitions = Of<V1CustomResourceDefinition>("apiextensions.k8s.io", "v1", "customresourcedefinitions", "crd") with { Namespaced = false, HasStatus = true, HasGeneration = true };
    public static readonly ResourceType PodMeasures = Of<PodMetrics>("metrics.k8s.io", "v1beta1", "pods") with { Kind = "PodMetrics", IsMeasured = true };
    public static readonly ResourceType NodeMeasures = Of<NodeMetrics>("metrics.k8s.io", "v1beta1", "nodes") with { Kind = "NodeMetrics", IsMeasured = true, Namespaced = false };

    private static readonly ResourceType[] BuiltIn =
    [
        Namespaces, Nodes, Pods, Services, Claims, Volumes, Secrets, ConfigMaps, ServiceAccounts, Quotas, LimitRanges, Events, Endpoints, StatefulSets, Deployments, ReplicaSets, Jobs, Autoscalers, DisruptionBudgets,
        NetworkPolicies, Ingresses, ClusterRoles, ClusterRoleBindings, Roles, RoleBindings, StorageClasses, PriorityClasses, EndpointSlices, Leases, SelfAccessReviews, NewEvents, Definitions, PodMeasures, NodeMeasures,
    ];

    /// <summary>Is metrics.k8s.io served?</summary>
    public bool HasMetrics { get; set; } = true;

    /// <summary>Everything served now.</summary>
    public IEnumerable<ResourceType> Types => _types.Values.Where(t => HasMetrics || !t.IsMeasured);

    /// <summary>The kind at an address, or null when it is not served.</summary>
    public ResourceType? Find(string group, string version, string plural) => _types.TryGetValue((group, version, plural), out var type) && (HasMetrics || !type.IsMeasured) ? type : null;

    /// <summary>The kind that an object or a reference names.</summary>
    public ResourceType? OfKind(string? apiVersion, string? kind) => _byKind.GetValueOrDefault((apiVersion, kind));

    /// <summary>The kind that a stored definition adds, in each version it serves.</summary>
    public static IEnumerable<ResourceType> OfDefinition(JsonObject definition)
    {
        var group = definition.Text("spec", "group")!;
        var names = definition.At("spec", "names");
        foreach (var version in definition.Objects("spec", "versions").Where(v => v.Flag("served") != false))
        {
            yield return new ResourceType(group, version.Text("name")!, names.Text("plural")!, names.Text("kind")!, CustomSchema.OfObject(version.At("schema", "openAPIV3Schema"), names.Text("kind")!))
            {
                Namespaced = definition.Text("spec", "scope") == "Namespaced",
                Singular = names.Text("singular") ?? names.Text("kind")!.ToLowerInvariant(),
                ShortNames = names.Texts("shortNames"),
                HasStatus = version.At("subresources", "status") is not null,
                HasGeneration = true,
                IsCustom = true,
                RequiresVersionOnUpdate = true,
            };
        }
    }

    public void Add(ResourceType type)
    {
        _types[(type.Group, type.Version, type.Plural)] = type;
        if (!type.IsMeasured && type.StoredAs is null)
            _byKind[(type.ApiVersion, type.Kind)] = type;
    }

    /// <summary>Stops serving a kind; gives what was served.</summary>
    public IReadOnlyList<ResourceType> Remove(string group, string plural)
    {
        var gone = _types.Values.Where(t => t.Group == group && t.Plural == plural && t.IsCustom).ToList();
        foreach (var type in gone)
        {
            _types.TryRemove((type.Group, type.Version, type.Plural), out _);
            _byKind.TryRemove((type.ApiVersion, type.Kind), out _);
        }
        return gone;
    }

    private static ResourceType Core<T>(string plural, params string[] shortNames) => Of<T>("", "v1", plural, shortNames);

    private static ResourceType Of<T>(string group, string version, string plural, params string[] shortNames)
    {
        var name = typeof(T).Name;
        var kind = name.StartsWith('V') && char.IsAsciiDigit(name[1]) ? name[2..] : name;
        return new ResourceType(group, version, plural, kind, ModelSchema.Of<T>()) { ShortNames = shortNames };
    }
}
