using System.Text.Json;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes.Objects;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>How an allocation ended. Kept on its main object, so that it is the same whoever looks and however often.</summary>
/// <param name="Failure">Null when its exit code says it all.</param>
internal sealed record AllocationEnd(DateTimeOffset At, int? ExitCode, FailureClass? Failure, string Message, bool StopRequested, bool Lost)
{
    public static AllocationEnd? Read(string? json) => json is { Length: > 0 } ? JsonSerializer.Deserialize<AllocationEnd>(json) : null;

    public string Write() => JsonSerializer.Serialize(this);
}

/// <summary>What matters of an allocation's main object: thousands of them are held, and whole objects are large.</summary>
/// <param name="Kind">Job, StatefulSet or Deployment.</param>
/// <param name="Altered">Who has changed its specification past the portal; null when nobody has, or it was put back.</param>
/// <param name="Failed">Why a Job makes no more pods although none has succeeded: the cluster's word, and its text.</param>
internal sealed record MainFacts(
    string Kind, string Namespace, string Name, string Version, Guid AllocationId, Guid WorkloadId, string? Instance, DateTimeOffset CreatedAt, bool Deleting, DateTimeOffset? StopAsked, AllocationEnd? End, (string Reason, string? Message)? Failed,
    Alteration? Altered = null)
{
    /// <summary>How many pods it is to have; 0 where it is none of a Deployment's.</summary>
    public int Replicas { get; init; }

    /// <summary>The portal's name of it, for people.</summary>
    public string ResourceId => $"{Kind.ToLowerInvariant()}/{Namespace}/{Name}";

    /// <summary>Null when it is none of the portal's.</summary>
    public static MainFacts? Of(IKubernetesObject<V1ObjectMeta> main, string kind)
    {
        var meta = main.Metadata;
        // Those of its pods cannot be changed as its own can.
        var labels = LabelsOfPods(main);
        if (!Guid.TryParse(labels.GetOr(ClusterNames.Allocation), out var allocation) || !Guid.TryParse(labels.GetOr(ClusterNames.Workload), out var workload) || meta.Name != ClusterNames.OfAllocation(allocation)) return null;
        var failed = (main as V1Job)?.Status?.Conditions?.FirstOrDefault(c => c is { Type: "Failed", Status: "True" });
        return new MainFacts(
            kind, meta.NamespaceProperty, meta.Name, meta.ResourceVersion, allocation, workload, labels.GetOr(ClusterNames.Instance), Instants.Of(meta.CreationTimestamp) ?? default, meta.DeletionTimestamp is not null,
            DateTimeOffset.TryParse(meta.Annotations.GetOr(ClusterNames.StopAsked), System.Globalization.CultureInfo.InvariantCulture, out var asked) ? asked : null,
            AllocationEnd.Read(meta.Annotations.GetOr(ClusterNames.End)), failed is null ? null : (failed.Reason ?? "", failed.Message),
            AlterationOf(meta, allocation))
        {
            Replicas = (main as V1Deployment)?.Spec?.Replicas ?? 0,
        };
    }

    private static Alteration? AlterationOf(V1ObjectMeta meta, Guid allocation)
    {
        // Whoever takes a label away leaves no trace of himself, and watches look for these two.
        if (meta.Labels.GetOr(ClusterNames.Allocation) != allocation.ToString() || meta.Labels.GetOr("app.kubernetes.io/managed-by") != ClusterNames.Manager) return new Alteration("somebody", Instants.Of(meta.CreationTimestamp) ?? default);
        return Alteration.Of(meta) is { } altered && altered.Key != meta.Annotations.GetOr(ClusterNames.Restored) ? altered : null;
    }

    private static IDictionary<string, string>? LabelsOfPods(IKubernetesObject<V1ObjectMeta> main) => (main switch
    {
        V1Job job => job.Spec?.Template,
        V1StatefulSet set => set.Spec?.Template,
        V1Deployment deployment => deployment.Spec?.Template,
        _ => null,
    })?.Metadata?.Labels;
}

/// <summary>How a container ended.</summary>
internal sealed record ContainerEnd(int ExitCode, string? Reason, string? Message, DateTimeOffset? At, DateTimeOffset? StartedAt);

/// <summary>What matters of a pod.</summary>
/// <param name="Waiting">Why the container does not run yet: the kubelet's word, and its own text.</param>
/// <param name="Ended">The container's end, or of its last run when it was begun again.</param>
/// <param name="Unschedulable">The scheduler's text, when it found no node.</param>
/// <param name="Disrupted">Why the cluster takes it away: its own text.</param>
/// <param name="PlacedAt">When the scheduler gave it its node.</param>
/// <param name="Share">What its containers reserve of the node.</param>
internal sealed record PodFacts(
    string Namespace, string Name, string Uid, Guid AllocationId, string Phase, string? Reason, string? Message, bool Deleting, string? Node, string? Address, bool Started, DateTimeOffset? RunningSince, DateTimeOffset? ReadySince,
    (string Reason, string? Message)? Waiting, ContainerEnd? Ended, int Restarts, string? Unschedulable, string? Disrupted,
    DateTimeOffset? PlacedAt, ResourceAmount Share)
{
    /// <summary>Where the program listens: images may have a port of their own.</summary>
    public int Port { get; init; } = ClusterNames.Port;

    /// <summary>Nothing of it runs any more and nothing will.</summary>
    public bool IsOver => Phase is "Succeeded" or "Failed";

    /// <summary>Null when it is no allocation's.</summary>
    public static PodFacts? Of(V1Pod pod) => Guid.TryParse(pod.Metadata.Labels.GetOr(ClusterNames.Allocation), out var allocation) ? Of(pod, allocation) : null;

    /// <summary>A pod that belongs to a workload, and to none of its allocations.</summary>
    public static PodFacts OfFiles(V1Pod pod) => Of(pod, Guid.Empty);

    private static PodFacts Of(V1Pod pod, Guid allocation)
    {
        var status = pod.Status;
        var container = status?.ContainerStatuses?.FirstOrDefault(c => c.Name == ClusterNames.Container);
        var ended = container?.State?.Terminated ?? container?.LastState?.Terminated;
        V1PodCondition? Condition(string type, string value) => status?.Conditions?.FirstOrDefault(c => c.Type == type && c.Status == value);
        return new PodFacts(
            pod.Metadata.NamespaceProperty, pod.Metadata.Name, pod.Metadata.Uid, allocation, status?.Phase ?? "Pending", status?.Reason, status?.Message, pod.Metadata.DeletionTimestamp is not null,
            pod.Spec?.NodeName, status?.PodIP, container?.Started == true, Instants.Of(container?.State?.Running?.StartedAt), Instants.Of(Condition("Ready", "True")?.LastTransitionTime),
            container?.State?.Waiting is { } waiting ? (waiting.Reason ?? "", waiting.Message) : null,
            ended is null ? null : new ContainerEnd(ended.ExitCode, ended.Reason, ended.Message, Instants.Of(ended.FinishedAt), Instants.Of(ended.StartedAt)),
            container?.RestartCount ?? 0, Condition("PodScheduled", "False")?.Message, Condition("DisruptionTarget", "True") is { } disruption ? disruption.Message ?? disruption.Reason : null,
            Instants.Of(Condition("PodScheduled", "True")?.LastTransitionTime ?? status?.StartTime), ShareOf(pod))
        {
            Port = pod.Spec?.Containers?.FirstOrDefault(c => c.Name == ClusterNames.Container)?.Ports?.FirstOrDefault(p => p.Name == ClusterNames.PortName)?.ContainerPort ?? ClusterNames.Port,
        };
    }

    private static ResourceAmount ShareOf(V1Pod pod)
    {
        decimal Sum(string resource) => pod.Spec?.Containers?.Sum(c => c.Resources?.Requests?.TryGetValue(resource, out var quantity) == true ? quantity.ToDecimal() : 0) ?? 0;
        return new ResourceAmount(Sum("cpu"), Sum("memory") / (1 << 30), (int)Sum(NodeChoice.GpuResource));
    }
}

/// <summary>Instants of the cluster are in UTC, whatever the model says of them.</summary>
internal static class Instants
{
    public static DateTimeOffset? Of(DateTime? instant) => instant is { } time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null;

    /// <summary>A value, or null where there is none or no dictionary.</summary>
    public static string? GetOr(this IDictionary<string, string>? values, string key) => values is not null && values.TryGetValue(key, out var value) ? value : null;
}
