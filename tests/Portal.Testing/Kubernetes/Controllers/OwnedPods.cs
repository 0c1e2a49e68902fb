using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>What controllers of pods share: making them from templates, deleting them, telling of both.</summary>
internal static class OwnedPods
{
    /// <summary>The pods that an object controls.</summary>
    public static List<StoredObject> Of(ClusterCore core, StoredObject owner) => [.. core.Store.OwnedBy(owner.Uid).Where(p => p.Type == ResourceCatalog.Pods && p.ControllerUid == owner.Uid)];

    public static bool IsEnded(StoredObject pod) => pod.Json.Text("status", "phase") is "Succeeded" or "Failed";

    public static bool IsActive(StoredObject pod) => !IsEnded(pod) && !pod.IsTerminating;

    public static bool IsReady(StoredObject pod) => Conditions.Is(pod.Json, "Ready");

    /// <summary>Makes a pod from the owner's template; a refusal becomes an event and is thrown on.</summary>
    public static StoredObject Create(ClusterCore core, StoredObject owner, string component, string? name, Action<JsonObject>? adjust = null)
    {
        var pod = FromTemplate(owner, name);
        adjust?.Invoke(pod);
        try
        {
            var made = core.Api.Create(ApiCall.By("kube-controller-manager"), ResourceCatalog.Pods, owner.Namespace, pod);
            core.Events.Normal(owner, component, "SuccessfulCreate", owner.Type == ResourceCatalog.StatefulSets ? $"create Pod {made.Name} in StatefulSet {owner.Name} successful" : $"Created pod: {made.Name}");
            return made;
        }
        catch (ApiException refusal) when (refusal.Code != 409)
        {
            core.Events.Warning(owner, component, "FailedCreate", owner.Type == ResourceCatalog.StatefulSets ? $"create Pod {name} in StatefulSet {owner.Name} failed error: {refusal.Message}" : $"Error creating: {refusal.Message}");
            throw;
        }
    }

    public static void Delete(ClusterCore core, StoredObject owner, StoredObject pod, string component)
    {
        core.Api.Delete(ApiCall.By("kube-controller-manager"), ResourceCatalog.Pods, pod.Namespace, pod.Name, new DeleteOptions { Uid = pod.Uid, Propagation = "Background" });
        core.Events.Normal(owner, component, "SuccessfulDelete", owner.Type == ResourceCatalog.StatefulSets ? $"delete Pod {pod.Name} in StatefulSet {owner.Name} successful" : $"Deleted pod: {pod.Name}");
    }

    /// <summary>A reference to the object as the one that controls what names it.</summary>
    public static JsonObject Reference(StoredObject owner) => new()
    {
        ["apiVersion"] = owner.Type.ApiVersion, ["kind"] = owner.Type.Kind, ["name"] = owner.Name, ["uid"] = owner.Uid, ["controller"] = true, ["blockOwnerDeletion"] = true,
    };

    /// <summary>A short hash of a template, as in the names of what is made from it.</summary>
    public static string Hash(JsonNode? template)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(JsonReading.Compact(template)));
        const string letters = "bcdfghjklmnpqrstvwxz2456789";
        return string.Concat(hash.Take(10).Select(b => letters[b % letters.Length]));
    }

    private static JsonObject FromTemplate(StoredObject owner, string? name)
    {
        var template = owner.Json.At("spec", "template");
        var metadata = (template.At("metadata") as JsonObject ?? []).Copy();
        metadata.Remove("creationTimestamp");
        metadata.Remove("name");
        if (name is not null)
            metadata["name"] = name;
        else
            metadata["generateName"] = owner.Name + "-";
        metadata["ownerReferences"] = new JsonArray(Reference(owner));
        return new JsonObject { ["kind"] = "Pod", ["apiVersion"] = "v1", ["metadata"] = metadata, ["spec"] = template.At("spec")?.DeepClone() ?? new JsonObject() };
    }
}
