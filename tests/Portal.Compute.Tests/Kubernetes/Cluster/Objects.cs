using System.Text.Json.Nodes;
using k8s.Models;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Small objects to send, as JSON so that they can be made wrong.</summary>
internal static class Objects
{
    internal const string Image = "busybox:1.36";

    /// <summary>A pod that the <c>restricted</c> standard lets through.</summary>
    internal static JsonObject Pod(string name = "pod", string restartPolicy = "Always") =>
        Named("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME","labels":{"app":"NAME"}}}""", name).With("spec", PodSpec(restartPolicy));

    internal static JsonObject Deployment(string name = "web", int replicas = 1) =>
        Named("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"NAME"},"spec":{"selector":{"matchLabels":{"app":"NAME"}},"template":{"metadata":{"labels":{"app":"NAME"}}}}}""", name)
            .With("spec.replicas", $"{replicas}").With("spec.template.spec", PodSpec("Always"));

    internal static JsonObject StatefulSet(string name = "set", int replicas = 1) =>
        Named("""
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"NAME"},"spec":{"serviceName":"NAME","selector":{"matchLabels":{"app":"NAME"}},"template":{"metadata":{"labels":{"app":"NAME"}}},
             "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
            """, name).With("spec.replicas", $"{replicas}").With("spec.template.spec", PodSpec("Always"));

    internal static JsonObject Job(string name = "job") =>
        Named("""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"NAME"},"spec":{"backoffLimit":0,"template":{"metadata":{"labels":{"run":"NAME"}}}}}""", name).With("spec.template.spec", PodSpec("Never"));

    internal static JsonObject Service(string name = "svc", string app = "pod", int port = 80, int target = 8080) =>
        Named("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"NAME"},"spec":{"ports":[{"name":"http"}]}}""", name)
            .With("spec.selector", $$"""{"app":"{{app}}"}""").With("spec.ports[0].port", $"{port}").With("spec.ports[0].targetPort", $"{target}");

    internal static JsonObject Claim(string name = "claim", string? storageClass = null)
    {
        var claim = Named("""{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"NAME"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}""", name);
        return storageClass is null ? claim : claim.With("spec.storageClassName", $"\"{storageClass}\"");
    }

    internal static JsonObject ConfigMap(string name = "map") => Named("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"},"data":{"a":"1","b":"2"}}""", name);

    internal static JsonObject Secret(string name = "secret") => Named("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"NAME"},"stringData":{"token":"abc"}}""", name);

    private static JsonObject Named(string json, string name) => Parse(json.Replace("NAME", name, StringComparison.Ordinal));

    internal static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    /// <summary>Typed, for the client's methods.</summary>
    internal static T As<T>(this JsonObject json) => k8s.KubernetesJson.Deserialize<T>(json.ToJsonString());

    /// <summary>Puts a value at a path such as <c>spec.containers[0].name</c>; null takes the member away.</summary>
    internal static JsonObject With(this JsonObject json, string path, string? valueJson)
    {
        JsonNode node = json;
        var parts = path.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        for (var i = 0; i < parts.Length - 1; i++)
            node = parts[i].StartsWith('[') ? node[int.Parse(parts[i][1..^1])]! : node[parts[i]] ??= parts[i + 1].StartsWith('[') ? new JsonArray() : new JsonObject();
        var value = valueJson is null ? null : JsonNode.Parse(valueJson);
        var last = parts[^1];
        if (last.StartsWith('[') && node is JsonArray list && int.Parse(last[1..^1]) == list.Count)
            list.Add(value);
        else if (last.StartsWith('['))
            node[int.Parse(last[1..^1])] = value;
        else if (valueJson is null)
            ((JsonObject)node).Remove(last);
        else
            node[last] = value;
        return json;
    }

    private static string PodSpec(string restartPolicy) => """
        {"terminationGracePeriodSeconds":5,"securityContext":{"runAsNonRoot":true,"runAsUser":1000,"seccompProfile":{"type":"RuntimeDefault"}},
         "containers":[{"name":"main","image":"IMAGE","command":["sh","-c","sleep 3600"],"ports":[{"name":"http","containerPort":8080}],
         "resources":{"requests":{"cpu":"10m","memory":"16Mi"},"limits":{"cpu":"100m","memory":"64Mi"}},
         "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}],"restartPolicy":"POLICY"}
        """.Replace("IMAGE", Image, StringComparison.Ordinal).Replace("POLICY", restartPolicy, StringComparison.Ordinal);
}
