using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>Everything a catalog folder holds. Only entries without a problem are in the lists; use them only when <see cref="Problems"/> is empty, because one may refer to another that is missing.</summary>
public sealed record CatalogLoad(
    IReadOnlyList<CategorySpec> Categories, IReadOnlyList<HardwareProfileSpec> Hardware, IReadOnlyList<LoadedItem> Items,
    IReadOnlyList<CatalogProblem> Problems, IReadOnlyList<CatalogProblem> Warnings);

/// <summary>One item file, read and checked.</summary>
/// <param name="Files">Contents of the files shipped beside it, by the name they get in the workload's folder.</param>
/// <param name="SourceText">The file as it was read.</param>
/// <param name="SourceHash">SHA-256 in lower-case hex over the text and every shipped file: changes exactly when the version's content changes.</param>
public sealed record LoadedItem(ItemSpec Spec, IReadOnlyDictionary<string, byte[]> Files, string SourceText, string SourceHash);

/// <summary>One thing that is wrong (or doubtful) in a catalog file.</summary>
/// <param name="File">Path below the catalog folder.</param>
/// <param name="Line">From 1; 0 when the file as a whole is meant.</param>
/// <param name="Column">From 1; 0 when the file as a whole is meant.</param>
/// <param name="Path">Where in the document, such as <c>parameters[1].constraints.min</c>; empty for the whole.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public sealed record CatalogProblem(string File, int Line, int Column, string Path, string Message)
{
    /// <summary><c>training/x.yaml:12:5: parameters[1].type: …</c>, which editors and terminals can jump to.</summary>
    public override string ToString() => (Line, Path) switch
    {
        (0, "") => $"{File}: {Message}",
        (0, _) => $"{File}: {Path}: {Message}",
        (_, "") => $"{File}:{Line}:{Column}: {Message}",
        _ => $"{File}:{Line}:{Column}: {Path}: {Message}",
    };
}
