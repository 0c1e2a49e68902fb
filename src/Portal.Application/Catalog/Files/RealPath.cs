namespace Portal.Application.Catalog.Files;

/// <summary>Resolves every link on the way, as the kernel would.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The path without links; null when it does not exist or the links go round.</summary>
    public static string? Of(string path)
    {
        var links = 0;
        return Resolve(Path.GetFullPath(path), ref links);
    }

    /// <summary>True when the path lies inside the folder; both without links.</summary>
    public static bool IsBelow(string path, string folder) => path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static string? Resolve(string path, ref int links)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            FileSystemInfo entry = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            if (entry.LinkTarget is { } target)
            {
                if (++links > MostLinks || Resolve(Path.GetFullPath(target, real), ref links) is not { } resolved)
                    return null;
                real = resolved;
            }
            else if (entry.Exists)
                real = next;
            else
                return null;
        }
        return real;
    }
}
