using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>An object as an address shows it: events are shown in two forms.</summary>
internal static class Shown
{
    private static readonly (string Core, string New)[] EventMembers =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ];

    public static byte[] Bytes(ResourceType type, StoredObject stored) =>
        type.StoredAs is null ? stored.Bytes : System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(ToNew(type, stored.Json), JsonReading.Relaxed);

    /// <summary>What is stored of an object that was given in the other form.</summary>
    public static JsonObject ToStored(ResourceType type, JsonObject given)
    {
        if (type.StoredAs is null)
            return given;
        var stored = Rename(given, EventMembers.Select(m => (m.New, m.Core)));
        stored["apiVersion"] = type.StoredAs.ApiVersion;
        return stored;
    }

    private static JsonObject ToNew(ResourceType type, JsonObject stored)
    {
        var shown = Rename(stored, EventMembers.Select(m => (m.Core, m.New)));
        shown["apiVersion"] = type.ApiVersion;
        return shown;
    }

    private static JsonObject Rename(JsonObject from, IEnumerable<(string From, string To)> names)
    {
        var map = names.ToDictionary(n => n.From, n => n.To);
        var result = new JsonObject();
        foreach (var (name, value) in from)
            result[map.GetValueOrDefault(name, name)] = value?.DeepClone();
        return result;
    }
}
