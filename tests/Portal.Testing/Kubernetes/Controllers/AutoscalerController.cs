using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Keeps what it scales between its bounds; by load it does not scale.</summary>
internal sealed class AutoscalerController(ClusterCore core) : Controller(core)
{
    private readonly SelectorIndex _scalers = new();

    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Autoscalers)
        {
            _scalers.Follow(change, Target);
            return change.IsDeletion ? [] : [change.After.Key];
        }
        return change.After.Type.HasScale && !change.IsDeletion ? _scalers.Of(change.After.Namespace, new Dictionary<string, string> { ["target"] = $"{change.After.Type.Kind}/{change.After.Name}" }) : [];
    }

    private static IReadOnlyDictionary<string, string> Target(StoredObject scaler) => new Dictionary<string, string> { ["target"] = $"{scaler.Json.Text("spec", "scaleTargetRef", "kind")}/{scaler.Json.Text("spec", "scaleTargetRef", "name")}" };

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { IsTerminating: false } scaler)
            return null;
        var reference = scaler.Json.At("spec", "scaleTargetRef");
        var type = Core.Catalog.OfKind(reference.Text("apiVersion"), reference.Text("kind"));
        var target = type is { HasScale: true } ? Store.Find(type, scaler.Namespace, reference.Text("name") ?? "") : null;
        var current = target?.Json.Number("spec", "replicas") ?? 0;
        // Nothing is scaled that was scaled to nothing by hand.
        var wanted = current == 0 ? 0 : Math.Clamp(current, scaler.Json.Number("spec", "minReplicas") ?? 1, scaler.Json.Number("spec", "maxReplicas") ?? 1);
        if (target is not null && wanted != current)
        {
            Core.Api.Change(ApiCall.By("kube-controller-manager", "scale"), target, json => json.Ensure("spec")["replicas"] = wanted);
            Core.Events.Normal(scaler, "horizontal-pod-autoscaler", "SuccessfulRescale", $"New size: {wanted}; reason: Current number of replicas {(wanted > current ? "below Spec.MinReplicas" : "above Spec.MaxReplicas")}");
        }
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), scaler, json =>
        {
            var status = json.Ensure("status");
            status["currentReplicas"] = target?.Json.Number("status", "replicas") ?? 0;
            status["desiredReplicas"] = wanted;
            if (target is null)
                Conditions.Set(json, "AbleToScale", "False", "FailedGetScale", $"the HPA controller was unable to get the target's current scale: {reference.Text("kind")} \"{reference.Text("name")}\" not found", Core.Now);
            else
                Conditions.Set(json, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size", Core.Now);
        });
        return null;
    }
}
