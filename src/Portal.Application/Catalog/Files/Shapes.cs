namespace Portal.Application.Catalog.Files;

/// <summary>The form of a value in a catalog file. One description serves both the check of a file (<see cref="ShapeCheck"/>) and the published schema (<see cref="CatalogSchema"/>), so the two cannot differ.</summary>
internal abstract record Shape
{
    /// <summary>True when <c>null</c> may be written for "none".</summary>
    public bool Nullable { get; init; }
}

/// <param name="Pattern">Regular expression in the dialect that .NET and JSON Schema share; null: any text.</param>
/// <param name="Allowed">What <paramref name="Pattern"/> means, for messages.</param>
/// <param name="Min">Fewest characters.</param>
internal sealed record TextShape(string? Pattern = null, string? Allowed = null, int Min = 0, int Max = 200) : Shape;

/// <summary>One of some words, compared with case.</summary>
internal sealed record WordShape(params IReadOnlyList<string> Words) : Shape;

internal sealed record WholeShape(long Min, long Max) : Shape;

internal sealed record NumberShape(decimal Min, decimal Max) : Shape;

internal sealed record FlagShape : Shape;

internal sealed record DurationShape(TimeSpan Min, TimeSpan Max) : Shape;

internal sealed record ListShape(Shape Item, int Min = 0, int Max = 1000) : Shape;

/// <summary>Free keys, one form of value.</summary>
internal sealed record MapShape(Shape Value) : Shape;

internal sealed record ObjectShape(params IReadOnlyList<Field> Fields) : Shape
{
    /// <summary>At least one of the fields must be there.</summary>
    public bool AtLeastOne { get; init; }
}

/// <summary>Either text or the object.</summary>
internal sealed record TextOrObjectShape(TextShape Text, ObjectShape Object) : Shape;

/// <summary>Either a whole number or the object.</summary>
internal sealed record WholeOrObjectShape(WholeShape Whole, ObjectShape Object) : Shape;

/// <summary>Any value: its form depends on other fields and is checked by rules.</summary>
internal sealed record AnyShape : Shape;

/// <summary>A number, or a duration where the parameter is one.</summary>
internal sealed record BoundShape : Shape;

internal sealed record Field(string Name, Shape Shape, string Help, bool Required = false);
