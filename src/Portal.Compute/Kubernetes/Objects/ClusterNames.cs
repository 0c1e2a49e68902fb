using System.Globalization;
using System.Text;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>
/// What the portal's objects are called and labelled with. Names come from ids, so that starting an allocation twice names the same objects; what people typed is in labels, cut to what a label may hold, and in full in
/// annotations.
/// </summary>
internal static class ClusterNames
{
    /// <summary>The field manager of everything the portal applies.</summary>
    public const string Manager = "portal";

    /// <summary>Prefix of the portal's own labels and annotations; <c>.internal</c> is reserved for private use.</summary>
    public const string Domain = "portal.internal/";

    public const string Instance = Domain + "instance-id";
    public const string Workload = Domain + "workload-id";
    public const string Allocation = Domain + "allocation-id";

    /// <summary>When the portal was asked to end it, RFC 3339.</summary>
    public const string StopAsked = Domain + "stop-asked-at";
    /// <summary>How it ended, as JSON; written once.</summary>
    public const string End = Domain + "end";

    /// <summary>The newest change of others that was put back: its manager and instant.</summary>
    public const string Restored = Domain + "restored";

    /// <summary>The container that runs the program.</summary>
    public const string Container = "main";

    /// <summary>The port in the pod where the image does not have one of its own; every pod has an address of its own.</summary>
    public const int Port = 8888;

    /// <summary>What the port is called in the pod: the Service and the portal find it by its name.</summary>
    public const string PortName = "http";

    private const int LongestLabel = 63;

    public static string NamespaceOf(string prefix, string team) => prefix + team;

    /// <summary>The workload's main object, its pods' prefix, its Service and its Secret.</summary>
    public static string OfAllocation(Guid allocationId) => $"a-{allocationId}";

    /// <summary>The claim of the workload's volume, which outlives its allocations.</summary>
    public static string OfVolume(Guid workloadId) => $"w-{workloadId}";

    public static Dictionary<string, string> Labels(AllocationSpec spec) => new()
    {
        ["app.kubernetes.io/managed-by"] = Manager,
        ["app.kubernetes.io/name"] = LabelValue(spec.Item),
        ["app.kubernetes.io/instance"] = OfAllocation(spec.AllocationId),
        [Instance] = LabelValue(spec.PortalInstanceId),
        [Workload] = spec.WorkloadId.ToString(),
        [Domain + "workload-name"] = LabelValue(spec.WorkloadName),
        [Allocation] = spec.AllocationId.ToString(),
        [Domain + "attempt"] = spec.Attempt.ToString(CultureInfo.InvariantCulture),
        [Domain + "owner-id"] = spec.OwnerId.ToString(),
        [Domain + "owner"] = LabelValue(spec.Owner),
        [Domain + "team"] = LabelValue(spec.Team),
        [Domain + "cost-centre"] = LabelValue(spec.CostCentre ?? ""),
        [Domain + "item"] = LabelValue(spec.Item),
        [Domain + "version"] = LabelValue(spec.Version),
    };

    /// <summary>The labels of a volume: those of the workload, none of an attempt.</summary>
    public static Dictionary<string, string> VolumeLabels(AllocationSpec spec)
    {
        var labels = Labels(spec);
        labels.Remove(Allocation);
        labels.Remove(Domain + "attempt");
        labels.Remove("app.kubernetes.io/instance");
        return labels;
    }

    public static Dictionary<string, string> Annotations(AllocationSpec spec) => new()
    {
        [Domain + "workload-name"] = spec.WorkloadName,
        [Domain + "owner"] = spec.Owner,
        [Domain + "cost-centre"] = spec.CostCentre ?? "",
    };

    /// <summary>As much of a text as a label's value may hold: at most 63 letters, digits, dots, underscores and hyphens, alphanumeric at both ends; other characters become hyphens.</summary>
    public static string LabelValue(string text)
    {
        var value = new StringBuilder(Math.Min(text.Length, LongestLabel));
        foreach (var c in text)
        {
            if (value.Length == LongestLabel) break;
            value.Append(char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-');
        }
        return value.ToString().Trim('.', '_', '-');
    }
}
