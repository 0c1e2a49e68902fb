using Portal.Testing.Kubernetes.Schema;

namespace Portal.Testing.Kubernetes.Storage;

/// <summary>A kind of object that is served: its names, its shape, its subresources.</summary>
internal sealed record ResourceType(string Group, string Version, string Plural, string Kind, SchemaNode Schema)
{
    /// <summary>Does it live in namespaces?</summary>
    public bool Namespaced { get; init; } = true;

    public string Singular { get; init; } = Kind.ToLowerInvariant();

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Subresources with their own address, without <c>log</c> and <c>proxy</c>, which are no objects.</summary>
    public bool HasStatus { get; init; }

    public bool HasScale { get; init; }

    /// <summary>Further subresources that discovery names.</summary>
    public IReadOnlyList<string> Connects { get; init; } = [];

    /// <summary>Does <c>metadata.generation</c> count changes of its spec?</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Is it defined by a CustomResourceDefinition?</summary>
    public bool IsCustom { get; init; }

    /// <summary>Must an update name the resourceVersion?</summary>
    public bool RequiresVersionOnUpdate { get; init; }

    /// <summary>Only answers to a create: nothing is stored (access reviews).</summary>
    public bool IsReview { get; init; }

    /// <summary>Only read: made from what nodes measure.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>The type whose objects are shown under this one's address in another form, or null.</summary>
    public ResourceType? StoredAs { get; init; }

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As in error messages: <c>pods</c>, <c>deployments.apps</c>.</summary>
    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string ListKind => Kind + "List";

    public override string ToString() => GroupResource;
}
