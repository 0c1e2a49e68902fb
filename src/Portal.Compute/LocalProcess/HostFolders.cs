using System.Collections.Concurrent;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>
/// Where things are under the data folder: <c>workloads/{workload}/{work,artifacts,checkpoints,run,storage/…,files/{allocation},allocations/{allocation}}</c>.
/// The workload owns work, artifacts, checkpoints and storage and nothing above them, so it can plant links only inside those.
/// </summary>
internal sealed class HostFolders(string dataFolder)
{
    private const UnixFileMode Enter = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Readable = Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly ConcurrentDictionary<Guid, Guid> _workloadOf = new();

    internal string Data { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataFolder));

    internal string HostIdFile => Path.Combine(Data, "host-id");
    internal string FirstOwnerFile => Path.Combine(Data, "first-owner");
    internal string Workloads => Path.Combine(Data, "workloads");

    internal string Workload(Guid workloadId) => Path.Combine(Workloads, workloadId.ToString());
    internal string Work(Guid workloadId) => Path.Combine(Workload(workloadId), "work");
    internal string Artifacts(Guid workloadId) => Path.Combine(Workload(workloadId), "artifacts");
    internal string Checkpoints(Guid workloadId) => Path.Combine(Workload(workloadId), "checkpoints");
    internal string RunArtifacts(Guid workloadId) => Path.Combine(Workload(workloadId), "run");
    internal string Storage(Guid workloadId, string name) => name == "work" ? Work(workloadId) : Path.Combine(Workload(workloadId), "storage", name);
    internal string Files(Guid workloadId, Guid allocationId) => Path.Combine(Workload(workloadId), "files", allocationId.ToString());
    internal string Allocation(Guid workloadId, Guid allocationId) => Path.Combine(Workload(workloadId), "allocations", allocationId.ToString());

    /// <summary>Which workload an allocation belongs to; null when this host has never heard of it.</summary>
    internal Guid? WorkloadOf(Guid allocationId)
    {
        if (_workloadOf.TryGetValue(allocationId, out var known) && Directory.Exists(Allocation(known, allocationId)))
            return known;
        foreach (var workloadId in WorkloadIds())
            if (Directory.Exists(Allocation(workloadId, allocationId)))
                return _workloadOf[allocationId] = workloadId;
        _workloadOf.TryRemove(allocationId, out _);
        return null;
    }

    internal IEnumerable<Guid> WorkloadIds() => Ids(Workloads);

    internal IEnumerable<Guid> AllocationIds(Guid workloadId) => Ids(Path.Combine(Workload(workloadId), "allocations"));

    /// <summary>The data folder and what is above the workloads; as root others may pass through but not look.</summary>
    internal void CreateRoot()
    {
        Create(Data, NativeCalls.IsRoot ? Enter : Private);
        Create(Workloads, NativeCalls.IsRoot ? Enter : Private);
    }

    /// <summary>An exclusive hold on one of a fixed set of lock files; null while another process has it.</summary>
    internal FileStream? TryLock(long number)
    {
        var folder = Path.Combine(Data, "locks");
        Create(folder, Private);
        try
        {
            return new FileStream(Path.Combine(folder, $"{number}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult is not (NativeCalls.NoSpaceLeft or NativeCalls.QuotaExceeded))
        {
            return null;
        }
    }

    /// <summary>The portal's own folders of one allocation.</summary>
    internal void CreateAllocation(Guid workloadId, Guid allocationId)
    {
        CreateRoot();
        Create(Workload(workloadId), NativeCalls.IsRoot ? Enter : Private);
        Create(Path.Combine(Workload(workloadId), "allocations"), Private);
        Create(Allocation(workloadId, allocationId), Private);
        _workloadOf[allocationId] = workloadId;
    }

    /// <summary>A folder that the workload owns.</summary>
    internal static void CreateOwned(string path, Account account)
    {
        Create(Path.GetDirectoryName(path)!, NativeCalls.IsRoot ? Enter : Private);
        Create(path, Private);
        Give(path, account.User, account.Group);
    }

    /// <summary>Files that the workload may read and not change: root's, readable by the workload's group.</summary>
    internal void WriteFiles(Guid workloadId, Guid allocationId, IEnumerable<KeyValuePair<string, byte[]>> files, Account account)
    {
        var root = Files(workloadId, allocationId);
        Create(Path.GetDirectoryName(root)!, NativeCalls.IsRoot ? Enter : Private);
        CreateReadable(root, account);
        foreach (var (name, content) in files)
        {
            var path = Path.GetFullPath(Path.Combine(root, name));
            if (!path.StartsWith(root + "/", StringComparison.Ordinal))
                throw new ArgumentException($"The file name '{name}' leaves the folder.");
            CreateParents(root, path, account);
            File.Delete(path);
            using (var stream = NewFile(path))
                stream.Write(content);
            MakeReadable(path, account);
        }
    }

    /// <summary>What a run has left, copied once: whole or not at all, to read and not to change.</summary>
    internal async Task CopyRunAsync(Guid workloadId, IArtifactSource run, Account account, CancellationToken cancellationToken)
    {
        var target = RunArtifacts(workloadId);
        if (Directory.Exists(target))
            return;
        var unfinished = target + ".new";
        await RemoveAsync(unfinished, cancellationToken);
        CreateReadable(unfinished, account);
        foreach (var entry in await run.ListAsync(cancellationToken))
        {
            var path = Path.GetFullPath(Path.Combine(unfinished, entry.Path));
            if (!path.StartsWith(unfinished + "/", StringComparison.Ordinal))
                throw new ArgumentException($"The artifact '{entry.Path}' leaves its folder.");
            CreateParents(unfinished, path, account);
            await using (var content = await run.OpenAsync(entry.Path, cancellationToken))
            await using (var copy = NewFile(path))
                await content.CopyToAsync(copy, cancellationToken);
            MakeReadable(path, account);
        }
        Directory.Move(unfinished, target);
    }

    /// <summary>Removes a tree that a workload may have filled with anything; never follows a link (rm walks by open folders).</summary>
    internal static async Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        if (!Path.Exists(path))
            return;
        if (!NativeCalls.IsRoot)
            await HostCommand.RunAsync("/bin/chmod", ["-R", "u+rwX", "--", path], null, cancellationToken);
        var result = await HostCommand.RunAsync("/bin/rm", ["-rf", "--one-file-system", "--", path], null, cancellationToken);
        if (result.ExitCode != 0)
            throw new IOException($"Cannot remove {path}: {result.Error.Trim()}");
    }

    private static FileStream NewFile(string path) =>
        new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });

    /// <summary>The portal's own, readable by the workload's group.</summary>
    private static void CreateReadable(string path, Account account)
    {
        Create(path, Readable);
        Give(path, NativeCalls.EffectiveUser, account.Group);
    }

    private static void CreateParents(string root, string path, Account account)
    {
        var folder = root;
        foreach (var part in Path.GetRelativePath(root, path).Split('/')[..^1])
            CreateReadable(folder = Path.Combine(folder, part), account);
    }

    private static void MakeReadable(string path, Account account)
    {
        Give(path, NativeCalls.EffectiveUser, account.Group);
        File.SetUnixFileMode(path, Readable);
    }

    private static void Create(string path, UnixFileMode mode)
    {
        if (Directory.Exists(path))
            return;
        Directory.CreateDirectory(path, mode);
        File.SetUnixFileMode(path, mode);
    }

    private static void Give(string path, uint user, uint group)
    {
        if (NativeCalls.IsRoot)
            NativeCalls.Give(path, user, group);
    }

    private static IEnumerable<Guid> Ids(string folder)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(folder).Select(d => Guid.TryParseExact(Path.GetFileName(d), "D", out var id) ? id : Guid.Empty).Where(id => id != Guid.Empty)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
