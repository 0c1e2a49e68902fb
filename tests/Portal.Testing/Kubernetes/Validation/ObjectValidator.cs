using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Finds what the server would refuse in an object that is decoded and defaulted.</summary>
internal static class ObjectValidator
{
    public static void ThrowIfInvalid(ResourceType type, JsonObject json, Findings findings)
    {
        if (findings.Problems.Count > 0)
            throw ApiException.Invalid(type.Group, type.Kind, json.Text("metadata", "name") ?? "", findings.Problems);
    }

    /// <summary>Checks what is about to be created.</summary>
    public static Findings Create(ResourceType type, JsonObject json)
    {
        var findings = new Findings();
        Metadata(type, json, findings);
        Content(type, json, findings);
        return findings;
    }

    /// <summary>Checks what is about to replace an object.</summary>
    public static Findings Update(ResourceType type, JsonObject json, StoredObject old, string subresource)
    {
        var findings = new Findings();
        Metadata(type, json, findings);
        NewFinalizers(json, old, findings);
        // The scheduler alone writes this one.
        if (subresource == "binding")
            return findings;
        if (subresource == "status")
        {
            if (type.IsCustom)
                CustomValidation.Check(json, type, findings);
            return findings;
        }
        Content(type, json, findings);
        UpdateValidation.Check(type, json, old.Json, findings);
        return findings;
    }

    private static void Metadata(ResourceType type, JsonObject json, Findings findings)
    {
        var metadata = json.At("metadata");
        var name = metadata.Text("name") ?? "";
        if (name.Length == 0)
            findings.Add(FieldProblem.Required("metadata.name", "name or generateName is required"));
        else
            findings.Rule("metadata.name", name, NameRule(type));
        findings.Labels("metadata.labels", metadata.At("labels"));
        foreach (var (key, _) in metadata.At("annotations") as JsonObject ?? [])
            findings.Rule("metadata.annotations", key.ToLowerInvariant(), Names.LabelKeyProblem);
        if (metadata.TextMap("annotations").Sum(a => System.Text.Encoding.UTF8.GetByteCount(a.Key) + System.Text.Encoding.UTF8.GetByteCount(a.Value)) > 256 * 1024)
            findings.Add(FieldProblem.TooLong("metadata.annotations", 256 * 1024));
        foreach (var finalizer in metadata.Texts("finalizers"))
        {
            if (Names.LabelKeyProblem(finalizer) is { } problem)
                findings.Add(FieldProblem.Invalid("metadata.finalizers", finalizer, problem));
            else if (!finalizer.Contains('/', StringComparison.Ordinal) && finalizer is not ("orphan" or "foregroundDeletion" or "kubernetes"))
                findings.Add(FieldProblem.Invalid("metadata.finalizers", finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
        }
        OwnerReferences(metadata.Objects("ownerReferences"), findings);
    }

    private static void OwnerReferences(IReadOnlyList<JsonObject> owners, Findings findings)
    {
        for (var i = 0; i < owners.Count; i++)
        {
            foreach (var part in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (owners[i].Text(part) is null or "")
                    findings.Add(FieldProblem.Invalid($"metadata.ownerReferences[{i}].{part}", "", $"{(part == "apiVersion" ? "version" : part)} must not be empty"));
            }
        }
        var controllers = owners.Where(o => o.Flag("controller") == true).ToList();
        if (controllers.Count > 1)
            findings.Add(FieldProblem.Invalid("metadata.ownerReferences", new JsonArray([.. owners.Select(JsonReading.CopyOf)]), $"Only one reference can have Controller set to true. Found \"true\" in references for {controllers[0].Text("kind")}/{controllers[0].Text("name")} and {controllers[1].Text("kind")}/{controllers[1].Text("name")}"));
    }

    private static void NewFinalizers(JsonObject json, StoredObject old, Findings findings)
    {
        var added = json.Texts("metadata", "finalizers").Except(old.Json.Texts("metadata", "finalizers")).ToList();
        if (old.IsTerminating && added.Count > 0)
            findings.Add(FieldProblem.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(f => $"\"{f}\""))}}}"));
    }

    private static Func<string, string?> NameRule(ResourceType type) => type.GroupResource switch
    {
        "namespaces" => Names.LabelProblem,
        "services" => Names.ServiceProblem,
        "clusterroles.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io" or "roles.rbac.authorization.k8s.io" or "rolebindings.rbac.authorization.k8s.io" => Names.PathSegmentProblem,
        _ => Names.SubdomainProblem,
    };

    private static void Content(ResourceType type, JsonObject json, Findings findings)
    {
        if (type.IsCustom)
        {
            CustomValidation.Check(json, type, findings);
            return;
        }
        switch (type.GroupResource)
        {
            case "pods":
                PodValidation.Spec("spec", json.At("spec"), findings, template: false);
                break;
            case "deployments.apps" or "replicasets.apps" or "statefulsets.apps":
                WorkloadValidation.Check(type, json, findings);
                break;
            case "jobs.batch":
                JobValidation.Check(json, findings);
                break;
            case "services":
                ServiceValidation.Check(json, findings);
                break;
            case "ingresses.networking.k8s.io":
                IngressValidation.Check(json.At("spec"), findings);
                break;
            case "persistentvolumeclaims" or "persistentvolumes" or "storageclasses.storage.k8s.io":
                StorageValidation.Check(type, json, findings);
                break;
            case "secrets" or "configmaps":
                DataValidation.Check(type, json, findings);
                break;
            case "customresourcedefinitions.apiextensions.k8s.io":
                CustomValidation.CheckDefinition(json, findings);
                break;
            default:
                PolicyValidation.Check(type, json, findings);
                break;
        }
    }
}
