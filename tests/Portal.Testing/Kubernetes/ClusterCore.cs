using Portal.Testing.Kubernetes.Access;
using Portal.Testing.Kubernetes.Admission;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Controllers;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes;

/// <summary>What a cluster is made of, whether its API server is up or not.</summary>
internal sealed class ClusterCore
{
    public ClusterCore(TestClusterOptions options)
    {
        Options = options;
        Store = new ObjectStore(options.WatchHistory);
        Authorizer = new RoleAuthorizer(Store);
        Events = new EventRecorder(this);
        Admission = new AdmissionChain(this);
        Api = new ApiOperations(this);
    }

    public TestClusterOptions Options { get; }

    public ObjectStore Store { get; }

    public ResourceCatalog Catalog { get; } = new();

    public UserDirectory Users { get; } = new();

    public RoleAuthorizer Authorizer { get; }

    public EventRecorder Events { get; }

    public AdmissionChain Admission { get; }

    public ApiOperations Api { get; }

    public Programs.ClusterPrograms Programs { get; } = new();

    /// <summary>What pods are given to know the server by.</summary>
    public string CaCertificatePem { get; init; } = "";

    public DateTimeOffset Now => Options.Clock.GetUtcNow();

    /// <summary>Five letters and digits, as in generated names.</summary>
    public static string Suffix(int length = 5) => Random.Shared.GetString("bcdfghjklmnpqrstvwxz2456789", length);
}
