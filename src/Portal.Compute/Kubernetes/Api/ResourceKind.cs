using k8s;
using k8s.Models;

namespace Portal.Compute.Kubernetes.Api;

/// <summary>A kind of object by where the API server serves it.</summary>
/// <param name="ApiVersion">Such as <c>v1</c> or <c>apps/v1</c>.</param>
/// <param name="Plural">Such as <c>pods</c>.</param>
internal sealed record ResourceKind(string ApiVersion, string Kind, string Plural, bool Namespaced = true)
{
    public static readonly ResourceKind
        Namespaces = new("v1", "Namespace", "namespaces", false), Nodes = new("v1", "Node", "nodes", false), Pods = new("v1", "Pod", "pods"), Services = new("v1", "Service", "services"),
        Claims = new("v1", "PersistentVolumeClaim", "persistentvolumeclaims"), Secrets = new("v1", "Secret", "secrets"), Accounts = new("v1", "ServiceAccount", "serviceaccounts"),
        LimitRanges = new("v1", "LimitRange", "limitranges"), Quotas = new("v1", "ResourceQuota", "resourcequotas"), Events = new("v1", "Event", "events") { Fields = "type=Warning" },
        Jobs = new("batch/v1", "Job", "jobs"), StatefulSets = new("apps/v1", "StatefulSet", "statefulsets"), Deployments = new("apps/v1", "Deployment", "deployments"),
        NetworkPolicies = new("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
        Autoscalers = new("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"), Budgets = new("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        PodMeasures = new("metrics.k8s.io/v1beta1", "PodMetrics", "pods");

    private static readonly Dictionary<string, ResourceKind> ByKind = new[] { Namespaces, Nodes, Pods, Services, Claims, Secrets, Accounts, LimitRanges, Quotas, Events, Jobs, StatefulSets, Deployments, NetworkPolicies, Autoscalers, Budgets }.ToDictionary(k => k.Kind);

    /// <summary>What may be the main object of an allocation.</summary>
    public static IReadOnlyList<ResourceKind> Mains { get; } = [Jobs, StatefulSets, Deployments];

    public static ResourceKind Of(IKubernetesObject<V1ObjectMeta> item) => ByKind[item.Kind];

    /// <summary>Which of the kind matter to the portal, as a field selector; empty: all. Of a busy cluster's events nearly all say that things go as they should.</summary>
    public string Fields { get; init; } = "";

    /// <summary>The part of a query that selects some of the kind.</summary>
    public string Selecting(string labels) => $"labelSelector={Uri.EscapeDataString(labels)}{(Fields.Length == 0 ? "" : $"&fieldSelector={Uri.EscapeDataString(Fields)}")}";

    /// <summary>The path of the collection, in a namespace or (null) across all, or of one object in it.</summary>
    public string Path(string? space, string? name = null) =>
        $"{(ApiVersion.Contains('/', StringComparison.Ordinal) ? "apis" : "api")}/{ApiVersion}{(Namespaced && space is not null ? $"/namespaces/{Uri.EscapeDataString(space)}" : "")}/{Plural}{(name is null ? "" : $"/{Uri.EscapeDataString(name)}")}";
}
