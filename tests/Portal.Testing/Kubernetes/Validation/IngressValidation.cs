using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of Ingresses.</summary>
internal static class IngressValidation
{
    public static void Check(JsonNode? spec, Findings findings)
    {
        var rules = spec.Objects("rules");
        if (rules.Count == 0 && spec.At("defaultBackend") is null)
            findings.Add(FieldProblem.Invalid("spec", spec?.DeepClone(), "either `defaultBackend` or `rules` must be specified"));
        if (spec.At("defaultBackend") is { } fallback)
            Backend("spec.defaultBackend", fallback, findings);
        findings.Rule("spec.ingressClassName", spec.Text("ingressClassName"), Names.SubdomainProblem);
        for (var i = 0; i < rules.Count; i++)
        {
            Host($"spec.rules[{i}].host", rules[i].Text("host"), findings);
            Paths($"spec.rules[{i}].http.paths", rules[i], findings);
        }
        var certificates = spec.Objects("tls");
        for (var i = 0; i < certificates.Count; i++)
        {
            foreach (var (host, j) in certificates[i].Texts("hosts").Select((host, j) => (host, j)))
                Host($"spec.tls[{i}].hosts[{j}]", host, findings);
        }
    }

    private static void Paths(string at, JsonObject rule, Findings findings)
    {
        if (rule.At("http") is null)
            return;
        var paths = rule.Objects("http", "paths");
        if (paths.Count == 0)
            findings.Add(FieldProblem.Required(at));
        for (var i = 0; i < paths.Count; i++)
        {
            findings.OneOf($"{at}[{i}].pathType", paths[i].At("pathType"), required: true, "Exact", "ImplementationSpecific", "Prefix");
            if (paths[i].Text("pathType") is "Exact" or "Prefix" && paths[i].Text("path") is var path && path?.StartsWith('/') != true)
                findings.Add(FieldProblem.Invalid($"{at}[{i}].path", path ?? "", "must be an absolute path"));
            Backend($"{at}[{i}].backend", paths[i].At("backend"), findings);
        }
    }

    private static void Backend(string at, JsonNode? backend, Findings findings)
    {
        if ((backend.At("service") is null) == (backend.At("resource") is null))
        {
            findings.Add(FieldProblem.Invalid(at, "", "must specify exactly one of `service` and `resource`"));
            return;
        }
        if (backend.At("service") is not { } service)
            return;
        findings.Required($"{at}.service.name", service.At("name"));
        var (name, number) = (service.Text("port", "name"), service.Number("port", "number"));
        if ((name is null or "") == (number is null))
            findings.Add(FieldProblem.Required($"{at}.service.port", "must specify exactly one of name and number"));
        else if (name is { Length: > 0 })
            findings.Rule($"{at}.service.port.name", name, Names.PortNameProblem);
        else
            findings.Port($"{at}.service.port.number", number);
    }

    /// <summary>A name, or one of all those a level below: <c>*.example.org</c>.</summary>
    private static void Host(string at, string? host, Findings findings)
    {
        if (host is { Length: > 0 })
            findings.Rule(at, host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host, name => System.Net.IPAddress.TryParse(name, out _) ? "must be a DNS name, not an IP address" : Names.SubdomainProblem(name));
    }
}
