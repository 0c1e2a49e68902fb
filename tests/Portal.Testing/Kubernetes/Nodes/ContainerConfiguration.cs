using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>Something that a container's configuration names is not there.</summary>
internal sealed class ContainerConfigurationException(string message) : Exception(message);

/// <summary>Works out a container's environment, arguments and mounts.</summary>
internal static partial class ContainerConfiguration
{
    public static ContainerRun Build(PodRunner pod, ContainerRunner container, CancellationToken terminating)
    {
        var spec = container.Spec;
        var environment = Environment(pod, spec);
        return new ContainerRun(pod.Namespace, pod.Name, container.Name, pod.Labels)
        {
            Image = container.Image,
            Node = pod.Node,
            Restarts = container.Restarts,
            Argv = [.. spec.Texts("command").Concat(spec.Texts("args")).Select(a => Expand(a, environment))],
            RawArgv = [.. spec.Texts("command"), .. spec.Texts("args")],
            Environment = environment,
            MountSource = () => pod.Volumes.MountsOf(spec, environment),
            Ports = [.. spec.Objects("ports").Select(p => (int)(p.Number("containerPort") ?? 0))],
            PortNames = spec.Objects("ports").Where(p => p.Text("name") is not null).ToDictionary(p => p.Text("name")!, p => (int)(p.Number("containerPort") ?? 0)),
            WorkingFolder = spec.Text("workingDir"),
            Terminating = terminating,
        };
    }

    /// <summary>Fills <c>$(NAME)</c> in; two dollars are one, wherever they stand, and unknown names stay.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> environment) =>
        Reference().Replace(text, match => match.Value == "$$" ? "$" : environment.GetValueOrDefault(match.Groups[1].Value) ?? match.Value);

    private static Dictionary<string, string> Environment(PodRunner pod, JsonObject spec)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ["HOSTNAME"] = pod.Name, ["KUBERNETES_SERVICE_HOST"] = "10.96.0.1", ["KUBERNETES_SERVICE_PORT"] = "443" };
        foreach (var source in spec.Objects("envFrom"))
        {
            var (reference, isSecret) = source.At("secretRef") is { } secret ? (secret, true) : (source.At("configMapRef"), false);
            foreach (var (key, value) in All(pod, reference, isSecret))
                environment[(source.Text("prefix") ?? "") + key] = value;
        }
        foreach (var variable in spec.Objects("env"))
        {
            var name = variable.Text("name") ?? "";
            if (variable.At("valueFrom") is not { } from)
                environment[name] = Expand(variable.Text("value") ?? "", environment);
            else if (Value(pod, spec, from) is { } value)
                environment[name] = value;
        }
        return environment;
    }

    private static string? Value(PodRunner pod, JsonObject spec, JsonNode from)
    {
        if (from.Text("fieldRef", "fieldPath") is { } path)
            return Field(pod, path);
        if (from.Text("resourceFieldRef", "resource") is { } resource)
            return Quantity.Parse(spec.Text(["resources", .. resource.Split('.', 2)]))?.ToString("0", System.Globalization.CultureInfo.InvariantCulture) ?? "0";
        var (reference, isSecret) = from.At("secretKeyRef") is { } secret ? (secret, true) : (from.At("configMapKeyRef"), false);
        var (name, key) = (reference.Text("name") ?? "", reference.Text("key") ?? "");
        var optional = reference.Flag("optional") == true;
        if (Find(pod, name, isSecret) is not { } stored)
            return optional ? null : throw Missing(name, isSecret);
        if (stored.Json.Text("data", key) is { } text)
            return isSecret ? Encoding.UTF8.GetString(Convert.FromBase64String(text)) : text;
        return optional ? null : throw new ContainerConfigurationException($"couldn't find key {key} in {(isSecret ? "Secret" : "ConfigMap")} {pod.Namespace}/{name}");
    }

    private static IEnumerable<KeyValuePair<string, string>> All(PodRunner pod, JsonNode? reference, bool isSecret)
    {
        var name = reference.Text("name") ?? "";
        if (Find(pod, name, isSecret) is not { } stored)
            return reference.Flag("optional") == true ? [] : throw Missing(name, isSecret);
        return stored.Json.TextMap("data").Select(d => new KeyValuePair<string, string>(d.Key, isSecret ? Encoding.UTF8.GetString(Convert.FromBase64String(d.Value)) : d.Value));
    }

    private static StoredObject? Find(PodRunner pod, string name, bool isSecret) => pod.Core.Store.Find(isSecret ? ResourceCatalog.Secrets : ResourceCatalog.ConfigMaps, pod.Namespace, name);

    private static ContainerConfigurationException Missing(string name, bool isSecret) => new($"{(isSecret ? "secret" : "configmap")} \"{name}\" not found");

    private static string? Field(PodRunner pod, string path)
    {
        if (Subscript().Match(path) is { Success: true } match)
            return pod.Stored.Json.Text("metadata", match.Groups[1].Value, match.Groups[2].Value) ?? "";
        return path is "status.podIP" ? pod.Ip : path is "status.hostIP" ? pod.HostIp : pod.Stored.Json.Text(path.Split('.')) ?? "";
    }

    [GeneratedRegex(@"\$\$|\$\(([^)]*)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^metadata\.(labels|annotations)\['(.+)'\]$")]
    private static partial Regex Subscript();
}
