using System.ComponentModel;
using System.Globalization;

namespace Portal.Compute.LocalProcess;

/// <summary>How the programs of different people are kept apart on this host.</summary>
internal enum IsolationLevel { None, UserPerTeam, Sandboxed }

/// <summary>Finds out once what the host allows, by doing it.</summary>
internal sealed class HostIsolation(LocalOptions options, HostFolders folders) : IDisposable
{
    // nobody: only to see whether the chain of programs works.
    private static readonly Account Probe = new("nobody", 65534, 65534);
    private readonly SemaphoreSlim _once = new(1, 1);
    private IsolationLevel? _level;
    private bool? _ownNetwork;

    internal static string Word(IsolationLevel level) => level switch
    {
        IsolationLevel.Sandboxed => "sandboxed",
        IsolationLevel.UserPerTeam => "user-per-team",
        _ => "none",
    };

    internal async Task<IsolationLevel> LevelAsync(CancellationToken cancellationToken)
    {
        if (_level is { } known)
            return known;
        await _once.WaitAsync(cancellationToken);
        try
        {
            return _level ??= options.UseSandbox == SandboxUse.Auto && await SandboxWorksAsync(ownNetwork: false, cancellationToken) ? IsolationLevel.Sandboxed
                : NativeCalls.IsRoot ? IsolationLevel.UserPerTeam
                : IsolationLevel.None;
        }
        finally
        {
            _once.Release();
        }
    }

    /// <summary>Whether a program can have a network that nobody else is in. Some containers allow every other namespace and not this one.</summary>
    internal async Task<bool> OwnNetworkWorksAsync(CancellationToken cancellationToken)
    {
        if (await LevelAsync(cancellationToken) != IsolationLevel.Sandboxed)
            return false;
        await _once.WaitAsync(cancellationToken);
        try
        {
            return _ownNetwork ??= await SandboxWorksAsync(ownNetwork: true, cancellationToken);
        }
        finally
        {
            _once.Release();
        }
    }

    /// <summary>Why a workload's own user could not reach its folder without a sandbox around it; null when it can.</summary>
    internal string? UnreachableFolder()
    {
        for (var folder = Path.GetDirectoryName(folders.Data); !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
            if (Directory.Exists(folder) && (File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) == 0)
                return $"workloads run as users of their own, and these cannot enter {folder}: put Local:DataFolder elsewhere";
        return null;
    }

    public void Dispose() => _once.Dispose();

    private async Task<bool> SandboxWorksAsync(bool ownNetwork, CancellationToken cancellationToken)
    {
        if (!File.Exists(SandboxCommand.Program))
            return false;
        var command = SandboxCommand.Wrap(folders, new SandboxPlan(Probe, [], [], 16 << 20, 0) { OwnNetwork = ownNetwork }).Concat([options.PythonPath, "-I", "-S", "-c", "pass"]).ToList();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            return (await HostCommand.RunAsync(command[0], command.Skip(1), null, deadline.Token)).ExitCode == 0;
        }
        catch (Exception e) when (e is Win32Exception or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}

/// <summary>What one sandbox shows.</summary>
/// <param name="Writable">Folders of the workload, at their real paths.</param>
/// <param name="ReadOnly">Folders it may read.</param>
/// <param name="TemporaryBytes">Size of its /tmp.</param>
internal sealed record SandboxPlan(Account Account, IReadOnlyList<string> Writable, IReadOnlyList<string> ReadOnly, long TemporaryBytes, int Gpus)
{
    /// <summary>Folders of programs beyond the system's.</summary>
    internal IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>Nothing but a loopback that only this sandbox has.</summary>
    internal bool OwnNetwork { get; init; }
}

/// <summary>Composes the argument vectors that stand before a workload's own: they hold paths and numbers of ours, nothing a person typed.</summary>
internal static class SandboxCommand
{
    internal const string Program = "/usr/bin/bwrap";
    private static readonly string[] SystemFolders = ["/usr", "/etc", "/opt"];
    private static readonly string[] SystemLinks = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    /// <summary>Only for a portal that runs as root: become the account, with no way back.</summary>
    internal static IReadOnlyList<string> Drop(Account account) =>
    [
        "/usr/bin/setpriv", $"--reuid={Number(account.User)}", $"--regid={Number(account.Group)}", "--clear-groups",
        "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--",
    ];

    /// <summary>Namespaces and an allow-list of mounts; as root the change of user happens inside, as the last thing before the program.</summary>
    internal static IReadOnlyList<string> Wrap(HostFolders folders, SandboxPlan plan)
    {
        List<string> arguments = [Program, "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"];
        if (NativeCalls.IsRoot)
            arguments.AddRange(["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]);
        else
            arguments.Add("--unshare-user");
        if (plan.OwnNetwork)
            arguments.Add("--unshare-net");
        arguments.AddRange(SystemMounts(plan));
        arguments.AddRange(OwnFolders(folders, plan));
        // What only holds the way to the workload's own folders is not for writing.
        arguments.AddRange(["--remount-ro", "/home", "--remount-ro", "/root", "--remount-ro", "/run", "--remount-ro", folders.Data, "--chdir", "/", "--"]);
        return NativeCalls.IsRoot ? [.. arguments, .. Drop(plan.Account)] : arguments;
    }

    private static IEnumerable<string> SystemMounts(SandboxPlan plan)
    {
        foreach (var folder in SystemFolders.Where(Directory.Exists))
            foreach (var argument in new[] { "--ro-bind", folder, folder })
                yield return argument;
        foreach (var link in SystemLinks.Where(Path.Exists))
            foreach (var argument in new FileInfo(link).LinkTarget is { } target ? new[] { "--symlink", target, link } : ["--ro-bind", link, link])
                yield return argument;
        foreach (var argument in (string[])["--proc", "/proc", "--dev", "/dev"])
            yield return argument;
        foreach (var (folder, mode) in (IEnumerable<(string, string)>)[("/tmp", "1777"), ("/run", "0755"), ("/home", "0755"), ("/root", "0700"), ("/var", "0755"), ("/var/tmp", "1777"), ("/dev/shm", "1777")])
            foreach (var argument in new[] { "--perms", mode, "--size", plan.TemporaryBytes.ToString(CultureInfo.InvariantCulture), "--tmpfs", folder })
                yield return argument;
        // Name resolution is often a link into /run.
        if (new FileInfo("/etc/resolv.conf").ResolveLinkTarget(returnFinalTarget: true)?.FullName is { } resolver && resolver.StartsWith("/run/", StringComparison.Ordinal))
            foreach (var argument in Folders(Path.GetDirectoryName(resolver)!, "/run").Concat(["--ro-bind-try", resolver, resolver]))
                yield return argument;
        foreach (var folder in plan.Programs.Where(p => Directory.Exists(p) && !SystemFolders.Any(s => p.StartsWith(s + "/", StringComparison.Ordinal))))
            foreach (var argument in Folders(folder, "/").Concat(["--ro-bind", folder, folder]))
                yield return argument;
        if (plan.Gpus > 0)
            foreach (var argument in Directory.EnumerateFiles("/dev", "nvidia*").SelectMany(d => new[] { "--dev-bind-try", d, d }).Concat(["--ro-bind-try", "/sys", "/sys"]))
                yield return argument;
    }

    /// <summary>An empty data folder with nothing in it but what is this workload's. Folders on the way are made here because the sandbox would make them private to root.</summary>
    private static IEnumerable<string> OwnFolders(HostFolders folders, SandboxPlan plan)
    {
        var mounts = plan.Writable.Select(w => ("--bind", w)).Concat(plan.ReadOnly.Select(r => ("--ro-bind", r))).ToList();
        foreach (var argument in Folders(folders.Data, "/").Concat(["--perms", "0755", "--size", "65536", "--tmpfs", folders.Data]))
            yield return argument;
        foreach (var parent in mounts.SelectMany(m => Parents(m.Item2, folders.Data)).Distinct())
            foreach (var argument in new[] { "--perms", "0755", "--dir", parent })
                yield return argument;
        foreach (var (kind, path) in mounts)
            foreach (var argument in new[] { kind, path, path })
                yield return argument;
    }

    private static IEnumerable<string> Folders(string path, string below) => Parents(path, below).Append(path).SelectMany(p => new[] { "--perms", "0755", "--dir", p });

    private static Stack<string> Parents(string path, string below)
    {
        Stack<string> found = new();
        for (var parent = Path.GetDirectoryName(path); parent is not null && parent.Length > below.Length; parent = Path.GetDirectoryName(parent))
            found.Push(parent);
        return found;
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
