namespace Portal.Testing.Kubernetes.Access;

/// <summary>Who a bearer token stands for.</summary>
/// <param name="Name">As in RBAC subjects of kind User; service accounts are <c>system:serviceaccount:namespace:name</c>.</param>
/// <param name="Groups">Groups, <c>system:authenticated</c> among them.</param>
public sealed record ClusterUser(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>May do everything, whatever the roles say.</summary>
    public bool IsMaster => Groups.Contains("system:masters");

    /// <summary>Who sends no token.</summary>
    public static ClusterUser Anonymous { get; } = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>The cluster's administrator.</summary>
    public static ClusterUser Admin { get; } = new("kubernetes-admin", ["system:masters", "system:authenticated"]);

    /// <summary>A part of the cluster itself.</summary>
    internal static ClusterUser Component(string name) => new($"system:{name}", ["system:masters", "system:authenticated"]);
}
