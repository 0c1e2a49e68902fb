using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;
using Xunit;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>A test cluster with what whoever installs the portal brings: a namespace with the strictest pod security, Secrets, a claim. Its pods answer the portal's probes and nothing else.</summary>
internal sealed class InstallCluster : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Paths = new()
    {
        ["ServiceAccount"] = "api/v1/namespaces/NS/serviceaccounts", ["ConfigMap"] = "api/v1/namespaces/NS/configmaps", ["Service"] = "api/v1/namespaces/NS/services", ["Deployment"] = "apis/apps/v1/namespaces/NS/deployments",
        ["Job"] = "apis/batch/v1/namespaces/NS/jobs", ["Ingress"] = "apis/networking.k8s.io/v1/namespaces/NS/ingresses", ["NetworkPolicy"] = "apis/networking.k8s.io/v1/namespaces/NS/networkpolicies",
        ["PodDisruptionBudget"] = "apis/policy/v1/namespaces/NS/poddisruptionbudgets", ["HorizontalPodAutoscaler"] = "apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers",
        ["ClusterRole"] = "apis/rbac.authorization.k8s.io/v1/clusterroles", ["ClusterRoleBinding"] = "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    };

    private InstallCluster(TestCluster cluster)
    {
        Test = cluster;
        cluster.Programs.Add(Remember, new ScriptedProgram { Http = Answer });
        cluster.Programs.Add(run => run.Container == "migrations", new ScriptedProgram { EndsAfter = TimeSpan.Zero });
    }

    public TestCluster Test { get; }

    /// <summary>What containers were given last, by their part: web, worker.</summary>
    public Dictionary<string, IReadOnlyDictionary<string, string>> Environments { get; } = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<InstallCluster> StartAsync()
    {
        var cluster = new InstallCluster(await TestCluster.StartAsync(new TestClusterOptions { SecondLength = TimeSpan.FromMilliseconds(50) }));
        var core = cluster.Test.Client.CoreV1;
        var modes = new[] { "enforce", "audit", "warn" }.ToDictionary(mode => $"pod-security.kubernetes.io/{mode}", _ => "restricted");
        await core.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = PortalChart.Namespace, Labels = modes } }, cancellationToken: Token);
        foreach (var (name, key, value) in new[]
        {
            ("portal-database", "connection-string", "Host=db;Username=portal;Password=s3cret"), ("portal-database-owner", "connection-string", "Host=db;Username=portal_owner;Password=s3cret"),
            ("portal-master-key", "master-key", Convert.ToBase64String(new byte[32])), ("portal-admin", "password", "a password that was given"), ("portal-oidc", "client-secret", "s3cret"), ("portal-mail", "password", "s3cret"),
        })
            await core.CreateNamespacedSecretAsync(new V1Secret { Metadata = new V1ObjectMeta { Name = name }, StringData = new Dictionary<string, string> { [key] = value } }, PortalChart.Namespace, cancellationToken: Token);
        await core.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "given" } }, PortalChart.Namespace, cancellationToken: Token);
        await core.CreateNamespacedPersistentVolumeClaimAsync(new V1PersistentVolumeClaim
        {
            Metadata = new V1ObjectMeta { Name = "portal-keys" },
            Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteMany"], StorageClassName = "shared", Resources = new V1VolumeResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new("1Gi") } } },
        }, PortalChart.Namespace, cancellationToken: Token);
        return cluster;
    }

    /// <summary>As <c>kubectl apply --server-side</c> does it, with unknown fields refused.</summary>
    public async Task ApplyAsync(IReadOnlyList<JsonObject> objects)
    {
        using var config = new MemoryStream(Encoding.UTF8.GetBytes(Test.AdminKubeconfig));
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, certificate, _, _) => Test.CaCertificatePem.Length > 0 && certificate is not null }) { BaseAddress = Test.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", KubernetesClientConfiguration.BuildConfigFromConfigFile(config).AccessToken);
        foreach (var item in objects)
        {
            var path = Paths[item.Kind()];
            ((string?)item["metadata"]!["namespace"]).Should().Be(path.Contains("/NS/", StringComparison.Ordinal) ? PortalChart.Namespace : null, item.Key());
            using var body = new StringContent(item.ToJsonString(), Encoding.UTF8, "application/apply-patch+yaml");
            using var answer = await http.PatchAsync(new Uri($"/{path.Replace("NS", PortalChart.Namespace, StringComparison.Ordinal)}/{item.Name()}?fieldManager=test&fieldValidation=Strict", UriKind.Relative), body, Token);
            ((int)answer.StatusCode).Should().Be(201, $"{item.Key()}: {await answer.Content.ReadAsStringAsync(Token)}");
            answer.Headers.Should().NotContainKey("Warning", item.Key());
        }
    }

    /// <summary>Every pod is ready, every Job has succeeded, and only pods that talk to the cluster have a token.</summary>
    public async Task AllAreUpAsync(int web, int worker)
    {
        foreach (var (name, replicas) in new[] { ("portal-web", web), ("portal-worker", worker) })
            await UntilAsync(async () => (await Test.Client.AppsV1.ReadNamespacedDeploymentAsync(name, PortalChart.Namespace, cancellationToken: Token)).Status is { } status && status.ReadyReplicas == replicas && status.UnavailableReplicas is null or 0, name);
        foreach (var job in (await Test.Client.BatchV1.ListNamespacedJobAsync(PortalChart.Namespace, cancellationToken: Token)).Items)
            await UntilAsync(async () => (await Test.Client.BatchV1.ReadNamespacedJobAsync(job.Metadata.Name, PortalChart.Namespace, cancellationToken: Token)).Status?.Succeeded == 1, job.Metadata.Name);
        var pods = (await Test.Client.CoreV1.ListNamespacedPodAsync(PortalChart.Namespace, cancellationToken: Token)).Items;
        pods.Where(p => p.Spec.Containers.Any(c => c.VolumeMounts?.Any(m => m.MountPath == "/var/run/secrets/kubernetes.io/serviceaccount") == true)).Select(p => p.Metadata.Labels["app.kubernetes.io/component"]).Should().HaveCount(web + worker).And.NotContain("migrations", "nothing of it talks to the cluster");
    }

    public async ValueTask DisposeAsync() => await Test.DisposeAsync();

    private async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var end = Environment.TickCount64 + 60_000; !await holds(); await Task.Delay(20, Token))
            if (Environment.TickCount64 > end)
                throw new TimeoutException($"{what} did not come up: {string.Join("; ", (await Test.Client.CoreV1.ListNamespacedEventAsync(PortalChart.Namespace, cancellationToken: Token)).Items.Where(e => e.Type == "Warning").Select(e => e.Message).Distinct())}");
    }

    private bool Remember(ContainerRun run)
    {
        lock (Environments) Environments[run.Labels.GetValueOrDefault("app.kubernetes.io/component", "")] = run.Environment;
        return true;
    }

    // What is asked is what the probes ask: the portal's own addresses.
    private static Task Answer(HttpContext context)
    {
        context.Response.StatusCode = context.Request.Path.Value is "/healthz" or "/readyz" ? 200 : 404;
        return Task.CompletedTask;
    }
}
