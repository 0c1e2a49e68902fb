using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Defaults;

/// <summary>Defaults of pods and of the templates that pods are made from.</summary>
internal static class PodDefaults
{
    /// <summary>A pod, which has some defaults that templates have not.</summary>
    public static void Pod(JsonObject json)
    {
        var spec = json.Ensure("spec");
        Spec(spec);
        spec.Default("enableServiceLinks", true);
        foreach (var container in Containers(spec))
        {
            foreach (var (name, amount) in container.At("resources", "limits") as JsonObject ?? [])
                container.Ensure("resources", "requests").Default(name, amount?.DeepClone());
        }
    }

    /// <summary>A pod's spec.</summary>
    public static void Spec(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30L);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        if (spec.Text("serviceAccountName") is { } account)
            spec["serviceAccount"] = account;
        else if (spec.Text("serviceAccount") is { } old)
            spec["serviceAccountName"] = old;
        foreach (var container in Containers(spec))
            Container(container);
        foreach (var volume in spec.Objects("volumes"))
            Volume(volume);
    }

    /// <summary>All containers of a spec, those that start first included.</summary>
    public static IEnumerable<JsonObject> Containers(JsonNode? spec) => spec.Objects("initContainers").Concat(spec.Objects("containers"));

    private static void Container(JsonObject container)
    {
        container.Default("resources", new JsonObject());
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        container.Default("imagePullPolicy", container.Text("image") is { Length: > 0 } image && IsLatest(image) ? "Always" : "IfNotPresent");
        foreach (var port in container.Objects("ports"))
            port.Default("protocol", "TCP");
        foreach (var env in container.Objects("env"))
        {
            if (env.At("valueFrom", "fieldRef") is JsonObject field)
                field.Default("apiVersion", "v1");
        }
        foreach (var name in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.At(name) is JsonObject probe)
                Probe(probe);
        }
        foreach (var hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (container.At("lifecycle", hook) is JsonObject handler)
                Http(handler);
        }
    }

    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
            return false;
        var tag = image.LastIndexOf(':');
        return tag < 0 || tag < image.LastIndexOf('/') || image[(tag + 1)..] == "latest";
    }

    private static void Probe(JsonObject probe)
    {
        probe.Default("timeoutSeconds", 1L);
        probe.Default("periodSeconds", 10L);
        probe.Default("successThreshold", 1L);
        probe.Default("failureThreshold", 3L);
        Http(probe);
    }

    private static void Http(JsonObject handler)
    {
        if (handler.At("httpGet") is not JsonObject get)
            return;
        get.Default("path", "/");
        get.Default("scheme", "HTTP");
    }

    private static void Volume(JsonObject volume)
    {
        if (volume.Count == 1)
            volume["emptyDir"] = new JsonObject();
        foreach (var source in (ReadOnlySpan<string>)["secret", "configMap", "projected", "downwardAPI"])
        {
            if (volume.At(source) is JsonObject given)
                given.Default("defaultMode", 420L);
        }
        foreach (var token in volume.Objects("projected", "sources"))
        {
            if (token.At("serviceAccountToken") is JsonObject given)
                given.Default("expirationSeconds", 3600L);
        }
        if (volume.At("hostPath") is JsonObject path)
            path.Default("type", "");
    }
}
