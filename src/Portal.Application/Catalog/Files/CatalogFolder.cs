using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>
/// Reads a whole catalog folder: <c>categories.yaml</c>, <c>hardware.yaml</c> and one <c>&lt;category&gt;/&lt;slug&gt;.yaml</c> an item, with the files shipped beside it.
/// Never throws for what is in the folder: everything wrong in any file comes back at once.
/// </summary>
public static class CatalogFolder
{
    private const string CategoriesFile = "categories.yaml";
    private const string HardwareFile = "hardware.yaml";

    /// <summary>Reads and checks the folder.</summary>
    public static CatalogLoad Read(string folder)
    {
        if (RealPath.Of(folder) is not { } root || !Directory.Exists(root))
            return new CatalogLoad([], [], [], [new CatalogProblem(folder, 0, 0, "", "There is no such catalog folder.")], []);
        var logs = new List<ProblemLog>();
        var categories = ReadFile(root, CategoriesFile, logs, CatalogFileReader.ReadCategories) ?? [];
        var hardware = ReadFile(root, HardwareFile, logs, CatalogFileReader.ReadHardware) ?? [];
        var context = new ItemContext(Known(categories, c => c.Slug), Known(hardware, h => h.Slug));
        var items = new List<LoadedItem>();
        var files = ItemFiles(root).ToList();
        foreach (var file in files)
        {
            var log = new ProblemLog(file);
            logs.Add(log);
            var item = ReadItem(root, file, context, log);
            if (RefuseTwin(file, files) is { } twin)
                log.Add(NodePath.Root / "slug", twin);
            else if (item is not null)
                items.Add(item);
        }
        var stray = Stray(root).Select(f => new CatalogProblem(f, 0, 0, "", $"This file is not read. A catalog holds {CategoriesFile}, {HardwareFile} and <category>/<slug>.yaml."));
        return new CatalogLoad(categories, hardware, items, Sorted(logs.SelectMany(l => l.Problems)), Sorted(logs.SelectMany(l => l.Warnings).Concat(stray)));
    }

    private static List<CatalogProblem> Sorted(IEnumerable<CatalogProblem> problems) =>
        [.. problems.OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line).ThenBy(p => p.Column)];

    /// <summary>Null when the list could not be read: references to it are then not judged, so that one fault is told once.</summary>
    private static List<string>? Known<T>(IReadOnlyList<T> specs, Func<T, string> slug) => specs.Count == 0 ? null : [.. specs.Select(slug)];

    private static IEnumerable<string> ItemFiles(string root) =>
        from directory in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal)
        where !Path.GetFileName(directory).StartsWith('.')
        from file in Directory.EnumerateFiles(directory, "*.yaml").Order(StringComparer.Ordinal)
        where !Path.GetFileName(file).StartsWith('.')
        select Path.GetRelativePath(root, file);

    private static IEnumerable<string> Stray(string root) =>
        Directory.EnumerateFiles(root, "*.y*ml").Where(f => Path.GetFileName(f) is not (CategoriesFile or HardwareFile))
            .Concat(Directory.EnumerateDirectories(root).Where(d => !Path.GetFileName(d).StartsWith('.')).SelectMany(d => Directory.EnumerateFiles(d, "*.yml")))
            .Select(f => Path.GetRelativePath(root, f));

    private static T? ReadFile<T>(string root, string file, List<ProblemLog> logs, Func<string, ProblemLog, T> read)
    {
        var log = new ProblemLog(file);
        logs.Add(log);
        return ReadText(root, file, log) is { } text ? read(text, log) : default;
    }

    private static LoadedItem? ReadItem(string root, string file, ItemContext context, ProblemLog log)
    {
        if (ReadText(root, file, log) is not { } text || CatalogFileReader.ReadItem(text, context, log) is not { } spec)
            return null;
        var files = new ShippedFiles(root, Path.GetDirectoryName(Path.Combine(root, file))!).Read(spec, log);
        return log.Problems.Count > 0 ? null : new LoadedItem(spec, files, text, CatalogFileReader.Hash(text, files));
    }

    private static string? ReadText(string root, string file, ProblemLog log)
    {
        var real = RealPath.Of(Path.Combine(root, file));
        var refusal = real is null || !File.Exists(real) ? "The file is missing."
            : !RealPath.IsBelow(real, root) ? "The file is a link that leaves the catalog folder."
            : new FileInfo(real).Length > YamlTree.MaxBytes ? $"The file has {new FileInfo(real).Length} bytes; at most {YamlTree.MaxBytes} are read."
            : null;
        if (refusal is null)
            try
            {
                return YamlTree.Decode(File.ReadAllBytes(real!), log);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                refusal = $"The file cannot be read: {error.Message}";
            }
        log.Add(new CatalogProblem(file, 0, 0, "", refusal));
        return null;
    }

    /// <summary>Slugs are unique over all categories, because an item's address has no category in it; and a slug is its file's name.</summary>
    private static string? RefuseTwin(string file, IReadOnlyList<string> files)
    {
        var twins = files.Where(f => f != file && Path.GetFileName(f) == Path.GetFileName(file)).ToList();
        return twins.Count == 0 ? null : $"The slug \"{Path.GetFileNameWithoutExtension(file)}\" is also used by {string.Join(", ", twins)}. Slugs are unique over all categories.";
    }
}
