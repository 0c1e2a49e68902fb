using System.Text;
using k8s;
using Portal.Testing.Kubernetes.Access;
using Portal.Testing.Kubernetes.Controllers;
using Portal.Testing.Kubernetes.Http;
using Portal.Testing.Kubernetes.Nodes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Testing.Kubernetes;

/// <summary>
/// A Kubernetes cluster in this process: an API server on loopback with TLS that is as strict as the real one, small controllers, nodes that run what tests script or real commands. What it does as the real one does and
/// what it does not is in README.md beside this file.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly ClusterCore _core;
    private readonly ClusterCertificates _certificates;
    private readonly NodeAgent _agent;
    private readonly ControllerLoop _controllers;
    private readonly RequestLog _log = new();
    private ApiListener? _listener;
    private int _port;

    private TestCluster(TestClusterOptions options)
    {
        Options = options;
        _certificates = new ClusterCertificates(options.Clock.GetUtcNow());
        _core = new ClusterCore(options) { CaCertificatePem = _certificates.AuthorityPem };
        _core.Catalog.HasMetrics = options.Metrics;
        Faults = new ClusterFaults(_core.Store);
        _agent = new NodeAgent(_core);
        Nodes = new ClusterNodes(_core, _agent);
        _controllers = new ControllerLoop(_core.Store,
        [
            new NamespaceController(_core), new Scheduler(_core), new StatefulSetController(_core), new DeploymentController(_core), new ReplicaSetController(_core), new JobController(_core), new ClaimController(_core),
            new EndpointsController(_core), new AutoscalerController(_core), new BudgetController(_core), new QuotaController(_core), new NodeController(_core), new GarbageCollector(_core),
        ]);
    }

    public TestClusterOptions Options { get; }

    /// <summary>Where the API server listens, whether it is up or not.</summary>
    public Uri Url => new($"https://127.0.0.1:{_port}");

    /// <summary>The certificate authority of the server's certificate.</summary>
    public string CaCertificatePem => _certificates.AuthorityPem;

    /// <summary>A client as the cluster's administrator.</summary>
    public k8s.Kubernetes Client { get; private set; } = null!;

    /// <summary>The administrator's kubeconfig.</summary>
    public string AdminKubeconfig => KubeconfigFor(ClusterUser.Admin);

    /// <summary>What goes wrong on the way.</summary>
    public ClusterFaults Faults { get; }

    /// <summary>The machines.</summary>
    public ClusterNodes Nodes { get; }

    /// <summary>What containers do.</summary>
    public ClusterPrograms Programs => _core.Programs;

    /// <summary>The requests so far, in the order in which they were answered.</summary>
    public IReadOnlyList<RequestRecord> Requests => _log.Records;

    /// <summary>Is metrics.k8s.io served?</summary>
    public bool HasMetrics
    {
        get => _core.Catalog.HasMetrics;
        set => _core.Catalog.HasMetrics = value;
    }

    /// <summary>What controllers threw and should not have; empty when this server has no fault of its own.</summary>
    public IReadOnlyList<Exception> Surprises => [.. _controllers.Surprises];

    /// <summary>Starts a cluster on a free port.</summary>
    public static async Task<TestCluster> StartAsync(TestClusterOptions? options = null)
    {
        var cluster = new TestCluster(options ?? new TestClusterOptions());
        ClusterSeed.Plant(cluster._core, cluster.Nodes);
        await ClusterSeed.SettleAsync(cluster._core);
        await cluster.StartServerAsync();
        cluster.Client = cluster.ClientFor(ClusterUser.Admin);
        return cluster;
    }

    /// <summary>Stops the API server, dropping every connection. What is stored stays, and what runs goes on.</summary>
    public async Task StopServerAsync()
    {
        if (Interlocked.Exchange(ref _listener, null) is { } listener)
            await listener.DisposeAsync();
    }

    /// <summary>Starts the API server again, on the same port.</summary>
    public async Task StartServerAsync()
    {
        _listener = await ApiListener.StartAsync(_core, Faults, _log, _agent, _certificates.Server, _port);
        _port = _listener.Port;
    }

    /// <summary>A user of this name, <c>system:authenticated</c> and in the groups given. What they may do is in the cluster's roles.</summary>
    public static ClusterUser User(string name, params string[] groups) => new(name, [.. groups, "system:authenticated"]);

    /// <summary>A namespace's service account.</summary>
    public static ClusterUser ServiceAccount(string @namespace, string name) => User($"system:serviceaccount:{@namespace}:{name}", "system:serviceaccounts", $"system:serviceaccounts:{@namespace}");

    /// <summary>The user's bearer token.</summary>
    public string TokenFor(ClusterUser user) => _core.Users.TokenOf(user);

    /// <summary>The user's token is no longer good; <see cref="TokenFor"/> gives another.</summary>
    public void ExpireToken(ClusterUser user) => _core.Users.Expire(user.Name);

    /// <summary>A kubeconfig with one context, the cluster's certificate authority and the user's token.</summary>
    public string KubeconfigFor(ClusterUser user) => $"""
        apiVersion: v1
        kind: Config
        current-context: test
        clusters:
        - name: test
          cluster:
            server: {Url.ToString().TrimEnd('/')}
            certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(CaCertificatePem))}
        users:
        - name: "{user.Name}"
          user:
            token: {TokenFor(user)}
        contexts:
        - name: test
          context:
            cluster: test
            user: "{user.Name}"
        """;

    /// <summary>A client as the user.</summary>
    public k8s.Kubernetes ClientFor(ClusterUser user)
    {
        using var config = new MemoryStream(Encoding.UTF8.GetBytes(KubeconfigFor(user)));
        return new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(config));
    }

    /// <summary>Forgets the requests so far.</summary>
    public void ClearRequests() => _log.Clear();

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await StopServerAsync();
        await _controllers.DisposeAsync();
        await _agent.StopAsync();
        _certificates.Dispose();
        if (Directory.Exists(Options.DataFolder))
            Directory.Delete(Options.DataFolder, recursive: true);
    }
}
