using System.Globalization;
using System.Text.RegularExpressions;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>Why a pod does not run yet, in words for people, with the cluster's own after them.</summary>
internal static partial class PendingWords
{
    /// <summary>One sentence, or two; never empty.</summary>
    /// <param name="warning">The newest warning about the pod, its volume or its owner, when there is one.</param>
    public static string Of(PodFacts? pod, string? warning)
    {
        if (pod is null) return warning is null ? "The cluster is making its pod." : NoPod(warning);
        if (pod.Waiting is { Reason: "ImagePullBackOff" or "ErrImagePull" or "InvalidImageName" or "ImageInspectError" } image) return $"Its image cannot be pulled: {Cluster(image.Message ?? image.Reason)}";
        if (pod.Waiting is { Reason: "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError" } broken) return $"Its container cannot be made: {Cluster(broken.Message ?? broken.Reason)}";
        if (pod.Unschedulable is { } unschedulable) return Unschedulable(unschedulable);
        if (pod.Node is null) return "It waits for the scheduler.";
        if (pod.Waiting is not null) return warning is not null && IsVolume(warning) ? $"It waits for its volume: {Cluster(warning)}" : $"Node {pod.Node} is pulling its image and setting it up.";
        return "The program runs and does not answer yet.";
    }

    /// <summary>From the scheduler's count of nodes: <c>0/5 nodes are available: 3 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint …</c>.</summary>
    private static string Unschedulable(string text)
    {
        var lacks = Insufficient().Matches(text).Select(m => $"{Resource(m.Groups[2].Value)} on {Nodes(m.Groups[1].Value)}").ToList();
        if (GoneVolume().IsMatch(text)) return $"Its volume was deleted on the cluster, and its files with it. Stop it and start it again: it gets a new one. {Cluster(text)}";
        if (text.Contains("unbound immediate PersistentVolumeClaims", StringComparison.Ordinal) || text.Contains("volume node affinity conflict", StringComparison.Ordinal)) return $"It waits for its volume: {Cluster(text)}";
        if (lacks.Count > 0) return $"No node has room: too little {string.Join(", ", lacks)}. {Cluster(text)}";
        if (text.Contains("node affinity/selector", StringComparison.Ordinal)) return $"No node is of the kind it asks for (GPU, spot or on demand). {Cluster(text)}";
        return $"No node takes it. {Cluster(text)}";
    }

    /// <summary>The Secret of the portal's that a text of the cluster says is missing.</summary>
    public static string? MissingSecret(string text) => LostSecret().Match(text) is { Success: true } match ? match.Groups[1].Value : null;

    private static string NoPod(string warning) =>
        warning.Contains("exceeded quota", StringComparison.Ordinal) ? $"The team's quota on the cluster is used up: {Cluster(warning)}" : $"The cluster cannot make its pod: {Cluster(warning)}";

    private static bool IsVolume(string warning) => warning.Contains("olume", StringComparison.Ordinal);

    private static string Resource(string name) => name switch
    {
        "cpu" => "CPU",
        "memory" => "memory",
        "ephemeral-storage" => "disk",
        _ when name.EndsWith("/gpu", StringComparison.Ordinal) => "GPUs",
        _ => name,
    };

    private static string Nodes(string count) => count == "1" ? "1 node" : $"{int.Parse(count, CultureInfo.InvariantCulture)} nodes";

    private static string Cluster(string text) => $"“{(text.Length > 400 ? text[..400] + "…" : text).TrimEnd('.')}”";

    [GeneratedRegex("secret \"(a-[0-9a-f-]{36}[a-z0-9-]{0,20})\" not found")]
    private static partial Regex LostSecret();

    [GeneratedRegex("persistentvolumeclaim \"[^\"]{1,253}\" (not found|is being deleted)")]
    private static partial Regex GoneVolume();

    [GeneratedRegex(@"(\d{1,9}) Insufficient ([\w./-]*\w)")]
    private static partial Regex Insufficient();
}
