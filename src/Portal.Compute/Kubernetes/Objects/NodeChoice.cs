using k8s.Models;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>Which nodes a pod may go to: spot or on demand, and with the right GPU.</summary>
internal static class NodeChoice
{
    /// <summary>The resource that NVIDIA's device plugin counts GPUs as.</summary>
    public const string GpuResource = "nvidia.com/gpu";

    /// <summary>How Karpenter, EKS and GKE mark spot nodes.</summary>
    private static readonly (string Label, string Value)[] SpotMarks = [("karpenter.sh/capacity-type", "spot"), ("eks.amazonaws.com/capacityType", "SPOT"), ("cloud.google.com/gke-spot", "true")];

    private const string GpuProduct = "nvidia.com/gpu.product";

    /// <summary>The label values of NVIDIA's feature discovery by the kind that hardware profiles name.</summary>
    private static readonly Dictionary<string, string[]> Products = new(StringComparer.OrdinalIgnoreCase)
    {
        ["T4"] = ["Tesla-T4"],
        ["V100"] = ["Tesla-V100-SXM2-16GB", "Tesla-V100-SXM2-32GB", "Tesla-V100-PCIE-16GB"],
        ["A10G"] = ["NVIDIA-A10G"],
        ["L4"] = ["NVIDIA-L4"],
        ["L40S"] = ["NVIDIA-L40S"],
        ["A100"] = ["NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-PCIE-40GB", "NVIDIA-A100-80GB-PCIe"],
        ["H100"] = ["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL"],
        ["H200"] = ["NVIDIA-H200"],
        ["B200"] = ["NVIDIA-B200"],
    };

    /// <summary>Null when the pod may go anywhere.</summary>
    public static V1Affinity? Affinity(CapacityType capacity, GpuSpec? gpu)
    {
        var product = gpu is { Count: > 0 } ? Product(gpu.Kind) : null;
        var required = capacity switch
        {
            // Any of the marks: terms are alternatives, what is inside one must hold together.
            CapacityType.Spot => SpotMarks.Select(m => Term(product, Is(m.Label, m.Value))).ToList(),
            // A node without the label is none of spot.
            CapacityType.OnDemand => [Term(product, [.. SpotMarks.Select(m => IsNot(m.Label, m.Value))])],
            _ => product is null ? [] : [Term(product)],
        };
        var preferred = capacity == CapacityType.SpotWithFallback
            ? SpotMarks.Select(m => new V1PreferredSchedulingTerm { Weight = 100, Preference = Term(null, Is(m.Label, m.Value)) }).ToList()
            : [];
        return new V1Affinity
        {
            NodeAffinity = new V1NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = required.Count == 0 ? null : new V1NodeSelector { NodeSelectorTerms = required },
                PreferredDuringSchedulingIgnoredDuringExecution = preferred.Count == 0 ? null : preferred,
            },
        };
    }

    /// <summary>What keeps others away from spot and GPU nodes does not keep this pod away, where it is meant for them.</summary>
    public static IList<V1Toleration>? Tolerations(CapacityType capacity, GpuSpec? gpu)
    {
        List<V1Toleration> tolerations = capacity == CapacityType.OnDemand ? [] : [.. SpotMarks.Select(m => Any(m.Label))];
        if (gpu is { Count: > 0 }) tolerations.Add(Any(GpuResource));
        return tolerations.Count == 0 ? null : tolerations;
    }

    /// <summary>Whether a node's labels say that it can be taken back at any time.</summary>
    public static bool IsSpot(IDictionary<string, string>? labels) => labels is not null && SpotMarks.Any(m => labels.TryGetValue(m.Label, out var value) && value == m.Value);

    /// <summary>Whether a node has GPUs of a kind; the kind of one without the label is not known, and it is no such node.</summary>
    public static bool HasProduct(IDictionary<string, string>? labels, string kind) => labels is not null && labels.TryGetValue(GpuProduct, out var product) && ProductsOf(kind).Contains(product);

    private static V1Toleration Any(string key) => new() { Key = key, OperatorProperty = "Exists" };

    private static V1NodeSelectorRequirement Product(string kind) => new() { Key = GpuProduct, OperatorProperty = "In", Values = ProductsOf(kind) };

    // A kind that is not in the table is the label's value itself: new GPUs need no new portal.
    private static string[] ProductsOf(string kind) => Products.TryGetValue(kind, out var products) ? products : [kind];

    private static V1NodeSelectorRequirement Is(string label, string value) => new() { Key = label, OperatorProperty = "In", Values = [value] };

    private static V1NodeSelectorRequirement IsNot(string label, string value) => new() { Key = label, OperatorProperty = "NotIn", Values = [value] };

    private static V1NodeSelectorTerm Term(V1NodeSelectorRequirement? product, params V1NodeSelectorRequirement[] others) =>
        new() { MatchExpressions = product is null ? others : [product, .. others] };
}
