using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Defaults;

/// <summary>What the server fills in where nothing was said.</summary>
internal static class DefaultValues
{
    public static void Apply(ResourceType type, JsonObject json)
    {
        if (type.IsCustom)
            Custom(json, type.Schema);
        else if (type == ResourceCatalog.Pods)
            PodDefaults.Pod(json);
        else if (type.Group is "apps" or "batch")
            WorkloadDefaults.Apply(type, json);
        else
            Other(type, json);
    }

    private static void Other(ResourceType type, JsonObject json)
    {
        switch (type.GroupResource)
        {
            case "namespaces":
                json.Ensure("metadata", "labels")["kubernetes.io/metadata.name"] = json.Text("metadata", "name");
                break;
            case "services":
                Service(json.Ensure("spec"));
                break;
            case "secrets":
                Secret(json);
                break;
            case "persistentvolumeclaims":
                json.Ensure("spec").Default("volumeMode", "Filesystem");
                break;
            case "persistentvolumes":
                json.Ensure("spec").Default("volumeMode", "Filesystem");
                json.Ensure("spec").Default("persistentVolumeReclaimPolicy", "Retain");
                break;
            case "horizontalpodautoscalers.autoscaling":
                Autoscaler(json.Ensure("spec"));
                break;
            case "networkpolicies.networking.k8s.io":
                NetworkPolicy(json.Ensure("spec"));
                break;
            case "limitranges":
                foreach (var limit in json.Objects("spec", "limits"))
                    LimitRange(limit);
                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io":
                Binding(json);
                break;
            case "storageclasses.storage.k8s.io":
                json.Default("reclaimPolicy", "Delete");
                json.Default("volumeBindingMode", "Immediate");
                break;
            case "priorityclasses.scheduling.k8s.io":
                json.Default("preemptionPolicy", "PreemptLowerPriority");
                break;
            case "customresourcedefinitions.apiextensions.k8s.io":
                Definition(json.Ensure("spec"));
                break;
        }
    }

    private static void Service(JsonObject spec)
    {
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        if (spec.Text("type") != "ExternalName")
            spec.Default("internalTrafficPolicy", "Cluster");
        if (spec.Text("type") is "NodePort" or "LoadBalancer")
            spec.Default("externalTrafficPolicy", "Cluster");
        if (spec.Text("type") == "LoadBalancer")
            spec.Default("allocateLoadBalancerNodePorts", true);
        foreach (var port in spec.Objects("ports"))
        {
            port.Default("protocol", "TCP");
            if (port.At("targetPort") is null || port.Number("targetPort") == 0 || port.Text("targetPort") == "")
                port["targetPort"] = port.At("port")?.DeepClone();
        }
    }

    private static void Secret(JsonObject json)
    {
        json.Default("type", "Opaque");
        if (json.At("stringData") is not JsonObject texts)
            return;
        foreach (var (name, value) in texts)
            json.Ensure("data")[name] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value.Text() ?? ""));
        json.Remove("stringData");
    }

    private static void Autoscaler(JsonObject spec)
    {
        spec.Default("minReplicas", 1L);
        if (spec.At("metrics") is null)
            spec["metrics"] = new JsonArray(new JsonObject { ["type"] = "Resource", ["resource"] = new JsonObject { ["name"] = "cpu", ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = 80L } } });
    }

    private static void NetworkPolicy(JsonObject spec)
    {
        if (spec["podSelector"] is null)
            spec["podSelector"] = new JsonObject();
        if (spec["policyTypes"] is null)
            spec["policyTypes"] = spec["egress"] is null ? new JsonArray("Ingress") : new JsonArray("Ingress", "Egress");
        foreach (var port in spec.Objects("ingress").Concat(spec.Objects("egress")).SelectMany(r => r.Objects("ports")))
            port.Default("protocol", "TCP");
    }

    private static void LimitRange(JsonObject limit)
    {
        if (limit.Text("type") != "Container")
            return;
        void Fill(string to, string from)
        {
            foreach (var (name, amount) in limit.At(from) as JsonObject ?? [])
                limit.Ensure(to).Default(name, amount?.DeepClone());
        }
        Fill("default", "max");
        Fill("defaultRequest", "default");
        Fill("defaultRequest", "min");
    }

    private static void Binding(JsonObject json)
    {
        json.Ensure("roleRef").Default("apiGroup", "rbac.authorization.k8s.io");
        foreach (var subject in json.Objects("subjects").Where(s => s.Text("kind") is "User" or "Group"))
            subject.Default("apiGroup", "rbac.authorization.k8s.io");
    }

    private static void Definition(JsonObject spec)
    {
        var names = spec.Ensure("names");
        names.Default("singular", names.Text("kind")?.ToLowerInvariant());
        names.Default("listKind", names.Text("kind") + "List");
        spec.Default("conversion", new JsonObject { ["strategy"] = "None" });
    }

    private static void Custom(JsonNode? node, SchemaNode schema)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
                Custom(item, schema.Element ?? SchemaNode.Anything);
        }
        if (node is not JsonObject map)
            return;
        if (schema.Kind == SchemaKind.Struct)
        {
            foreach (var (name, member) in schema.Fields)
            {
                if (member.Rules?.Default is { } value && map[name] is null)
                    map[name] = value.DeepClone();
            }
        }
        foreach (var (name, value) in map)
        {
            if (schema.Member(name) is { Kind: not SchemaKind.Any } member && name != "metadata")
                Custom(value, member);
        }
    }
}
