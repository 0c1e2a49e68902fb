using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>Reads files shipped beside an item; nothing outside the catalog folder can be reached, also not by a link.</summary>
/// <param name="catalogFolder">Absolute, links resolved.</param>
/// <param name="itemFolder">Absolute folder of the item's file.</param>
internal sealed class ShippedFiles(string catalogFolder, string itemFolder)
{
    public const int MaxFileBytes = 5 * 1024 * 1024;
    public const int MaxItemBytes = 20 * 1024 * 1024;

    /// <summary>Null when the relative name stays in its folder; otherwise what is wrong and allowed.</summary>
    public static string? RefuseName(string name)
    {
        const string allowed = "a relative name such as train.py or lib/model.py";
        if (name.Length is 0 or > 500 || TextFault.Of(name) is not null || name.Any(char.IsControl))
            return $"is not usable. Allowed: {allowed}";
        if (name.StartsWith('/') || name.Contains('\\', StringComparison.Ordinal) || name.Split('/').Any(p => p is ""))
            return $"is not relative. Allowed: {allowed}";
        if (name.Split('/').Any(p => p is "." or ".."))
            return $"leaves the folder. Allowed: {allowed}";
        return name.Split('/').Any(p => System.Text.Encoding.UTF8.GetByteCount(p) > 255) ? "has a part longer than 255 bytes" : null;
    }

    /// <summary>Contents by target name; what cannot be read is a problem at its entry.</summary>
    public Dictionary<string, byte[]> Read(ItemSpec item, ProblemLog log)
    {
        var contents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        long total = 0;
        foreach (var (name, source) in item.Files.Where(f => f.Value.Path is not null))
        {
            var path = NodePath.Root / "files" / name;
            if (log.Has(path))
                continue;
            var refusal = RefuseName(source.Path!) is { } reason ? $"The path {Quoted.Text(source.Path!)} {reason}." : Refuse(source.Path!);
            if (refusal is not null)
                log.Add(path, refusal);
            else
                total += (contents[name] = File.ReadAllBytes(Path.Combine(itemFolder, source.Path!))).Length;
        }
        if (total > MaxItemBytes)
            log.Add(NodePath.Root / "files", $"The shipped files have {total} bytes together; at most {MaxItemBytes} are taken.");
        return contents;
    }

    private string? Refuse(string relative)
    {
        var real = RealPath.Of(Path.Combine(itemFolder, relative));
        if (real is null || !File.Exists(real))
            return $"There is no file \"{relative}\" beside this item.{NearestName.Hint(relative, Beside())}";
        if (!RealPath.IsBelow(real, catalogFolder))
            return $"\"{relative}\" is a link that leaves the catalog folder.";
        var length = new FileInfo(real).Length;
        return length > MaxFileBytes ? $"\"{relative}\" has {length} bytes; at most {MaxFileBytes} are taken." : null;
    }

    private IEnumerable<string> Beside() =>
        Directory.EnumerateFiles(itemFolder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3, AttributesToSkip = FileAttributes.ReparsePoint })
            .Take(1000).Select(f => Path.GetRelativePath(itemFolder, f)).Where(f => !f.EndsWith(".yaml", StringComparison.Ordinal));
}
