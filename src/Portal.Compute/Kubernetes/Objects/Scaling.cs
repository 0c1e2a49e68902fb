using k8s;
using k8s.Models;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>What keeps several replicas of an endpoint: as many as the load wants, apart from each other, and never all gone at once.</summary>
internal static class Scaling
{
    public const string NoSharedStorage = "several replicas need a volume that machines share, and this cluster has no storage class for it: an administrator sets SharedStorageClass";

    /// <summary>An autoscaler where the number is to follow the load, a disruption budget where there may be more than one; neither for one that stands alone.</summary>
    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> Of(AllocationSpec spec, ReplicaRange replicas, ReplicaSpec? declared, V1ObjectMeta meta, IDictionary<string, string> selector)
    {
        if (replicas.Most > 1)
            yield return new V1PodDisruptionBudget { ApiVersion = "policy/v1", Kind = "PodDisruptionBudget", Metadata = meta, Spec = new V1PodDisruptionBudgetSpec { MaxUnavailable = 1, Selector = new V1LabelSelector { MatchLabels = selector } } };
        if (!replicas.Scales) yield break;
        yield return new V2HorizontalPodAutoscaler
        {
            ApiVersion = "autoscaling/v2", Kind = "HorizontalPodAutoscaler", Metadata = meta,
            Spec = new V2HorizontalPodAutoscalerSpec
            {
                ScaleTargetRef = new V2CrossVersionObjectReference { ApiVersion = "apps/v1", Kind = "Deployment", Name = ClusterNames.OfAllocation(spec.AllocationId) },
                MinReplicas = replicas.Least, MaxReplicas = replicas.Most,
                Metrics = [new V2MetricSpec { Type = "Resource", Resource = new V2ResourceMetricSource { Name = "cpu", Target = new V2MetricTarget { Type = "Utilization", AverageUtilization = declared!.CpuPercent } } }],
            },
        };
    }

    /// <summary>The new one answers before the old one goes, where both can hold the volume; else the old one goes first.</summary>
    public static V1DeploymentStrategy Strategy(ReplicaRange replicas) => replicas.Most > 1
        ? new V1DeploymentStrategy { Type = "RollingUpdate", RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = 1, MaxUnavailable = 0 } }
        : new V1DeploymentStrategy { Type = "Recreate" };

    /// <summary>On different machines where that can be: one that goes takes one replica with it.</summary>
    public static V1PodTemplateSpec Spread(V1PodTemplateSpec pod, ReplicaRange replicas, IDictionary<string, string> selector)
    {
        if (replicas.Most > 1)
            pod.Spec.TopologySpreadConstraints = [new V1TopologySpreadConstraint { MaxSkew = 1, TopologyKey = "kubernetes.io/hostname", WhenUnsatisfiable = "ScheduleAnyway", LabelSelector = new V1LabelSelector { MatchLabels = selector } }];
        return pod;
    }
}
