using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Works out how many pods may be disrupted.</summary>
internal sealed class BudgetController(ClusterCore core) : Controller(core)
{
    private readonly SelectorIndex _budgets = new();

    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.DisruptionBudgets)
        {
            _budgets.Follow(change, b => b.Json.TextMap("spec", "selector", "matchLabels"));
            return change.IsDeletion ? [] : [change.After.Key];
        }
        return change.After.Type == ResourceCatalog.Pods ? _budgets.Of(change.After) : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Store.Find(key) is not { IsTerminating: false } budget)
            return null;
        var pods = Store.List(ResourceCatalog.Pods, budget.Namespace).Where(p => LabelSelector.Of(budget.Json.At("spec", "selector"))?.Matches(p.Labels) == true && !OwnedPods.IsEnded(p)).ToList();
        var healthy = pods.Count(p => OwnedPods.IsReady(p) && !p.IsTerminating);
        var expected = Expected(pods);
        var desired = budget.Json.At("spec", "maxUnavailable") is { } most ? Math.Max(0, expected - DeploymentController.Share(most, expected, up: true)) : DeploymentController.Share(budget.Json.At("spec", "minAvailable"), expected, up: true);
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), budget, json =>
        {
            var status = json.Ensure("status");
            status["observedGeneration"] = json.Number("metadata", "generation");
            status["expectedPods"] = expected;
            status["currentHealthy"] = (long)healthy;
            status["desiredHealthy"] = desired;
            status["disruptionsAllowed"] = Math.Max(0, healthy - desired);
        });
        return null;
    }

    private long Expected(List<StoredObject> pods)
    {
        long expected = 0;
        foreach (var uid in pods.Select(p => p.ControllerUid).Distinct())
        {
            var owner = pods.First(p => p.ControllerUid == uid).Owners.FirstOrDefault(o => o.Text("uid") == uid);
            var type = Core.Catalog.OfKind(owner.Text("apiVersion"), owner.Text("kind"));
            var stored = type is null ? null : Store.Find(type, pods[0].Namespace, owner.Text("name") ?? "");
            expected += stored?.Json.Number("spec", "replicas") ?? pods.Count(p => p.ControllerUid == uid);
        }
        return expected;
    }
}
