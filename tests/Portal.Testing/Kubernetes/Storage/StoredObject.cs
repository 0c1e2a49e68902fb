using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Storage;

/// <summary>One object at one revision. What it holds is never changed: writers store another.</summary>
internal sealed class StoredObject(ResourceType type, string? @namespace, string name, long revision, JsonObject json)
{
    private JsonObject? _json = json;
    private byte[]? _bytes;
    private IReadOnlyDictionary<string, string>? _labels;

    public ResourceType Type { get; } = type;

    /// <summary>Null for objects outside namespaces.</summary>
    public string? Namespace { get; } = @namespace;

    public string Name { get; } = name;

    public long Revision { get; } = revision;

    public JsonObject Json => _json ??= (JsonObject)JsonNode.Parse(Bytes)!;

    public string Uid { get; } = json.Text("metadata", "uid") ?? "";

    public IReadOnlyDictionary<string, string> Labels => _labels ??= Json.TextMap("metadata", "labels");

    /// <summary>The JSON text, written once.</summary>
    public byte[] Bytes => _bytes ??= System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(_json, JsonReading.Relaxed);

    /// <summary>Keeps the text alone: it is read again when somebody asks. For what is history.</summary>
    public void Fold()
    {
        _ = (Bytes, Labels);
        _json = null;
    }

    public bool IsTerminating => Json.At("metadata", "deletionTimestamp") is not null;

    public IReadOnlyList<JsonObject> Owners => Json.Objects("metadata", "ownerReferences");

    /// <summary>The uid of the controlling owner, or null.</summary>
    public string? ControllerUid => Owners.FirstOrDefault(o => o.Flag("controller") == true)?.Text("uid");

    public ObjectKey Key => new(Type.GroupResource, Namespace, Name);

    /// <summary>Something computed from it once, such as what it requests.</summary>
    public object? Memo { get; set; }
}

/// <summary>Where an object is.</summary>
internal readonly record struct ObjectKey(string GroupResource, string? Namespace, string Name);

/// <summary>A write as watchers see it.</summary>
/// <param name="Before">What there was; null when it was added.</param>
/// <param name="After">What there is; of a deletion what there was last, with the deletion's revision.</param>
internal sealed record StoredChange(StoredObject? Before, StoredObject After, bool IsDeletion)
{
    public long Revision => After.Revision;

    public bool IsAddition => Before is null;
}
