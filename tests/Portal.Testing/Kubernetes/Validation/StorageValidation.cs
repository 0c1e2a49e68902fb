using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of claims, volumes and storage classes.</summary>
internal static class StorageValidation
{
    private static readonly string[] Modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    public static void Check(ResourceType type, JsonObject json, Findings findings)
    {
        if (type == ResourceCatalog.StorageClasses)
        {
            findings.Required("provisioner", json.At("provisioner"));
            findings.OneOf("reclaimPolicy", json.At("reclaimPolicy"), required: false, "Delete", "Retain");
            findings.OneOf("volumeBindingMode", json.At("volumeBindingMode"), required: true, "Immediate", "WaitForFirstConsumer");
            return;
        }
        var spec = json.At("spec");
        if (spec.Texts("accessModes").Count == 0)
            findings.Add(FieldProblem.Required("spec.accessModes", "at least 1 access mode is required"));
        foreach (var mode in spec.Texts("accessModes").Where(m => !Modes.Contains(m)))
            findings.Add(FieldProblem.NotSupported("spec.accessModes", mode, Modes));
        if (spec.Texts("accessModes").Contains("ReadWriteOncePod") && spec.Texts("accessModes").Count > 1)
            findings.Add(FieldProblem.Forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes"));
        findings.OneOf("spec.volumeMode", spec.At("volumeMode"), required: false, "Block", "Filesystem");
        findings.Rule("spec.storageClassName", spec.Text("storageClassName") is { Length: > 0 } name ? name : null, Names.SubdomainProblem);
        var sizePath = type == ResourceCatalog.Claims ? "spec.resources[storage]" : "spec.capacity[storage]";
        var size = type == ResourceCatalog.Claims ? spec.Text("resources", "requests", "storage") : spec.Text("capacity", "storage");
        if (size is null)
            findings.Add(FieldProblem.Required(sizePath));
        else if (Quantity.Parse(size) <= 0)
            findings.Add(FieldProblem.Invalid(type == ResourceCatalog.Claims ? "spec.resources[storage]" : sizePath, size, "must be greater than zero"));
        if (type == ResourceCatalog.Claims)
            findings.Selector("spec.selector", spec.At("selector"));
    }
}
