using k8s;
using k8s.Models;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>A team's namespace: what every workload in it is held to, made before the first of them.</summary>
internal static class TeamNamespace
{
    /// <summary>The account of workloads; it may do nothing, and no token of it is mounted.</summary>
    public const string ServiceAccount = "workload";

    private const string Metadata = "169.254.169.254/32";

    // Room for the small pods that read volumes, whatever the team runs.
    private const decimal ForFiles = 1;

    /// <summary>In the order in which they must be made.</summary>
    /// <param name="vcpu">What the team may hold at once; null: not limited.</param>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects(ClusterOptions options, string team, string instance, decimal? vcpu)
    {
        var name = ClusterNames.NamespaceOf(options.NamespacePrefix, team);
        V1ObjectMeta Meta(string own, bool namespaced = true) => new()
        {
            Name = own, NamespaceProperty = namespaced ? name : null,
            Labels = new Dictionary<string, string> { ["app.kubernetes.io/managed-by"] = ClusterNames.Manager, [ClusterNames.Instance] = ClusterNames.LabelValue(instance), [ClusterNames.Domain + "team"] = ClusterNames.LabelValue(team) },
        };
        var space = Meta(name, namespaced: false);
        foreach (var mode in new[] { "enforce", "audit", "warn" }) space.Labels[$"pod-security.kubernetes.io/{mode}"] = "restricted";
        return
        [
            new V1Namespace { ApiVersion = "v1", Kind = "Namespace", Metadata = space },
            new V1ServiceAccount { ApiVersion = "v1", Kind = "ServiceAccount", Metadata = Meta(ServiceAccount), AutomountServiceAccountToken = false },
            new V1LimitRange
            {
                ApiVersion = "v1", Kind = "LimitRange", Metadata = Meta("portal"),
                // For pods that people add by hand: the quota refuses any that ask for nothing.
                Spec = new V1LimitRangeSpec { Limits = [new V1LimitRangeItem { Type = "Container", DefaultRequest = Amounts("100m", "128Mi"), DefaultProperty = Amounts("1", "1Gi") }] },
            },
            new V1ResourceQuota
            {
                ApiVersion = "v1", Kind = "ResourceQuota", Metadata = Meta("portal"),
                // The portal keeps a team's limits itself and lets what is over them wait; this holds back what comes past it. GPUs are limited by kind there, which a quota cannot do.
                Spec = new V1ResourceQuotaSpec { Hard = vcpu is { } cores ? new Dictionary<string, ResourceQuantity> { ["requests.cpu"] = new((cores + ForFiles).ToString(System.Globalization.CultureInfo.InvariantCulture)) } : [] },
            },
            new V1NetworkPolicy
            {
                ApiVersion = "networking.k8s.io/v1", Kind = "NetworkPolicy", Metadata = Meta("portal-default"),
                Spec = new V1NetworkPolicySpec
                {
                    PodSelector = new V1LabelSelector(),
                    PolicyTypes = ["Ingress", "Egress"],
                    // Nobody but the portal comes in; forwarding through the API server arrives from the node and is not held up by policies.
                    Ingress = [new V1NetworkPolicyIngressRule { FromProperty = [new V1NetworkPolicyPeer { NamespaceSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = options.PortalNamespace } } }] }],
                    // Whatever runs in the pods must not borrow the node's identity from the cloud.
                    Egress = [new V1NetworkPolicyEgressRule { To = [new V1NetworkPolicyPeer { IpBlock = new V1IPBlock { Cidr = "0.0.0.0/0", Except = [Metadata] } }, new V1NetworkPolicyPeer { NamespaceSelector = new V1LabelSelector() }] }],
                },
            },
        ];
    }

    private static Dictionary<string, ResourceQuantity> Amounts(string cpu, string memory) => new() { ["cpu"] = new(cpu), ["memory"] = new(memory) };
}
