using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of containers.</summary>
internal static class ContainerValidation
{
    private static readonly string[] FieldPaths = ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];

    public static void Check(string path, JsonNode? spec, IReadOnlySet<string> volumes, Findings findings)
    {
        var names = new HashSet<string>();
        if (spec.Objects("containers").Count == 0)
            findings.Add(FieldProblem.Required($"{path}.containers"));
        foreach (var part in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            var containers = spec.Objects(part);
            for (var i = 0; i < containers.Count; i++)
                Container($"{path}.{part}[{i}]", containers[i], names, volumes, isInit: part == "initContainers", findings);
        }
    }

    private static void Container(string path, JsonObject container, HashSet<string> names, IReadOnlySet<string> volumes, bool isInit, Findings findings)
    {
        var name = container.Text("name") ?? "";
        if (name.Length == 0)
            findings.Add(FieldProblem.Required($"{path}.name"));
        else if (Names.LabelProblem(name) is { } problem)
            findings.Add(FieldProblem.Invalid($"{path}.name", name, problem));
        else if (!names.Add(name))
            findings.Add(FieldProblem.Duplicate($"{path}.name", name));
        var image = container.Text("image") ?? "";
        if (image.Length == 0)
            findings.Add(FieldProblem.Required($"{path}.image"));
        else if (image.Trim() != image)
            findings.Add(FieldProblem.Invalid($"{path}.image", image, "must not have leading or trailing whitespace"));
        findings.OneOf($"{path}.imagePullPolicy", container.At("imagePullPolicy"), required: true, "Always", "IfNotPresent", "Never");
        findings.OneOf($"{path}.terminationMessagePolicy", container.At("terminationMessagePolicy"), required: true, "File", "FallbackToLogsOnError");
        Ports($"{path}.ports", container.Objects("ports"), findings);
        Environment($"{path}.env", container.Objects("env"), findings);
        EnvironmentFrom($"{path}.envFrom", container.Objects("envFrom"), findings);
        Mounts($"{path}.volumeMounts", container.Objects("volumeMounts"), volumes, findings);
        ResourceValidation.Requirements($"{path}.resources", container.At("resources"), findings);
        Probes(path, container, isInit, findings);
        Security($"{path}.securityContext", container.At("securityContext"), findings);
    }

    private static void Ports(string path, IReadOnlyList<JsonObject> ports, Findings findings)
    {
        var names = new HashSet<string>();
        for (var i = 0; i < ports.Count; i++)
        {
            if (ports[i].Text("name") is { Length: > 0 } name)
            {
                if (Names.PortNameProblem(name) is { } problem)
                    findings.Add(FieldProblem.Invalid($"{path}[{i}].name", name, problem));
                else if (!names.Add(name))
                    findings.Add(FieldProblem.Duplicate($"{path}[{i}].name", name));
            }
            if (ports[i].Number("containerPort") is null or 0)
                findings.Add(FieldProblem.Required($"{path}[{i}].containerPort"));
            else
                findings.Port($"{path}[{i}].containerPort", ports[i].Number("containerPort"));
            if (ports[i].Number("hostPort") is { } host and not 0)
                findings.Port($"{path}[{i}].hostPort", host);
            findings.OneOf($"{path}[{i}].protocol", ports[i].At("protocol"), required: true, "SCTP", "TCP", "UDP");
        }
    }

    private static void Environment(string path, IReadOnlyList<JsonObject> variables, Findings findings)
    {
        for (var i = 0; i < variables.Count; i++)
        {
            var (at, variable) = ($"{path}[{i}]", variables[i]);
            if (variable.Text("name") is null or "")
                findings.Add(FieldProblem.Required($"{at}.name"));
            else
                findings.Rule($"{at}.name", variable.Text("name"), Names.EnvironmentProblem);
            if (variable.At("valueFrom") is not JsonObject from)
                continue;
            if (variable.Text("value") is { Length: > 0 })
                findings.Add(FieldProblem.Invalid($"{at}.valueFrom", "", "may not be specified when `value` is not empty"));
            if (from.Count == 0)
                findings.Add(FieldProblem.Invalid($"{at}.valueFrom", "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"));
            if (from.Count > 1)
                findings.Add(FieldProblem.Invalid($"{at}.valueFrom", "", "may not have more than one field specified at a time"));
            if (from.At("fieldRef") is { } field && field.Text("fieldPath") is var fieldPath && !FieldPaths.Contains(fieldPath) && fieldPath?.StartsWith("metadata.labels['", StringComparison.Ordinal) != true && fieldPath?.StartsWith("metadata.annotations['", StringComparison.Ordinal) != true)
                findings.Add(FieldProblem.NotSupported($"{at}.valueFrom.fieldRef.fieldPath", fieldPath ?? "", FieldPaths));
            foreach (var source in (ReadOnlySpan<string>)["secretKeyRef", "configMapKeyRef"])
            {
                if (from.At(source) is not { } reference)
                    continue;
                findings.Rule($"{at}.valueFrom.{source}.name", reference.Text("name"), Names.SubdomainProblem);
                if (reference.Text("key") is null or "")
                    findings.Add(FieldProblem.Required($"{at}.valueFrom.{source}.key"));
                else
                    findings.Rule($"{at}.valueFrom.{source}.key", reference.Text("key"), Names.DataKeyProblem);
            }
        }
    }

    private static void EnvironmentFrom(string path, IReadOnlyList<JsonObject> sources, Findings findings)
    {
        for (var i = 0; i < sources.Count; i++)
        {
            if (sources[i].Text("prefix") is { Length: > 0 } prefix)
                findings.Rule($"{path}[{i}].prefix", prefix, Names.EnvironmentProblem);
            if (sources[i].At("secretRef") is null && sources[i].At("configMapRef") is null)
                findings.Add(FieldProblem.Invalid($"{path}[{i}]", "", "must specify one of: `configMapRef` or `secretRef`"));
        }
    }

    private static void Mounts(string path, IReadOnlyList<JsonObject> mounts, IReadOnlySet<string> volumes, Findings findings)
    {
        var places = new HashSet<string>();
        for (var i = 0; i < mounts.Count; i++)
        {
            var name = mounts[i].Text("name") ?? "";
            if (name.Length == 0)
                findings.Add(FieldProblem.Required($"{path}[{i}].name"));
            if (!volumes.Contains(name))
                findings.Add(FieldProblem.NotFound($"{path}[{i}].name", name));
            var place = mounts[i].Text("mountPath") ?? "";
            if (place.Length == 0)
                findings.Add(FieldProblem.Required($"{path}[{i}].mountPath"));
            else if (!places.Add(place))
                findings.Add(FieldProblem.Invalid($"{path}[{i}].mountPath", place, "must be unique"));
            if (mounts[i].Text("subPath") is { } inner && (inner.StartsWith('/') || inner.Split('/').Contains("..")))
                findings.Add(FieldProblem.Invalid($"{path}[{i}].subPath", inner, inner.StartsWith('/') ? "must be a relative path" : "must not contain '..'"));
        }
    }

    private static void Probes(string path, JsonObject container, bool isInit, Findings findings)
    {
        foreach (var name in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"])
        {
            if (container.At(name) is not JsonObject probe)
                continue;
            if (isInit && container.Text("restartPolicy") != "Always")
                findings.Add(FieldProblem.Forbidden($"{path}.{name}", "may not be set for init containers without restartPolicy=Always"));
            else if (name == "lifecycle")
                Hooks($"{path}.lifecycle", probe, findings);
            else
                Probe($"{path}.{name}", probe, name != "readinessProbe", findings);
        }
    }

    private static void Hooks(string path, JsonObject lifecycle, Findings findings)
    {
        foreach (var hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (lifecycle.At(hook) is JsonObject handler)
                Handler($"{path}.{hook}", handler, ["exec", "httpGet", "tcpSocket", "sleep"], findings);
        }
    }

    private static void Probe(string path, JsonObject probe, bool onlyOneSuccess, Findings findings)
    {
        Handler(path, probe, ["exec", "httpGet", "tcpSocket", "grpc"], findings);
        foreach (var number in (ReadOnlySpan<string>)["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
            findings.NotNegative($"{path}.{number}", probe.At(number));
        if (onlyOneSuccess && probe.Number("successThreshold") is { } successes and not 1)
            findings.Add(FieldProblem.Invalid($"{path}.successThreshold", successes, "must be 1"));
    }

    private static void Handler(string path, JsonObject handler, string[] kinds, Findings findings)
    {
        var given = kinds.Where(k => handler.At(k) is not null).ToList();
        if (given.Count == 0)
            findings.Add(FieldProblem.Required(path, "must specify a handler type"));
        foreach (var extra in given.Skip(1))
            findings.Add(FieldProblem.Forbidden($"{path}.{extra}", "may not specify more than 1 handler type"));
        if (handler.At("exec") is { } exec && exec.Texts("command").Count == 0)
            findings.Add(FieldProblem.Required($"{path}.exec.command"));
        if (handler.At("httpGet") is { } get)
        {
            findings.Required($"{path}.httpGet.path", get.At("path"));
            findings.PortOrName($"{path}.httpGet.port", get.At("port"));
            findings.OneOf($"{path}.httpGet.scheme", get.At("scheme"), required: true, "HTTP", "HTTPS");
        }
        if (handler.At("tcpSocket") is { } socket)
            findings.PortOrName($"{path}.tcpSocket.port", socket.At("port"));
    }

    private static void Security(string path, JsonNode? context, Findings findings)
    {
        if (context.Flag("privileged") == true && context.Flag("allowPrivilegeEscalation") == false)
            findings.Add(FieldProblem.Invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
        foreach (var name in (ReadOnlySpan<string>)["runAsUser", "runAsGroup"])
        {
            if (context.Number(name) is < 0 or > int.MaxValue)
                findings.Add(FieldProblem.Invalid($"{path}.{name}", context.Number(name), "must be between 0 and 2147483647, inclusive"));
        }
        findings.OneOf($"{path}.procMount", context.At("procMount"), required: false, "Default", "Unmasked");
        PodValidation.Seccomp($"{path}.seccompProfile", context.At("seccompProfile"), findings);
    }
}
