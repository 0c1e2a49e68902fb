using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>What admission gives every pod: its service account with or without a token, its priority, how long it bears a node that is gone.</summary>
internal sealed class PodDefaulting(ObjectStore store)
{
    private const string TokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    public void Apply(ResourceType type, JsonObject pod)
    {
        var spec = pod.Ensure("spec");
        Account(type, pod, spec);
        Priority(type, pod, spec);
        Bear(spec, "node.kubernetes.io/not-ready");
        Bear(spec, "node.kubernetes.io/unreachable");
    }

    private void Account(ResourceType type, JsonObject pod, JsonObject spec)
    {
        var (place, name) = (pod.Text("metadata", "namespace"), spec.Text("serviceAccountName") is { Length: > 0 } given ? given : "default");
        spec["serviceAccountName"] = name;
        spec["serviceAccount"] = name;
        var account = store.Find(ResourceCatalog.ServiceAccounts, place, name)
            ?? throw ApiException.Forbidden(type, pod.Text("metadata", "name") ?? "", $"error looking up service account {place}/{name}: serviceaccount \"{name}\" not found");
        if (spec.Objects("imagePullSecrets").Count == 0 && account.Json.At("imagePullSecrets") is JsonArray { Count: > 0 } secrets)
            spec["imagePullSecrets"] = secrets.DeepClone();
        if (spec.Flag("automountServiceAccountToken") ?? account.Json.Flag("automountServiceAccountToken") ?? true)
            Mount(spec);
    }

    private static void Mount(JsonObject spec)
    {
        var containers = Defaults.PodDefaults.Containers(spec).Where(c => !c.Objects("volumeMounts").Any(m => m.Text("mountPath") == TokenFolder)).ToList();
        if (containers.Count == 0)
            return;
        var name = "kube-api-access-" + ClusterCore.Suffix();
        var volumes = spec["volumes"] as JsonArray ?? [];
        spec["volumes"] = volumes;
        volumes.Add(new JsonObject
        {
            ["name"] = name,
            ["projected"] = new JsonObject
            {
                ["defaultMode"] = 420L,
                ["sources"] = new JsonArray(
                    new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607L, ["path"] = "token" } },
                    new JsonObject { ["configMap"] = new JsonObject { ["name"] = "kube-root-ca.crt", ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }) } }),
            },
        });
        foreach (var container in containers)
        {
            var mounts = container["volumeMounts"] as JsonArray ?? [];
            container["volumeMounts"] = mounts;
            mounts.Add(new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = TokenFolder });
        }
    }

    private void Priority(ResourceType type, JsonObject pod, JsonObject spec)
    {
        var name = spec.Text("priorityClassName");
        var kind = name switch
        {
            null or "" => store.List(ResourceCatalog.PriorityClasses).FirstOrDefault(c => c.Json.Flag("globalDefault") == true),
            "system-cluster-critical" or "system-node-critical" => null,
            _ => store.Find(ResourceCatalog.PriorityClasses, null, name) ?? throw ApiException.Forbidden(type, pod.Text("metadata", "name") ?? "", $"no PriorityClass with name {name} was found"),
        };
        spec["priority"] = kind?.Json.Number("value") ?? 0;
        spec.Default("preemptionPolicy", kind?.Json.Text("preemptionPolicy") ?? "PreemptLowerPriority");
    }

    private static void Bear(JsonObject spec, string key)
    {
        if (spec.Objects("tolerations").Any(t => (t.Text("key") ?? "") is var k && (k == key || (k.Length == 0 && t.Text("operator") == "Exists")) && t.Text("effect") is null or "" or "NoExecute"))
            return;
        var tolerations = spec["tolerations"] as JsonArray ?? [];
        spec["tolerations"] = tolerations;
        tolerations.Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300L });
    }
}
