using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes;

/// <summary>What a new cluster holds.</summary>
internal static class ClusterSeed
{
    public static void Plant(ClusterCore core, ClusterNodes nodes)
    {
        foreach (var name in (ReadOnlySpan<string>)["default", "kube-system", "kube-public"])
            core.Api.Create(ApiCall.By("kube-apiserver"), ResourceCatalog.Namespaces, null, Named("Namespace", "v1", name));
        Role(core, "system:discovery", "Group", "system:authenticated", new JsonObject { ["verbs"] = new JsonArray("get"), ["nonResourceURLs"] = new JsonArray("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/") });
        Role(core, "system:basic-user", "Group", "system:authenticated", new JsonObject { ["verbs"] = new JsonArray("create"), ["apiGroups"] = new JsonArray("authorization.k8s.io"), ["resources"] = new JsonArray("selfsubjectaccessreviews", "selfsubjectrulesreviews") });
        Role(core, "system:public-info-viewer", "Group", "system:unauthenticated", new JsonObject { ["verbs"] = new JsonArray("get"), ["nonResourceURLs"] = new JsonArray("/healthz", "/livez", "/readyz", "/version", "/version/") });
        if (!core.Options.Seed)
            return;
        Class(core, "standard", "Immediate", isDefault: true);
        Class(core, "standard-wait", "WaitForFirstConsumer", isDefault: false);
        Class(core, "shared", "Immediate", isDefault: false, "shared.csi.example.com");
        nodes.Add("node-1");
    }

    /// <summary>Waits until every namespace has what it is given, so that nothing of it comes in between later.</summary>
    public static async Task SettleAsync(ClusterCore core)
    {
        while (core.Store.List(ResourceCatalog.Namespaces).Any(n => core.Store.Find(ResourceCatalog.ServiceAccounts, n.Name, "default") is null || core.Store.Find(ResourceCatalog.ConfigMaps, n.Name, "kube-root-ca.crt") is null))
            await Task.Delay(2);
    }

    private static void Class(ClusterCore core, string name, string binding, bool isDefault, string provisioner = "test.csi.example.com")
    {
        var json = Named("StorageClass", "storage.k8s.io/v1", name);
        json["provisioner"] = provisioner;
        json["volumeBindingMode"] = binding;
        json["allowVolumeExpansion"] = true;
        if (isDefault)
            json["metadata"]!["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" };
        core.Api.Create(ApiCall.By("kube-apiserver"), ResourceCatalog.StorageClasses, null, json);
    }

    private static void Role(ClusterCore core, string name, string kind, string subject, JsonObject rule)
    {
        var role = Named("ClusterRole", "rbac.authorization.k8s.io/v1", name);
        role["rules"] = new JsonArray(rule);
        core.Api.Create(ApiCall.By("kube-apiserver"), ResourceCatalog.ClusterRoles, null, role);
        var binding = Named("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", name);
        binding["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = name };
        binding["subjects"] = new JsonArray(new JsonObject { ["kind"] = kind, ["name"] = subject });
        core.Api.Create(ApiCall.By("kube-apiserver"), ResourceCatalog.ClusterRoleBindings, null, binding);
    }

    private static JsonObject Named(string kind, string version, string name) => new() { ["kind"] = kind, ["apiVersion"] = version, ["metadata"] = new JsonObject { ["name"] = name } };
}
