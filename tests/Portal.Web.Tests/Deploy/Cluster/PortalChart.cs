using System.Text.Json.Nodes;
using Portal.Testing.Hosting;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>The chart as Helm renders it.</summary>
internal static class PortalChart
{
    public const string Namespace = "portal";

    /// <summary>What has no default, with the names that <c>deploy/k8s</c> has.</summary>
    public const string Required = """
        image: registry.example.org/portal:1
        portal: { url: "https://portal.example.org", appsUrl: "https://{workload}.apps.example.net", trustedProxies: [10.244.0.0/16] }
        admin: { existingSecret: portal-admin }
        database: { existingSecret: portal-database }
        migrations: { existingSecret: portal-database-owner }
        masterKey: { existingSecret: portal-master-key }
        """;

    /// <summary>Everything that can be switched on or put in.</summary>
    public const string Everything = """
        imagePullSecrets: [{ name: registry }]
        oidc: { authority: "https://login.example.org/realms/ml", clientId: portal, existingSecret: portal-oidc }
        mail: { host: smtp.example.org, from: portal@example.org, user: portal, existingSecret: portal-mail }
        cluster:
          name: cluster-eu
          storageClass: standard
          sharedStorageClass: shared
          pools: [{ instanceType: g5.xlarge, region: eu-west-1, zone: eu-west-1a, spot: true, vcpu: "3.9", memoryGib: "14.5", gpuKind: A10G, gpus: "1", most: "8" }, { instanceType: m5.large, vcpu: "1.9", memoryGib: "7" }]
        settings: { SignIn__Oidc__Scopes: openid profile email groups, Mail__FromName: "Portal: ML" }
        extraEnv: [{ name: TZ, value: Europe/Berlin }]
        extraVolumes: [{ name: catalog, configMap: { name: catalog, optional: true } }]
        extraVolumeMounts: [{ name: catalog, mountPath: /catalog, readOnly: true }]
        keyFolder: { existingClaim: portal-keys }
        serviceAccount: { name: portal-runs, annotations: { example.org/role: ml } }
        service: { annotations: { example.org/sticky: "true" }, sessionAffinity: None }
        ingress: { className: nginx }
        networkPolicy:
          from: [{ podSelector: { matchLabels: { app: proxy } }, namespaceSelector: {} }, { ipBlock: { cidr: 192.0.2.0/24 } }]
          database: { port: 6432, to: [{ ipBlock: { cidr: 192.0.2.10/32 } }] }
          apiServer: { ports: [6443], to: [{ ipBlock: { cidr: 192.0.2.1/32 } }] }
          mail: { to: [{ ipBlock: { cidr: 192.0.2.20/32 } }] }
          oidc: { to: [{ ipBlock: { cidr: 192.0.2.30/32 } }] }
          extraEgress: [{ ports: [{ protocol: TCP, port: 3128 }] }]
        web:
          autoscaling: { enabled: true }
          podAnnotations: { example.org/a: "1" }
          nodeSelector: { kubernetes.io/os: linux }
          tolerations: [{ key: portal, operator: Exists }]
          affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: a, operator: Exists }] } }] } }
        worker: { replicas: 2, nodeSelector: { kubernetes.io/os: linux } }
        """;

    /// <summary>Everything that can be switched off.</summary>
    public const string Little = """
        migrations: { enabled: false }
        serviceAccount: { create: false, name: given }
        rbac: { create: false }
        ingress: { enabled: false }
        networkPolicy: { enabled: false }
        web: { replicas: 1, podDisruptionBudget: { enabled: false } }
        """;

    private static readonly string Folder = Directory.CreateTempSubdirectory("portal-chart-").FullName;

    public static string Path => System.IO.Path.Combine(RepositoryFolder.Root, "deploy", "helm", "portal");

    /// <summary>A file of values.</summary>
    public static async Task<string> FileAsync(string values)
    {
        var file = System.IO.Path.Combine(Folder, $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, values);
        return file;
    }

    /// <summary>What <c>helm template</c> answers to the values, each text on top of those before.</summary>
    public static async Task<ProgramAnswer> TryAsync(string release, string @namespace, params IReadOnlyList<string> values)
    {
        var files = await Task.WhenAll(values.Select(FileAsync));
        return await InstallTools.HelmAsync(["template", release, Path, "--namespace", @namespace, .. files.SelectMany(file => new[] { "--values", file })]);
    }

    /// <summary>The objects made with what is required and the values given.</summary>
    public static async Task<IReadOnlyList<JsonObject>> RenderAsync(params IEnumerable<string> values) => Manifest.Read((await TryAsync("portal", Namespace, [Required, .. values])).Succeeded);
}
