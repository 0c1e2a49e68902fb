using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Lists the pods behind a service, in the old form and the new one.</summary>
internal sealed class EndpointsController(ClusterCore core) : Controller(core)
{
    private readonly SelectorIndex _services = new();
    private readonly LabelIndex _pods = new();

    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Services)
        {
            _services.Follow(change, s => s.Json.TextMap("spec", "selector"));
            return [change.After.Key];
        }
        if (change.After.Type != ResourceCatalog.Pods)
            return [];
        _pods.Follow(change);
        return Matters(change) ? _services.Of(change.After).Union(change.Before is null ? [] : _services.Of(change.Before)).ToList() : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        var service = Store.Find(key);
        var slice = $"{key.Name}-slice";
        if (service is null)
        {
            foreach (var type in (ReadOnlySpan<ResourceType>)[ResourceCatalog.Endpoints, ResourceCatalog.EndpointSlices])
            {
                if (Store.Find(type, key.Namespace, type == ResourceCatalog.Endpoints ? key.Name : slice) is { } old)
                    Store.Remove(old);
            }
            return null;
        }
        if (service.IsTerminating || Store.Find(ResourceCatalog.Namespaces, null, key.Namespace!)?.IsTerminating != false || service.Json.At("spec", "selector") is null)
            return null;
        var pods = PodsOf(service).Where(p => Selects(service, p) && p.Json.Text("status", "podIP") is not null && !OwnedPods.IsEnded(p)).ToList();
        Put(ResourceCatalog.Endpoints, service, key.Name, "subsets", Subsets(service, pods));
        Put(ResourceCatalog.EndpointSlices, service, slice, "endpoints", Slice(pods));
        return null;
    }

    private List<StoredObject> PodsOf(StoredObject service)
    {
        lock (Store.Gate)
            return [.. _pods.Of(service.Namespace, service.Json.TextMap("spec", "selector")).Select(Store.Find).OfType<StoredObject>().OrderBy(p => p.Name, StringComparer.Ordinal)];
    }

    private static bool Matters(StoredChange change) =>
        change.IsAddition || change.IsDeletion || change.Before!.IsTerminating != change.After.IsTerminating || OwnedPods.IsReady(change.Before) != OwnedPods.IsReady(change.After) || change.Before.Json.Text("status", "podIP") != change.After.Json.Text("status", "podIP");

    private static bool Selects(StoredObject service, StoredObject pod) => service.Json.At("spec", "selector") is JsonObject { Count: > 0 } && LabelSelector.OfMap(service.Json.TextMap("spec", "selector")).Matches(pod.Labels);

    private static JsonArray Subsets(StoredObject service, List<StoredObject> pods)
    {
        var subset = new JsonObject();
        foreach (var (name, ready) in (ReadOnlySpan<(string, bool)>)[("addresses", true), ("notReadyAddresses", false)])
        {
            var those = pods.Where(p => (OwnedPods.IsReady(p) && !p.IsTerminating) == ready).Select(p => (JsonNode)new JsonObject { ["ip"] = p.Json.Text("status", "podIP"), ["nodeName"] = p.Json.Text("spec", "nodeName"), ["targetRef"] = Reference(p) }).ToArray();
            if (those.Length > 0)
                subset[name] = new JsonArray(those);
        }
        if (subset.Count == 0)
            return [];
        subset["ports"] = new JsonArray([.. service.Json.Objects("spec", "ports").Select(p => (JsonNode)Port(p, pods))]);
        return [subset];
    }

    private static JsonArray Slice(List<StoredObject> pods) =>
    [
        .. pods.Select(p => (JsonNode)new JsonObject
        {
            ["addresses"] = new JsonArray(p.Json.Text("status", "podIP")),
            ["conditions"] = new JsonObject { ["ready"] = OwnedPods.IsReady(p) && !p.IsTerminating, ["serving"] = OwnedPods.IsReady(p), ["terminating"] = p.IsTerminating },
            ["targetRef"] = Reference(p),
            ["nodeName"] = p.Json.Text("spec", "nodeName"),
        }),
    ];

    private static JsonObject Port(JsonObject port, List<StoredObject> pods)
    {
        var target = port.Number("targetPort") ?? pods.SelectMany(p => p.Json.Objects("spec", "containers")).SelectMany(c => c.Objects("ports")).FirstOrDefault(p => p.Text("name") == port.Text("targetPort"))?.Number("containerPort") ?? port.Number("port");
        var shown = new JsonObject { ["port"] = target, ["protocol"] = port.Text("protocol") };
        if (port.Text("name") is { } name)
            shown.Insert(0, "name", name);
        return shown;
    }

    private static JsonObject Reference(StoredObject pod) => new() { ["kind"] = "Pod", ["namespace"] = pod.Namespace, ["name"] = pod.Name, ["uid"] = pod.Uid };

    private void Put(ResourceType type, StoredObject service, string name, string member, JsonArray content)
    {
        var old = Store.Find(type, service.Namespace, name);
        if (old is not null && (JsonReading.Same(old.Json[member], content) || (content.Count == 0 && JsonReading.IsEmpty(old.Json[member]))))
            return;
        var next = old?.Json.Copy() ?? new JsonObject
        {
            ["kind"] = type.Kind,
            ["apiVersion"] = type.ApiVersion,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = service.Namespace, ["uid"] = Guid.NewGuid().ToString(), ["creationTimestamp"] = JsonReading.Stamp(Core.Now), ["ownerReferences"] = type == ResourceCatalog.Endpoints ? null : new JsonArray(OwnedPods.Reference(service)) },
        };
        if (type == ResourceCatalog.Endpoints)
            next.Ensure("metadata").Remove("ownerReferences");
        var labels = next.Ensure("metadata", "labels");
        foreach (var (key, value) in service.Labels)
            labels[key] = value;
        if (type == ResourceCatalog.EndpointSlices)
        {
            labels["kubernetes.io/service-name"] = service.Name;
            labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
            next["addressType"] = "IPv4";
            next["ports"] = new JsonArray([.. service.Json.Objects("spec", "ports").Select(p => (JsonNode)Port(p, []))]);
        }
        next[member] = content;
        Store.Put(type, service.Namespace, name, next);
    }
}
