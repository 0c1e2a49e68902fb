using System.Diagnostics;
using System.Text;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>Looks at the host as the kernel sees it: which processes belong to a workload.</summary>
public static class WorkloadProcesses
{
    /// <summary>Processes whose environment names the workload (any of this data folder when null), the program and all its descendants.</summary>
    public static IReadOnlyList<int> Of(Guid? workload, string dataFolder) =>
        Where(pid => Read(pid, "environ") is { } environment && environment.Contains(workload is null ? "PORTAL_WORKLOAD_ID=" : $"PORTAL_WORKLOAD_ID={workload}", StringComparison.Ordinal)
            && environment.Contains(dataFolder, StringComparison.Ordinal));

    /// <summary>Supervisors at work in a data folder.</summary>
    public static IReadOnlyList<int> SupervisorsOf(string dataFolder) => Where(pid => Read(pid, "cmdline") is { } line && line.Contains("supervisor.py", StringComparison.Ordinal) && OpensIn(pid, dataFolder));

    /// <summary>Distinct attempts that have a live process.</summary>
    public static IReadOnlyList<string> AllocationsOf(Guid workload, string dataFolder) =>
        [.. Of(workload, dataFolder).Select(pid => Read(pid, "environ") ?? "").SelectMany(e => e.Split('\0')).Where(v => v.StartsWith("PORTAL_ALLOCATION_ID=", StringComparison.Ordinal)).Distinct()];

    public static void Kill(int pid)
    {
        try
        {
            Process.GetProcessById(pid).Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // Gone by itself.
        }
    }

    private static List<int> Where(Func<int, bool> wanted) =>
        [.. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0).Where(pid => pid > 0 && pid != Environment.ProcessId && wanted(pid))];

    private static bool OpensIn(int pid, string folder)
    {
        try
        {
            return new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Any(fd => fd.LinkTarget?.StartsWith(folder, StringComparison.Ordinal) == true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Read(int pid, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/{file}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
