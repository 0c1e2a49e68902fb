using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>What this host has.</summary>
internal static class HostCapacity
{
    private const decimal BytesPerGib = 1024 * 1024 * 1024;
    private const string GpuFolder = "/proc/driver/nvidia/gpus";

    private const string SystemPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>Programs of workloads are looked up here, whatever the portal's own PATH is.</summary>
    internal static string WorkloadPath(LocalOptions options) => string.Join(':', options.ProgramFolders.Split(':', StringSplitOptions.RemoveEmptyEntries).Append(SystemPath));

    internal static ResourceAmount Physical(LocalOptions options) => new(
        options.Vcpu ?? Environment.ProcessorCount,
        // The runtime's number heeds the limit of a container around the portal.
        options.MemoryGib ?? Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BytesPerGib, 2),
        options.Gpus ?? (Directory.Exists(GpuFolder) ? Directory.GetDirectories(GpuFolder).Length : 0));

    internal static ResourceAmount Allocatable(LocalOptions options)
    {
        var physical = Physical(options);
        return new(physical.Vcpu * options.CpuOvercommit, physical.MemoryGib * options.MemoryOvercommit, physical.Gpus);
    }

    /// <summary>The first of the programs that a workload's user could not run; null when all are there.</summary>
    internal static string? Missing(IEnumerable<string> programs, string path) => programs.FirstOrDefault(program => !IsInstalled(program, path));

    internal static long FreeMib(string folder)
    {
        while (!Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder)!;
        return new DriveInfo(folder).AvailableFreeSpace >> 20;
    }

    private static bool IsInstalled(string program, string path) =>
        program.StartsWith('/') ? CanRun(program) : !program.Contains('/', StringComparison.Ordinal) && path.Split(':').Any(folder => CanRun(Path.Combine(folder, program)));

    private static bool CanRun(string path)
    {
        var file = new FileInfo(path);
        var real = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
        return real is { Exists: true } && (File.GetUnixFileMode(real.FullName) & UnixFileMode.OtherExecute) != 0;
    }
}
