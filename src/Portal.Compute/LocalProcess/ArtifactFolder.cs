using Microsoft.Win32.SafeHandles;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>
/// Reads a folder that a workload fills, as a stronger user than the workload: every step is relative to an open folder and refuses links,
/// so that nothing planted, also while this looks, leads outside.
/// </summary>
internal static class ArtifactFolder
{
    private const int MostEntries = 10_000;
    private const int DeepestFolder = 32;

    internal static IReadOnlyList<ArtifactEntry> List(string root)
    {
        List<ArtifactEntry> found = [];
        using var folder = NativeCalls.OpenBelow(null, root, isFolder: true);
        if (folder is not null)
            Collect(folder, "", 0, found);
        found.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return found;
    }

    internal static Stream? Open(string root, string path)
    {
        var steps = path.Split('/');
        if (path.Contains('\0', StringComparison.Ordinal) || steps.Any(s => s is "" or "." or ".."))
            return null;
        var folder = NativeCalls.OpenBelow(null, root, isFolder: true);
        if (folder is null)
            return null;
        var owner = NativeCalls.Facts(folder, "")?.User;
        foreach (var step in steps[..^1])
        {
            var next = NativeCalls.OpenBelow(folder, step, isFolder: true);
            folder.Dispose();
            if ((folder = next) is null)
                return null;
        }
        using (folder)
            return OpenFile(folder, steps[^1], owner);
    }

    private static FileStream? OpenFile(SafeFileHandle folder, string name, uint? owner)
    {
        var file = NativeCalls.OpenBelow(folder, name, isFolder: false);
        if (file is null)
            return null;
        // A pipe, a device or somebody else's file by a hard link is no artifact.
        if (NativeCalls.Facts(file, "") is { IsFile: true } facts && facts.User == owner)
            return new FileStream(file, FileAccess.Read);
        file.Dispose();
        return null;
    }

    private static void Collect(SafeFileHandle folder, string prefix, int depth, List<ArtifactEntry> found)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries($"/proc/self/fd/{folder.DangerousGetHandle()}"))
        {
            if (found.Count >= MostEntries)
                return;
            var name = Path.GetFileName(path);
            if (NativeCalls.Facts(folder, name) is not { } facts)
                continue;
            if (facts.IsFile)
                found.Add(new ArtifactEntry(prefix + name, (long)facts.Size, facts.ModifiedAt));
            else if (facts.IsFolder && depth < DeepestFolder)
            {
                using var below = NativeCalls.OpenBelow(folder, name, isFolder: true);
                if (below is not null)
                    Collect(below, prefix + name + "/", depth + 1, found);
            }
        }
    }
}
