using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Apply;

/// <summary>Who owns which field: server-side apply with its conflicts, and what other writes take over. The rules are those of structured-merge-diff.</summary>
internal static class FieldOwnership
{
    /// <summary>Records a write that is no apply: what it changed or added is its manager's and nobody else's.</summary>
    public static void Update(JsonObject live, JsonObject next, ResourceType type, ManagerEntry writer, bool isCreate)
    {
        var entries = Given(live, next, isCreate);
        if (entries.Count == 0 && !isCreate)
        {
            ManagedFields.Write(next, entries);
            return;
        }
        var difference = TypedComparison.Of(isCreate ? Blank(type.Schema) : live, next, type.Schema);
        var taken = difference.Modified.Union(difference.Added);
        entries = [.. entries.Select(e => e with { Fields = e.Fields.Difference(taken).Difference(difference.Removed) })];
        var own = taken.Difference(ManagedFields.NeverOwned);
        if (!own.IsEmpty)
        {
            var before = entries.FirstOrDefault(e => e.Is(writer));
            entries = [.. entries.Where(e => !e.Is(writer)), writer with { Fields = before is null ? own : before.Fields.Union(own) }];
        }
        ManagedFields.Write(next, entries);
    }

    /// <summary>Applies a configuration and gives the object as it then is; a conflict without force throws.</summary>
    /// <param name="live">The object as it is, or an object with a name only.</param>
    public static JsonObject Apply(JsonObject live, JsonObject config, ResourceType type, ManagerEntry applier, bool force)
    {
        var entries = ManagedFields.Read(live);
        var bare = ManagedFields.Bare(live);
        if (entries.Count == 0 && live.At("metadata", "uid") is not null)
        {
            var existing = TypedComparison.Of(Blank(type.Schema), bare, type.Schema).Added.Difference(ManagedFields.NeverOwned);
            entries.Add(applier with { Manager = "before-first-apply", IsApply = false, Fields = existing });
        }
        var last = entries.FirstOrDefault(e => e.Is(applier));
        var own = TypedTree.Paths(config, type.Schema);
        entries = [.. entries.Where(e => !e.Is(applier)), applier with { Fields = own }];
        var merged = (JsonObject)TypedTree.Merge(bare, config, type.Schema)!;
        if (last is not null)
            merged = Prune(merged, entries, last.Fields, type.Schema);
        var difference = TypedComparison.Of(bare, merged, type.Schema);
        var taken = difference.Modified.Union(difference.Added);
        var conflicts = entries.Where(e => !e.Is(applier)).Select(e => (Entry: e, Paths: e.Fields.Intersection(taken))).Where(c => !c.Paths.IsEmpty).ToList();
        if (conflicts.Count > 0 && !force)
            throw ConflictOf(conflicts);
        entries = [.. entries.Select(e => e.Is(applier) ? e with { Fields = e.Fields.Difference(ManagedFields.NeverOwned) } : e with { Fields = e.Fields.Difference(taken).Difference(difference.Removed) })];
        ManagedFields.Write(merged, entries);
        return merged;
    }

    /// <summary>Takes out what the applier named last time, does not name now, and nobody else owns.</summary>
    private static JsonObject Prune(JsonObject merged, List<ManagerEntry> entries, FieldSet last, SchemaNode schema)
    {
        var lastNamed = last.WithNamedParents(schema);
        var all = TypedTree.Paths(merged, schema).WithNamedParents(schema);
        var managed = entries.Aggregate(new FieldSet(), (set, entry) => set.Union(entry.Fields)).WithNamedParents(schema);
        var pruned = TypedTree.Without(merged, lastNamed, schema) ?? new JsonObject();
        var kept = TypedTree.Paths(pruned, schema).WithNamedParents(schema);
        pruned = TypedTree.Without(merged, all.Difference(kept.Union(managed)), schema) ?? new JsonObject();
        kept = TypedTree.Paths(pruned, schema).WithNamedParents(schema);
        return (JsonObject)(TypedTree.Without(merged, all.Difference(kept).Intersection(lastNamed), schema) ?? new JsonObject());
    }

    /// <summary>The managers that a write starts from: those it names, the object's own when it names none, nobody's when it clears them.</summary>
    private static List<ManagerEntry> Given(JsonObject live, JsonObject next, bool isCreate)
    {
        if (next.At("metadata", "managedFields") is JsonArray { Count: > 0 } named)
            return named.Count == 1 && named[0] is JsonObject { Count: 0 } ? [] : ManagedFields.Read(next);
        return isCreate ? [] : ManagedFields.Read(live);
    }

    /// <summary>What an object of the type is before anything is set: the structs that are always there.</summary>
    private static JsonObject Blank(SchemaNode schema)
    {
        var blank = new JsonObject { ["metadata"] = new JsonObject() };
        foreach (var part in (ReadOnlySpan<string>)["spec", "status"])
        {
            if (schema.Fields.TryGetValue(part, out var node) && node.Rules is null && node.Kind == SchemaKind.Struct)
                blank[part] = new JsonObject();
        }
        if (blank["spec"] is not JsonObject spec || !schema.Fields["spec"].Fields.TryGetValue("template", out var template))
            return blank;
        if (template.Fields.ContainsKey("spec"))
            spec["template"] = new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = new JsonObject() };
        foreach (var part in (ReadOnlySpan<string>)["strategy", "updateStrategy"])
        {
            if (schema.Fields["spec"].Fields.ContainsKey(part))
                spec[part] = new JsonObject();
        }
        return blank;
    }

    private static ApiException ConflictOf(List<(ManagerEntry Entry, FieldSet Paths)> conflicts)
    {
        var each = conflicts.SelectMany(c => c.Paths.Paths().Select(path => (Manager: c.Entry.Show(), Path: FieldSet.Show(path)))).ToList();
        var causes = each.Select(c => (JsonNode)new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {c.Manager}", ["field"] = c.Path });
        var message = each.Count == 1
            ? $"Apply failed with 1 conflict: conflict with {each[0].Manager}: {each[0].Path}"
            : $"Apply failed with {each.Count} conflicts: " + string.Join("\n", each.GroupBy(c => c.Manager).OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.Select(c => $"- {c.Path}").Prepend($"conflicts with {g.Key}:")));
        return new ApiException(409, "Conflict", message, new JsonObject { ["causes"] = new JsonArray([.. causes]) });
    }
}
