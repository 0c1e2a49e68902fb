using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Api;

/// <content>What the server hands out when it stores: addresses, ports, first phases.</content>
internal sealed partial class ApiOperations
{
    private int _nextAddress = 10;
    private int _nextNodePort = 30_000;

    /// <summary>What a kind adds before anybody looks at it.</summary>
    private static void PrepareForCreate(ResourceType type, JsonObject next)
    {
        if (type != ResourceCatalog.Jobs || next.Flag("spec", "manualSelector") == true || next.At("spec", "template") is null)
            return;
        var (uid, name) = (next.Text("metadata", "uid"), next.Text("metadata", "name"));
        var labels = next.Ensure("spec", "template", "metadata", "labels");
        labels["batch.kubernetes.io/controller-uid"] = uid;
        labels["batch.kubernetes.io/job-name"] = name;
        labels["controller-uid"] = uid;
        labels["job-name"] = name;
        if (next.At("spec", "selector") is null)
            next.Ensure("spec")["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["batch.kubernetes.io/controller-uid"] = uid } };
    }

    private void AllocateOnCreate(ResourceType type, JsonObject next)
    {
        if (type == ResourceCatalog.Services)
        {
            AllocateService(next);
        }
        else if (type == ResourceCatalog.Pods)
        {
            next["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = Admission.PodResources.QosClass(next) };
        }
        else if (type == ResourceCatalog.Namespaces)
        {
            next.Ensure("spec")["finalizers"] = new JsonArray("kubernetes");
            next["status"] = new JsonObject { ["phase"] = "Active" };
        }
        else if (type == ResourceCatalog.Claims || type == ResourceCatalog.Volumes)
        {
            next["status"] = new JsonObject { ["phase"] = "Pending" };
            Finalizer(next, type == ResourceCatalog.Claims ? "kubernetes.io/pvc-protection" : "kubernetes.io/pv-protection");
        }
        else if (type == ResourceCatalog.Deployments || type == ResourceCatalog.Jobs || type == ResourceCatalog.StatefulSets)
        {
            next["status"] = new JsonObject();
        }
    }

    private void AllocateService(JsonObject next)
    {
        next["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        var spec = next.Ensure("spec");
        if (spec.Text("type") == "ExternalName")
            return;
        if (spec.Text("clusterIP") is null or "")
            spec["clusterIP"] = core.Options.ServiceAddress(Interlocked.Increment(ref _nextAddress));
        spec["clusterIPs"] = new JsonArray(spec.Text("clusterIP"));
        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
        if (spec.Text("type") is not ("NodePort" or "LoadBalancer"))
            return;
        foreach (var port in spec.Objects("ports"))
            port.Default("nodePort", (long)Interlocked.Increment(ref _nextNodePort));
    }

    private static void Finalizer(JsonObject next, string name)
    {
        var metadata = next.Ensure("metadata");
        if (!metadata.Texts("finalizers").Contains(name))
            metadata["finalizers"] = new JsonArray([.. metadata.Texts("finalizers").Append(name).Select(f => (JsonNode?)f)]);
    }

    /// <summary>What was handed out stays when an update leaves it out.</summary>
    private static void KeepAllocated(ResourceType type, StoredObject old, JsonObject next)
    {
        if (type == ResourceCatalog.Services && next.Text("spec", "type") != "ExternalName")
        {
            var spec = next.Ensure("spec");
            foreach (var name in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
            {
                if (spec[name] is null && old.Json.At("spec", name) is { } value)
                    spec[name] = value.DeepClone();
            }
        }
        else if (type == ResourceCatalog.Claims && next.Text("spec", "volumeName") is null && old.Json.Text("spec", "volumeName") is { } volume)
        {
            next.Ensure("spec")["volumeName"] = volume;
        }
        else if (type == ResourceCatalog.Namespaces && next.At("spec", "finalizers") is null && old.Json.At("spec", "finalizers") is { } finalizers)
        {
            next.Ensure("spec")["finalizers"] = finalizers.DeepClone();
        }
    }
}
