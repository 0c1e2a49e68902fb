using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of Secrets and ConfigMaps.</summary>
internal static class DataValidation
{
    private const int SizeLimit = 1024 * 1024;

    public static void Check(ResourceType type, JsonObject json, Findings findings)
    {
        long size = 0;
        foreach (var part in (ReadOnlySpan<string>)["data", "binaryData"])
        {
            foreach (var (key, value) in json.At(part) as JsonObject ?? [])
            {
                if (Names.DataKeyProblem(key) is { } problem)
                    findings.Add(FieldProblem.Invalid($"{part}[{key}]", key, problem));
                size += Size(type, part, value.Text() ?? "");
            }
        }
        foreach (var (key, _) in json.At("binaryData") as JsonObject ?? [])
        {
            if (json.At("data", key) is not null)
                findings.Add(FieldProblem.Invalid($"data[{key}]", key, "duplicate of key present in binaryData"));
        }
        if (size > SizeLimit)
            findings.Add(FieldProblem.TooLong(type == ResourceCatalog.Secrets ? "data" : "", SizeLimit));
        if (type == ResourceCatalog.Secrets)
            OfType(json, findings);
    }

    private static long Size(ResourceType type, string part, string text)
    {
        if (type == ResourceCatalog.ConfigMaps && part == "data")
            return System.Text.Encoding.UTF8.GetByteCount(text);
        return text.Length / 4 * 3 - (text.EndsWith("==", StringComparison.Ordinal) ? 2 : text.EndsWith('=') ? 1 : 0);
    }

    private static void OfType(JsonObject json, Findings findings)
    {
        string[] needed = json.Text("type") switch
        {
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            _ => [],
        };
        foreach (var key in needed.Where(k => json.At("data", k) is null))
            findings.Add(FieldProblem.Required($"data[{key}]"));
        if (json.Text("type") == "kubernetes.io/service-account-token" && json.Text("metadata", "annotations", "kubernetes.io/service-account.name") is null)
            findings.Add(FieldProblem.Required("metadata.annotations[kubernetes.io/service-account.name]"));
    }
}
