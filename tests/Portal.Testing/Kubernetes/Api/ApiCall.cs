using Portal.Testing.Kubernetes.Access;

namespace Portal.Testing.Kubernetes.Api;

/// <summary>Who writes, as which field manager, and how strictly.</summary>
internal sealed record ApiCall(ClusterUser User, string FieldManager)
{
    /// <summary>The subresource that is written, or empty.</summary>
    public string Subresource { get; init; } = "";

    public bool IsDryRun { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>.</summary>
    public string FieldValidation { get; init; } = "Warn";

    /// <summary>Takes over what other managers own.</summary>
    public bool Force { get; init; }

    /// <summary>What the answer's Warning headers will say.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>A component of the cluster, which is allowed everything.</summary>
    public static ApiCall By(string component, string subresource = "") => new(ClusterUser.Component(component), component) { Subresource = subresource };
}

/// <summary>What a delete asks for.</summary>
internal sealed record DeleteOptions
{
    public long? GracePeriodSeconds { get; init; }
    public string? Propagation { get; init; }
    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
    public bool IsDryRun { get; init; }
}
