namespace Portal.Testing.Kubernetes.Schema;

/// <summary>What a value may be.</summary>
internal enum SchemaKind
{
    Struct, Map, List, String, Integer, Number, Boolean, Quantity, IntOrString, Time, MicroTime, Bytes, Any,
}

/// <summary>The shape of a value: of built-in kinds from the client library's models, of custom resources from their definition.</summary>
internal sealed class SchemaNode(SchemaKind kind, string typeName)
{
    private Func<Dictionary<string, SchemaNode>>? _fieldSource;
    private Dictionary<string, SchemaNode>? _fields;

    public SchemaKind Kind { get; } = kind;

    /// <summary>The type's name in the server's messages, such as <c>PodSpec</c> or <c>int32</c>.</summary>
    public string TypeName { get; } = typeName;

    /// <summary>Members of a struct.</summary>
    public Dictionary<string, SchemaNode> Fields => _fields ??= _fieldSource?.Invoke() ?? [];

    /// <summary>Values of a map, or items of a list.</summary>
    public SchemaNode? Element { get; init; }

    /// <summary>Owned as a whole in server-side apply.</summary>
    public bool Atomic { get; init; }

    /// <summary>Members that identify an item, when the list is a map by keys.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Is the list a set of scalars?</summary>
    public bool IsSet { get; init; }

    /// <summary>The strategic merge patch's key, where it is not the first of <see cref="Keys"/>.</summary>
    public string? PatchKey { get; init; }

    /// <summary>May it hold members that are not declared? Only custom resources do.</summary>
    public bool PreservesUnknown { get; init; }

    /// <summary>Rules that only custom resources have.</summary>
    public CustomRules? Rules { get; init; }

    /// <summary>Members of a struct, found when first asked for: types refer to themselves.</summary>
    public Func<Dictionary<string, SchemaNode>> FieldSource { init => _fieldSource = value; }

    public bool IsGranularList => Kind == SchemaKind.List && !Atomic && (Keys.Count > 0 || IsSet);

    /// <summary>The same with another way of being merged.</summary>
    public SchemaNode With(bool atomic = false, IReadOnlyList<string>? keys = null, bool isSet = false, string? patchKey = null) =>
        new(Kind, TypeName) { Element = Element, Atomic = atomic, Keys = keys ?? [], IsSet = isSet, PatchKey = patchKey, FieldSource = () => Fields, PreservesUnknown = PreservesUnknown, Rules = Rules };

    /// <summary>The shape of a member, or null when it is not declared.</summary>
    public SchemaNode? Member(string name) => Kind switch
    {
        SchemaKind.Struct => Fields.GetValueOrDefault(name) ?? (PreservesUnknown ? Anything : null),
        SchemaKind.Map => Element,
        SchemaKind.Any => Anything,
        _ => null,
    };

    /// <summary>A value of which nothing is known; its maps are merged and its lists are not.</summary>
    public static SchemaNode Anything { get; } = new(SchemaKind.Any, "any");
}

/// <summary>The rules of a custom resource's OpenAPI schema that are checked.</summary>
internal sealed record CustomRules
{
    public IReadOnlyList<string> Required { get; init; } = [];
    public System.Text.Json.Nodes.JsonArray? Enum { get; init; }
    public string? Pattern { get; init; }
    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public long? MinLength { get; init; }
    public long? MaxLength { get; init; }
    public long? MinItems { get; init; }
    public long? MaxItems { get; init; }
    public bool Nullable { get; init; }
    public System.Text.Json.Nodes.JsonNode? Default { get; init; }
}
