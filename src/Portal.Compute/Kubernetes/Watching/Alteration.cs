using System.Globalization;
using System.Text.Json;
using k8s.Models;
using Portal.Compute.Kubernetes.Objects;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>Somebody's change of what the portal asked for, as the API server keeps record of it in an object's managed fields.</summary>
/// <param name="Manager">The program it was made with, such as <c>kubectl-edit</c>.</param>
internal sealed record Alteration(string Manager, DateTimeOffset At)
{
    // They write what the portal leaves to them.
    private static readonly HashSet<string> Controllers = [ClusterNames.Manager, "kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver"];

    /// <summary>The same for the same change.</summary>
    public string Key => $"{Manager}@{At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}";

    /// <summary>The newest change of a specification, or of the portal's labels, by anybody but the portal and the cluster's own controllers; null when there is none.</summary>
    public static Alteration? Of(V1ObjectMeta meta) =>
        (meta.ManagedFields ?? []).Where(f => f.Manager is { } manager && !Controllers.Contains(manager) && f.Subresource != "status" && TouchesOurs(f.FieldsV1))
            .Select(f => new Alteration(f.Manager, Instants.Of(f.Time) ?? default)).MaxBy(a => a.At);

    private static bool TouchesOurs(object? fields)
    {
        if (fields is not JsonElement { ValueKind: JsonValueKind.Object } tree) return false;
        return tree.TryGetProperty("f:spec", out _)
            || (tree.TryGetProperty("f:metadata", out var metadata) && metadata.TryGetProperty("f:labels", out var labels) && labels.EnumerateObject().Any(l => l.Name.StartsWith($"f:{ClusterNames.Domain}", StringComparison.Ordinal)));
    }
}
