using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Defaults;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Admission;

/// <summary>The Pod Security standards by the namespace's labels: pods are refused, what makes pods is warned of.</summary>
internal static class PodSecurity
{
    private const string Label = "pod-security.kubernetes.io/";

    public static void Check(ObjectStore store, ApiCall call, ResourceType type, JsonObject next, StoredObject? old)
    {
        var isPod = type == ResourceCatalog.Pods;
        var pod = isPod ? next : next.At("spec", "template");
        if (pod is null || type.IsCustom || store.Find(ResourceCatalog.Namespaces, null, next.Text("metadata", "namespace") ?? "") is not { } place)
            return;
        if (old is not null && isPod)
            return;
        if (isPod && Violations(place, "enforce", pod) is { } refusal)
            throw ApiException.Forbidden(type, next.Text("metadata", "name") ?? "", $"violates {refusal}");
        if (Violations(place, "warn", pod) is { } warning)
            call.Warnings.Add($"would violate {warning}");
    }

    private static string? Violations(StoredObject place, string mode, JsonNode pod)
    {
        var level = place.Labels.GetValueOrDefault(Label + mode);
        if (level is not ("baseline" or "restricted"))
            return null;
        var found = PodSecurityChecks.Run(pod.At("spec"), level == "restricted");
        return found.Count == 0 ? null : $"PodSecurity \"{level}:{place.Labels.GetValueOrDefault($"{Label}{mode}-version", "latest")}\": {string.Join(", ", found)}";
    }
}

/// <summary>The single checks, in the order and the words of the real ones.</summary>
internal static class PodSecurityChecks
{
    private static readonly HashSet<string> DefaultCapabilities = ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];
    private static readonly HashSet<string> AllowedVolumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    public static List<string> Run(JsonNode? spec, bool restricted)
    {
        var containers = PodDefaults.Containers(spec).ToList();
        var found = new List<string>();
        Baseline(spec, containers, restricted, found);
        if (restricted)
            Restricted(spec, containers, found);
        return found;
    }

    private static void Baseline(JsonNode? spec, List<JsonObject> containers, bool restricted, List<string> found)
    {
        string[] host = [.. new[] { "hostNetwork", "hostPID", "hostIPC" }.Where(n => spec.Flag(n) == true).Select(n => $"{n}=true")];
        Add(found, "host namespaces", string.Join(", ", host));
        if (!restricted)
            Add(found, "hostPath volumes", Names("volume", spec.Objects("volumes").Where(v => v.At("hostPath") is not null)));
        var ports = containers.Where(c => c.Objects("ports").Any(p => p.Number("hostPort") is > 0)).ToList();
        Add(found, "hostPort", ports.Count == 0 ? "" : $"{Names("container", ports)} {(ports.Count > 1 ? "use" : "uses")} hostPort{(ports.Sum(p => p.Objects("ports").Count) > 1 ? "s" : "")} {string.Join(", ", ports.SelectMany(c => c.Objects("ports")).Select(p => p.Number("hostPort")).Where(p => p > 0))}");
        Must(found, "privileged", containers.Where(c => c.Flag("securityContext", "privileged") == true), "must not set securityContext.privileged=true");
        if (restricted)
            return;
        var extra = containers.Where(c => c.Texts("securityContext", "capabilities", "add").Any(a => !DefaultCapabilities.Contains(a))).ToList();
        Must(found, "non-default capabilities", extra, $"must not include {Quoted(extra.SelectMany(c => c.Texts("securityContext", "capabilities", "add")).Where(a => !DefaultCapabilities.Contains(a)))} in securityContext.capabilities.add");
        Unconfined(spec, containers, found);
    }

    private static void Unconfined(JsonNode? spec, List<JsonObject> containers, List<string> found)
    {
        var details = new List<string>();
        if (spec.Text("securityContext", "seccompProfile", "type") == "Unconfined")
            details.Add("pod must not set securityContext.seccompProfile.type to \"Unconfined\"");
        var those = containers.Where(c => c.Text("securityContext", "seccompProfile", "type") == "Unconfined").ToList();
        if (those.Count > 0)
            details.Add($"{Names("container", those)} must not set securityContext.seccompProfile.type to \"Unconfined\"");
        Add(found, "seccompProfile", string.Join(", ", details));
    }

    private static void Restricted(JsonNode? spec, List<JsonObject> containers, List<string> found)
    {
        Must(found, "allowPrivilegeEscalation != false", containers.Where(c => c.Flag("securityContext", "allowPrivilegeEscalation") != false), "must set securityContext.allowPrivilegeEscalation=false");
        Capabilities(containers, found);
        var volumes = spec.Objects("volumes").Where(v => v.Any(m => m.Key != "name" && !AllowedVolumes.Contains(m.Key))).ToList();
        var kinds = volumes.Select(v => v.First(m => m.Key != "name" && !AllowedVolumes.Contains(m.Key)).Key).Distinct().ToList();
        Add(found, "restricted volume types", volumes.Count == 0 ? "" : $"{Names("volume", volumes)} {(volumes.Count > 1 ? "use" : "uses")} restricted volume type{(kinds.Count > 1 ? "s" : "")} {Quoted(kinds)}");
        NonRoot(spec, containers, found);
        RootUser(spec, containers, found);
        Seccomp(spec, containers, found);
    }

    private static void Capabilities(List<JsonObject> containers, List<string> found)
    {
        var details = new List<string>();
        var keeping = containers.Where(c => !c.Texts("securityContext", "capabilities", "drop").Contains("ALL")).ToList();
        if (keeping.Count > 0)
            details.Add($"{Names("container", keeping)} must set securityContext.capabilities.drop=[\"ALL\"]");
        var adding = containers.Where(c => c.Texts("securityContext", "capabilities", "add").Any(a => a != "NET_BIND_SERVICE")).ToList();
        if (adding.Count > 0)
            details.Add($"{Names("container", adding)} must not include {Quoted(adding.SelectMany(c => c.Texts("securityContext", "capabilities", "add")).Where(a => a != "NET_BIND_SERVICE"))} in securityContext.capabilities.add");
        Add(found, "unrestricted capabilities", string.Join("; ", details));
    }

    private static void NonRoot(JsonNode? spec, List<JsonObject> containers, List<string> found)
    {
        var ofPod = spec.Flag("securityContext", "runAsNonRoot");
        var details = new List<string>();
        if (ofPod == false)
            details.Add("pod must not set securityContext.runAsNonRoot=false");
        var wrong = containers.Where(c => c.Flag("securityContext", "runAsNonRoot") == false).ToList();
        if (wrong.Count > 0)
            details.Add($"{Names("container", wrong)} must not set securityContext.runAsNonRoot=false");
        var silent = containers.Where(c => c.Flag("securityContext", "runAsNonRoot") is null).ToList();
        if (details.Count == 0 && ofPod is null && silent.Count > 0)
            details.Add($"pod or {Names("container", silent)} must set securityContext.runAsNonRoot=true");
        Add(found, "runAsNonRoot != true", string.Join(", ", details));
    }

    private static void RootUser(JsonNode? spec, List<JsonObject> containers, List<string> found)
    {
        var details = new List<string>();
        if (spec.Number("securityContext", "runAsUser") == 0)
            details.Add("pod must not set runAsUser=0");
        var those = containers.Where(c => c.Number("securityContext", "runAsUser") == 0).ToList();
        if (those.Count > 0)
            details.Add($"{Names("container", those)} must not set runAsUser=0");
        Add(found, "runAsUser=0", string.Join(", ", details));
    }

    private static void Seccomp(JsonNode? spec, List<JsonObject> containers, List<string> found)
    {
        static bool IsFine(string? type) => type is "RuntimeDefault" or "Localhost";
        var ofPod = spec.Text("securityContext", "seccompProfile", "type");
        var details = new List<string>();
        if (ofPod is not null && !IsFine(ofPod))
            details.Add($"pod must not set securityContext.seccompProfile.type to \"{ofPod}\"");
        var wrong = containers.Where(c => c.Text("securityContext", "seccompProfile", "type") is { } type && !IsFine(type)).ToList();
        if (wrong.Count > 0)
            details.Add($"{Names("container", wrong)} must not set securityContext.seccompProfile.type to \"Unconfined\"");
        var silent = containers.Where(c => c.Text("securityContext", "seccompProfile", "type") is null).ToList();
        if (details.Count == 0 && ofPod is null && silent.Count > 0)
            details.Add($"pod or {Names("container", silent)} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
        Add(found, "seccompProfile", string.Join(", ", details));
    }

    private static void Must(List<string> found, string reason, IEnumerable<JsonObject> containers, string must)
    {
        if (containers.ToList() is { Count: > 0 } those)
            Add(found, reason, $"{Names("container", those)} {must}");
    }

    private static void Add(List<string> found, string reason, string detail)
    {
        if (detail.Length > 0)
            found.Add($"{reason} ({detail})");
    }

    private static string Names(string noun, IEnumerable<JsonObject> items)
    {
        var names = items.Select(i => i.Text("name") ?? "").ToList();
        return names.Count == 0 ? "" : $"{noun}{(names.Count > 1 ? "s" : "")} {Quoted(names)}";
    }

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Distinct().Select(n => $"\"{n}\""));
}
