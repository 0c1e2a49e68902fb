using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Apply;

/// <summary>One manager's fields.</summary>
internal sealed record ManagerEntry(string Manager, bool IsApply, string ApiVersion, string Subresource, string? Time, FieldSet Fields)
{
    /// <summary>An applier is the same in every version; an updater is another one in another version.</summary>
    public bool Is(ManagerEntry other) => Manager == other.Manager && IsApply == other.IsApply && Subresource == other.Subresource && (IsApply || ApiVersion == other.ApiVersion);

    /// <summary>As in conflict messages.</summary>
    public string Show() => $"\"{Manager}\"" + (Subresource.Length > 0 ? $" with subresource \"{Subresource}\"" : "") + (IsApply ? "" : $" using {ApiVersion}");
}

/// <summary>Reading and writing <c>metadata.managedFields</c>.</summary>
internal static class ManagedFields
{
    /// <summary>Never anybody's.</summary>
    public static readonly FieldSet NeverOwned = FieldSet.Of(
        ["apiVersion"], ["kind"], ["metadata"], ["metadata", "name"], ["metadata", "namespace"], ["metadata", "creationTimestamp"], ["metadata", "selfLink"], ["metadata", "uid"], ["metadata", "clusterName"],
        ["metadata", "generation"], ["metadata", "managedFields"], ["metadata", "resourceVersion"]);

    public static List<ManagerEntry> Read(JsonObject json) =>
    [
        .. json.Objects("metadata", "managedFields").Where(e => e.Text("manager") is not null || e.Text("operation") is not null).Select(e => new ManagerEntry(
            e.Text("manager") ?? "", e.Text("operation") == "Apply", e.Text("apiVersion") ?? "", e.Text("subresource") ?? "", e.Text("time"), FieldSet.Of(e.At("fieldsV1")))),
    ];

    public static void Write(JsonObject json, IEnumerable<ManagerEntry> entries)
    {
        var list = new JsonArray();
        var sorted = entries.Where(e => !e.Fields.IsEmpty).OrderBy(e => e.IsApply ? 0 : 1).ThenBy(e => e.Time, StringComparer.Ordinal).ThenBy(e => e.Manager, StringComparer.Ordinal).ThenBy(e => e.ApiVersion, StringComparer.Ordinal).ThenBy(e => e.Subresource, StringComparer.Ordinal);
        foreach (var entry in sorted)
        {
            var item = new JsonObject { ["manager"] = entry.Manager, ["operation"] = entry.IsApply ? "Apply" : "Update", ["apiVersion"] = entry.ApiVersion };
            if (entry.Time is not null)
                item["time"] = entry.Time;
            item["fieldsType"] = "FieldsV1";
            item["fieldsV1"] = entry.Fields.ToJson();
            if (entry.Subresource.Length > 0)
                item["subresource"] = entry.Subresource;
            list.Add(item);
        }
        var metadata = json.Ensure("metadata");
        if (list.Count > 0)
            metadata["managedFields"] = list;
        else
            metadata.Remove("managedFields");
    }

    /// <summary>Are both the same, whoever owns what?</summary>
    public static bool SameContent(JsonObject a, JsonObject b)
    {
        if (a.Count != b.Count)
            return false;
        foreach (var (name, value) in a)
        {
            if (!b.TryGetPropertyValue(name, out var other) || (name == "metadata" ? !SameMetadata(value as JsonObject ?? [], other as JsonObject ?? []) : !JsonReading.Same(value, other)))
                return false;
        }
        return true;
    }

    private static bool SameMetadata(JsonObject a, JsonObject b)
    {
        static int Count(JsonObject metadata) => metadata.Count - (metadata.ContainsKey("managedFields") ? 1 : 0);
        return Count(a) == Count(b) && a.All(m => m.Key == "managedFields" || (b.TryGetPropertyValue(m.Key, out var other) && JsonReading.Same(m.Value, other)));
    }

    /// <summary>A copy without what is not compared.</summary>
    public static JsonObject Bare(JsonObject json)
    {
        var copy = json.Copy();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }
}
