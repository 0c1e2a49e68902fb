using k8s;
using k8s.Models;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>Whose an object is that has the name of one that the portal would make: names alone are no reason to change or remove anything.</summary>
internal static class Ownership
{
    private static readonly (string Label, string Word)[] Marks =
        [(ClusterNames.Instance, "another portal"), (ClusterNames.Domain + "team", "another team"), (ClusterNames.Workload, "another workload"), (ClusterNames.Allocation, "another attempt")];

    /// <summary>Throws when what is there is not what the portal made for the same thing; the message says what is in the way and what to do.</summary>
    /// <param name="wanted">What the portal would make.</param>
    /// <param name="found">What has its name.</param>
    public static void Require(string cluster, IKubernetesObject<V1ObjectMeta> wanted, IKubernetesObject<V1ObjectMeta> found)
    {
        if (Stranger(wanted.Metadata, found.Metadata) is not { } whose) return;
        var (kind, name, space) = (wanted.Kind, wanted.Metadata.Name, wanted.Metadata.NamespaceProperty);
        var where = space is null ? "" : $" in namespace {space}";
        var other = wanted is V1Namespace
            ? $"Give this portal another NamespacePrefix, remove the namespace, or hand it over with the label {ClusterNames.Instance}={wanted.Metadata.Labels[ClusterNames.Instance]}"
            : "Rename or remove it";
        throw new ComputeTargetException(FailureClass.Invalid, $"{kind} {name}{where} on {cluster} is in the way: it {whose}, and the portal leaves it as it is. {other}, then launch again.");
    }

    private static string? Stranger(V1ObjectMeta wanted, V1ObjectMeta found)
    {
        foreach (var (label, word) in Marks)
            if (wanted.Labels.GetOr(label) is { } own && found.Labels.GetOr(label) is { } theirs && own != theirs) return $"belongs to {word} ({label}={theirs})";
        var first = Marks.First(m => wanted.Labels.ContainsKey(m.Label)).Label;
        // Somebody may have taken the labels off what the portal has made: the record of who wrote it stays.
        return found.Labels.GetOr(first) is not null || found.ManagedFields?.Any(f => f.Manager == ClusterNames.Manager) == true ? null : "was not made by a portal";
    }

    private static string? GetOr(this IDictionary<string, string>? labels, string key) => Watching.Instants.GetOr(labels, key);
}
