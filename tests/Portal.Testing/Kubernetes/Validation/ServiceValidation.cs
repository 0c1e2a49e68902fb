using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of Services.</summary>
internal static class ServiceValidation
{
    public static void Check(JsonObject json, Findings findings)
    {
        var spec = json.At("spec");
        findings.OneOf("spec.type", spec.At("type"), required: true, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        findings.OneOf("spec.sessionAffinity", spec.At("sessionAffinity"), required: true, "ClientIP", "None");
        findings.Labels("spec.selector", spec.At("selector"));
        if (spec.Text("type") == "ExternalName")
            findings.Required("spec.externalName", spec.At("externalName"));
        var address = spec.Text("clusterIP");
        if (address is { Length: > 0 } and not "None" && !System.Net.IPAddress.TryParse(address, out _))
            findings.Add(FieldProblem.Invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
        var ports = spec.Objects("ports");
        if (ports.Count == 0 && address != "None" && spec.Text("type") != "ExternalName")
            findings.Add(FieldProblem.Required("spec.ports"));
        Ports(ports, findings);
    }

    private static void Ports(IReadOnlyList<JsonObject> ports, Findings findings)
    {
        var names = new HashSet<string>();
        var taken = new HashSet<(long?, string?)>();
        for (var i = 0; i < ports.Count; i++)
        {
            var (at, port) = ($"spec.ports[{i}]", ports[i]);
            var name = port.Text("name") ?? "";
            if (name.Length == 0 && ports.Count > 1)
                findings.Add(FieldProblem.Required($"{at}.name"));
            else if (name.Length > 0 && Names.LabelProblem(name) is { } problem)
                findings.Add(FieldProblem.Invalid($"{at}.name", name, problem));
            else if (name.Length > 0 && !names.Add(name))
                findings.Add(FieldProblem.Duplicate($"{at}.name", name));
            findings.Port($"{at}.port", port.Number("port"));
            findings.OneOf($"{at}.protocol", port.At("protocol"), required: true, "SCTP", "TCP", "UDP");
            findings.PortOrName($"{at}.targetPort", port.At("targetPort"));
            if (!taken.Add((port.Number("port"), port.Text("protocol"))))
                findings.Add(FieldProblem.Duplicate(at, new JsonObject { ["port"] = port.Number("port"), ["protocol"] = port.Text("protocol") }));
        }
    }
}
