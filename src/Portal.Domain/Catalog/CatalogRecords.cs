namespace Portal.Domain.Catalog;

/// <summary>A stored category.</summary>
public sealed class Category
{
    public required string Slug { get; init; }
    public required string Name { get; set; }
    public required string Purpose { get; set; }
    public required string Icon { get; set; }
    public required int Order { get; set; }
}

/// <summary>A stored hardware profile; the figures are in <see cref="SpecJson"/>.</summary>
public sealed class HardwareProfile
{
    public required string Slug { get; init; }
    public required string SpecJson { get; set; }
    public required int Order { get; set; }
}

/// <summary>One thing people can launch; what it is, is in its versions.</summary>
public sealed class CatalogItem
{
    public required Guid Id { get; init; }
    public required string Slug { get; init; }
    public required string CategorySlug { get; set; }
    /// <summary>published or retired.</summary>
    public required string Lifecycle { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An immutable, published revision of an item. A trigger refuses updates and deletes.</summary>
public sealed class ItemVersion
{
    public required Guid Id { get; init; }
    public required Guid ItemId { get; init; }
    public required string Version { get; init; }
    /// <summary><see cref="ItemSpec"/> as JSON.</summary>
    public required string SpecJson { get; init; }
    /// <summary>Contents of the shipped files as a JSON object of base64 strings.</summary>
    public required string FilesJson { get; init; }
    /// <summary>SHA-256 of the file it came from, hex.</summary>
    public required string SourceHash { get; init; }
    /// <summary>The file it came from, as it was.</summary>
    public required string SourceText { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }
}
