using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Writes events; the same one again is counted.</summary>
internal sealed class EventRecorder(ClusterCore core)
{
    private readonly Dictionary<(string Uid, string Reason, string Message), string> _known = [];

    public void Normal(StoredObject about, string component, string reason, string message, string? host = null) => Record(about, "Normal", component, reason, message, host);

    public void Warning(StoredObject about, string component, string reason, string message, string? host = null) => Record(about, "Warning", component, reason, message, host);

    private void Record(StoredObject about, string type, string component, string reason, string message, string? host)
    {
        lock (core.Store.Gate)
        {
            var place = about.Namespace ?? "default";
            if (core.Store.Find(ResourceCatalog.Namespaces, null, place) is not { IsTerminating: false })
                return;
            var key = (about.Uid, reason, message);
            if (_known.TryGetValue(key, out var known) && core.Store.Find(ResourceCatalog.Events, place, known) is { } earlier)
            {
                var again = earlier.Json.Copy();
                again["count"] = (again.Number("count") ?? 1) + 1;
                again["lastTimestamp"] = JsonReading.Stamp(core.Now);
                core.Store.Put(ResourceCatalog.Events, place, known, again);
                return;
            }
            if (_known.Count > 100_000)
                _known.Clear();
            var name = $"{about.Name}.{Random.Shared.NextInt64():x16}";
            _known[key] = name;
            core.Store.Put(ResourceCatalog.Events, place, name, Build(about, type, component, reason, message, host, place, name));
        }
    }

    private JsonObject Build(StoredObject about, string type, string component, string reason, string message, string? host, string place, string name)
    {
        var now = JsonReading.Stamp(core.Now);
        var involved = new JsonObject { ["kind"] = about.Type.Kind, ["name"] = about.Name, ["uid"] = about.Uid, ["apiVersion"] = about.Type.ApiVersion, ["resourceVersion"] = about.Json.Text("metadata", "resourceVersion") };
        if (about.Namespace is not null)
            involved["namespace"] = about.Namespace;
        var source = new JsonObject { ["component"] = component };
        if (host is not null)
            source["host"] = host;
        return new JsonObject
        {
            ["kind"] = "Event",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = place, ["uid"] = Guid.NewGuid().ToString(), ["creationTimestamp"] = now },
            ["involvedObject"] = involved,
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = source,
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1L,
            ["type"] = type,
            ["eventTime"] = null,
            ["reportingComponent"] = component,
            ["reportingInstance"] = host ?? "",
        };
    }
}
