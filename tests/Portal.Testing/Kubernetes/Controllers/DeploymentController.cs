using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Rolls a Deployment's pods over to its template, a ReplicaSet for each.</summary>
internal sealed class DeploymentController(ClusterCore core) : Controller(core)
{
    public override IEnumerable<ObjectKey> Concerns(StoredChange change) =>
        change.After.Type == ResourceCatalog.Deployments ? change.IsDeletion ? [] : [change.After.Key] : change.After.Type == ResourceCatalog.ReplicaSets ? ControllerOf(change.After, ResourceCatalog.Deployments) : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { IsTerminating: false } deployment)
            return null;
        var sets = Store.OwnedBy(deployment.Uid).Where(s => s.Type == ResourceCatalog.ReplicaSets && !s.IsTerminating).OrderBy(s => s.Json.Number("metadata", "generation")).ToList();
        var hash = OwnedPods.Hash(deployment.Json.At("spec", "template"));
        var wanted = deployment.Json.Number("spec", "replicas") ?? 1;
        if (deployment.Json.Flag("spec", "paused") != true || sets.Count == 0)
        {
            var current = sets.FirstOrDefault(s => s.Name == $"{deployment.Name}-{hash}");
            if (current is null)
            {
                current = CreateSet(deployment, hash, sets);
                sets.Add(current);
            }
            Roll(deployment, current, [.. sets.Where(s => s != current)], wanted);
            CleanUp(deployment, current, sets);
        }
        Report(deployment, hash);
        return null;
    }

    private StoredObject CreateSet(StoredObject deployment, string hash, List<StoredObject> sets)
    {
        var template = (JsonObject)deployment.Json.At("spec", "template")!.DeepClone();
        template.Ensure("metadata", "labels")["pod-template-hash"] = hash;
        var selector = (JsonObject)deployment.Json.At("spec", "selector")!.DeepClone();
        selector.Ensure("matchLabels")["pod-template-hash"] = hash;
        var revision = sets.Select(s => long.TryParse(s.Json.Text("metadata", "annotations", "deployment.kubernetes.io/revision"), out var r) ? r : 0).DefaultIfEmpty(0).Max() + 1;
        var made = Core.Api.Create(ApiCall.By("kube-controller-manager"), ResourceCatalog.ReplicaSets, deployment.Namespace, new JsonObject
        {
            ["kind"] = "ReplicaSet",
            ["apiVersion"] = "apps/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Name}-{hash}",
                ["labels"] = template.At("metadata", "labels")!.DeepClone(),
                ["annotations"] = new JsonObject { ["deployment.kubernetes.io/revision"] = revision.ToString(System.Globalization.CultureInfo.InvariantCulture) },
                ["ownerReferences"] = new JsonArray(OwnedPods.Reference(deployment)),
            },
            ["spec"] = new JsonObject { ["replicas"] = 0L, ["selector"] = selector, ["template"] = template },
        });
        return made;
    }

    private void Roll(StoredObject deployment, StoredObject current, List<StoredObject> old, long wanted)
    {
        long Replicas(StoredObject set) => set.Json.Number("spec", "replicas") ?? 0;
        long Available(StoredObject set) => set.Json.Number("status", "availableReplicas") ?? 0;
        var oldTotal = old.Sum(Replicas);
        if (deployment.Json.Text("spec", "strategy", "type") == "Recreate")
        {
            foreach (var set in old.Where(s => Replicas(s) > 0))
                Scale(deployment, set, 0);
            if (oldTotal == 0 && !old.Any(s => OwnedPods.Of(Core, s).Count > 0) && Replicas(current) != wanted)
                Scale(deployment, current, wanted);
            return;
        }
        var rolling = deployment.Json.At("spec", "strategy", "rollingUpdate");
        var surge = Share(rolling.At("maxSurge"), wanted, up: true);
        var missing = Share(rolling.At("maxUnavailable"), wanted, up: false);
        if (surge == 0 && missing == 0)
            missing = 1;
        var room = wanted + surge - oldTotal;
        var target = oldTotal == 0 ? wanted : Math.Min(wanted, Math.Max(Replicas(current), room));
        if (target != Replicas(current))
            Scale(deployment, current, target);
        var available = old.Sum(Available) + Available(current);
        var spare = available - (wanted - missing);
        foreach (var set in old.Where(s => Replicas(s) > 0))
        {
            // What was never available can go at once.
            var broken = Replicas(set) - Available(set);
            var less = Math.Min(Replicas(set), broken + Math.Max(0, spare));
            if (less <= 0)
                continue;
            spare -= less - broken;
            Scale(deployment, set, Replicas(set) - less);
        }
    }

    private void Scale(StoredObject deployment, StoredObject set, long replicas)
    {
        var before = set.Json.Number("spec", "replicas") ?? 0;
        Core.Api.Change(ApiCall.By("kube-controller-manager"), set, json => json.Ensure("spec")["replicas"] = replicas);
        Core.Events.Normal(deployment, "deployment-controller", "ScalingReplicaSet", $"Scaled {(replicas > before ? "up" : "down")} replica set {set.Name} from {before} to {replicas}");
    }

    private void CleanUp(StoredObject deployment, StoredObject current, List<StoredObject> sets)
    {
        var limit = deployment.Json.Number("spec", "revisionHistoryLimit") ?? 10;
        foreach (var set in sets.Where(s => s != current && s.Json.Number("spec", "replicas") == 0 && s.Json.Number("status", "replicas") is null or 0).SkipLast((int)limit).ToList())
            Core.Api.Delete(ApiCall.By("kube-controller-manager"), ResourceCatalog.ReplicaSets, set.Namespace, set.Name, new DeleteOptions { Propagation = "Background" });
    }

    private void Report(StoredObject deployment, string hash)
    {
        var sets = Store.OwnedBy(deployment.Uid).Where(s => s.Type == ResourceCatalog.ReplicaSets).ToList();
        long Sum(string name) => sets.Sum(s => s.Json.Number("status", name) ?? 0);
        var current = sets.FirstOrDefault(s => s.Name == $"{deployment.Name}-{hash}");
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), deployment, json =>
        {
            var wanted = json.Number("spec", "replicas") ?? 1;
            var missing = json.Text("spec", "strategy", "type") == "Recreate" ? wanted : Share(json.At("spec", "strategy", "rollingUpdate", "maxUnavailable"), wanted, up: false);
            var (updated, available) = (current?.Json.Number("status", "replicas") ?? 0, Sum("availableReplicas"));
            var status = json.Ensure("status");
            status["observedGeneration"] = json.Number("metadata", "generation");
            Count(status, "replicas", Sum("replicas"));
            Count(status, "updatedReplicas", updated);
            Count(status, "readyReplicas", Sum("readyReplicas"));
            Count(status, "availableReplicas", available);
            Count(status, "unavailableReplicas", Math.Max(0, wanted - available));
            var isAvailable = available >= wanted - missing;
            Conditions.Set(json, "Available", isAvailable ? "True" : "False", isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", Core.Now);
            var isComplete = updated >= wanted && Sum("replicas") == updated && (current?.Json.Number("status", "availableReplicas") ?? 0) >= wanted;
            Conditions.Set(json, "Progressing", "True", isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", isComplete ? $"ReplicaSet \"{deployment.Name}-{hash}\" has successfully progressed." : $"ReplicaSet \"{deployment.Name}-{hash}\" is progressing.", Core.Now);
            if (sets.FirstOrDefault(s => Conditions.Is(s.Json, "ReplicaFailure")) is { } failing)
                Conditions.Set(json, "ReplicaFailure", "True", "FailedCreate", failing.Json.Objects("status", "conditions").First(c => c.Text("type") == "ReplicaFailure").Text("message"), Core.Now);
            else if (json.At("status", "conditions") is JsonArray list && list.FirstOrDefault(c => c.Text("type") == "ReplicaFailure") is { } old)
                list.Remove(old);
        });
    }

    private static void Count(JsonObject status, string name, long count)
    {
        if (count > 0)
            status[name] = count;
        else
            status.Remove(name);
    }

    /// <summary>A number of pods, from a number or a percentage.</summary>
    public static long Share(JsonNode? node, long of, bool up)
    {
        if (node.Text() is not { } text)
            return node.Number() ?? 0;
        var exact = decimal.Parse(text.TrimEnd('%'), System.Globalization.CultureInfo.InvariantCulture) * of / 100;
        return (long)(up ? Math.Ceiling(exact) : Math.Floor(exact));
    }
}
