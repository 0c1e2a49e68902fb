using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Apply;

/// <summary>A set of field paths in the form of <c>fieldsV1</c>: <c>f:</c> names a member, <c>k:</c> an item by its keys, <c>v:</c> an item of a set. Never changed once made, except by <see cref="Insert"/> while it is built.</summary>
internal sealed class FieldSet
{
    private SortedDictionary<string, FieldSet>? _children;

    /// <summary>Is the path that leads here in the set?</summary>
    public bool IsMember { get; private set; }

    public bool IsEmpty => !IsMember && (_children is null || _children.Values.All(c => c.IsEmpty));

    /// <summary>The part of the set below an element, or null.</summary>
    public FieldSet? Below(string element) => _children?.GetValueOrDefault(element);

    private IEnumerable<KeyValuePair<string, FieldSet>> Children => _children ?? Enumerable.Empty<KeyValuePair<string, FieldSet>>();

    /// <summary>Adds a path; only while the set is being built.</summary>
    public void Insert(IReadOnlyList<string> path)
    {
        var set = this;
        foreach (var element in path)
        {
            set._children ??= new(StringComparer.Ordinal);
            if (!set._children.TryGetValue(element, out var next))
                set._children[element] = next = new FieldSet();
            set = next;
        }
        set.IsMember = true;
    }

    public FieldSet Union(FieldSet other) => Combine(this, other, (a, b) => a || b) ?? new FieldSet();

    public FieldSet Intersection(FieldSet other) => Combine(this, other, (a, b) => a && b) ?? new FieldSet();

    public FieldSet Difference(FieldSet other) => Combine(this, other, (a, b) => a && !b) ?? new FieldSet();

    /// <summary>The set with the structs that its paths lead through.</summary>
    public FieldSet WithNamedParents(Schema.SchemaNode? schema)
    {
        var result = new FieldSet { IsMember = IsMember };
        foreach (var (element, child) in Children)
        {
            result._children ??= new(StringComparer.Ordinal);
            var isNamed = element.StartsWith("f:", StringComparison.Ordinal) && schema?.Kind == Schema.SchemaKind.Struct;
            var inner = child.WithNamedParents(element.StartsWith("f:", StringComparison.Ordinal) ? schema?.Member(element[2..]) : schema?.Element);
            inner.IsMember |= isNamed;
            result._children[element] = inner;
        }
        return result;
    }

    /// <summary>All paths of the set, each as its elements.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths() => Paths([]);

    public bool SameAs(FieldSet other) => Difference(other).IsEmpty && other.Difference(this).IsEmpty;

    /// <summary>As <c>fieldsV1</c>.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (_children is null)
            return json;
        foreach (var (element, child) in _children)
        {
            var inner = child.ToJson();
            if (child.IsMember && inner.Count > 0)
                inner.Insert(0, ".", new JsonObject());
            json[element] = inner;
        }
        return json;
    }

    public static FieldSet Of(JsonNode? json)
    {
        var set = new FieldSet();
        if (json is not JsonObject map)
            return set;
        foreach (var (element, inner) in map)
        {
            if (element == ".")
                continue;
            set._children ??= new(StringComparer.Ordinal);
            var child = Of(inner);
            child.IsMember = inner is JsonObject below && (below.Count == 0 || below.ContainsKey("."));
            set._children[element] = child;
        }
        return set;
    }

    public static FieldSet Of(params IEnumerable<string[]> paths)
    {
        var set = new FieldSet();
        foreach (var path in paths)
            set.Insert([.. path.Select(name => "f:" + name)]);
        return set;
    }

    /// <summary>A path as in messages: <c>.spec.containers[name="app"].image</c>.</summary>
    public static string Show(IEnumerable<string> path) => string.Concat(path.Select(element => element[..2] switch
    {
        "f:" => "." + element[2..],
        "k:" => "[" + string.Join(",", ((JsonObject)JsonNode.Parse(element[2..])!).Select(k => $"{k.Key}={JsonReading.Compact(k.Value)}")) + "]",
        "v:" => $"[={element[2..]}]",
        _ => $"[{element[2..]}]",
    }));

    private IEnumerable<IReadOnlyList<string>> Paths(IReadOnlyList<string> here)
    {
        if (IsMember && here.Count > 0)
            yield return here;
        foreach (var (element, child) in Children)
        {
            foreach (var path in child.Paths([.. here, element]))
                yield return path;
        }
    }

    private static FieldSet? Combine(FieldSet? a, FieldSet? b, Func<bool, bool, bool> keep)
    {
        var result = new FieldSet { IsMember = keep(a?.IsMember == true, b?.IsMember == true) };
        IEnumerable<string> names = a?._children?.Keys ?? Enumerable.Empty<string>();
        if (b?._children is not null)
            names = names.Union(b._children.Keys);
        foreach (var name in names)
        {
            if (Combine(a?.Below(name), b?.Below(name), keep) is { } child)
                (result._children ??= new(StringComparer.Ordinal))[name] = child;
        }
        return result.IsMember || result._children is not null ? result : null;
    }
}
