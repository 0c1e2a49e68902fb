namespace Portal.Application.Catalog.Files;

/// <summary>Collects what is wrong with one file.</summary>
internal sealed class ProblemLog(string file)
{
    private const int Most = 200;
    private readonly List<CatalogProblem> problems = [];
    private readonly List<CatalogProblem> warnings = [];

    public string File { get; } = file;

    /// <summary>The document's root once it is parsed; places are looked up in it.</summary>
    public Node? Root { get; set; }

    public IReadOnlyList<CatalogProblem> Problems => problems;

    public IReadOnlyList<CatalogProblem> Warnings => warnings;

    public void Add(NodePath path, string message) => Add(path, Root is null ? null : path.Locate(Root), message);

    public void Add(NodePath path, Node? at, string message) => Add(new CatalogProblem(File, at?.Line ?? 0, at?.Column ?? 0, path.Text, message));

    public void Add(CatalogProblem problem)
    {
        if (problems.Count < Most)
            problems.Add(problem);
    }

    public void Warn(NodePath path, string message)
    {
        var at = Root is null ? null : path.Locate(Root);
        warnings.Add(new CatalogProblem(File, at?.Line ?? 0, at?.Column ?? 0, path.Text, message));
    }

    /// <summary>True when something at or below the path was already refused, so that further checks would only repeat it.</summary>
    public bool Has(NodePath path) => problems.Any(p => p.Path.StartsWith(path.Text, StringComparison.Ordinal)
        && (p.Path.Length == path.Text.Length || path.Text.Length == 0 || p.Path[path.Text.Length] is '.' or '['));
}
