using System.Globalization;

namespace Portal.Compute.LocalProcess;

/// <summary>A file in a control group and what is written into it.</summary>
internal sealed record GroupSetting(string File, string Value, bool Optional);

/// <summary>A control group of one allocation, and the file in it that counts kills for memory.</summary>
internal sealed record GroupPlan(string Folder, IReadOnlyList<GroupSetting> Settings, string? Events);

/// <summary>How one allocation is limited.</summary>
internal sealed record LimitPlan(IReadOnlyList<GroupPlan> Groups, long MemoryBytes, bool Measured);

/// <summary>Finds out what of control groups this process may use, by making and removing one.</summary>
internal sealed class HostLimits
{
    private const string Parent = "portal-workloads";
    private const int PeriodMicroseconds = 100_000;
    private const string MostProcesses = "8192";

    private readonly string? _unified;
    private readonly Dictionary<string, string> _legacy = [];

    internal HostLimits(LimitEnforcement by, string groupRoot = "/sys/fs/cgroup")
    {
        By = "measured";
        if (by == LimitEnforcement.Measured)
            return;
        _unified = UnifiedCandidates(groupRoot).Select(c => Usable(c, ["memory.max", "cpu.max"])).FirstOrDefault(c => c is not null);
        if (_unified is not null)
        {
            By = "cgroup-v2";
            return;
        }
        foreach (var (controller, file) in new[] { ("memory", "memory.limit_in_bytes"), ("cpu", "cpu.cfs_quota_us"), ("pids", "pids.max") })
            if (Usable(Path.Combine(groupRoot, controller), [file]) is { } usable)
                _legacy[controller] = usable;
        if (_legacy.ContainsKey("memory"))
            By = "cgroup-v1";
    }

    /// <summary>cgroup-v2, cgroup-v1 or measured.</summary>
    internal string By { get; }

    internal LimitPlan PlanFor(Guid allocationId, decimal vcpu, long memoryBytes)
    {
        var memory = memoryBytes.ToString(CultureInfo.InvariantCulture);
        // The kernel refuses quotas under 1 ms.
        var quota = Math.Max(1000, (long)(vcpu * PeriodMicroseconds)).ToString(CultureInfo.InvariantCulture);
        if (_unified is not null)
            return new LimitPlan([new GroupPlan(Path.Combine(_unified, allocationId.ToString()),
                [new("memory.max", memory, false), new("memory.swap.max", "0", true), new("cpu.max", $"{quota} {PeriodMicroseconds}", false), new("pids.max", MostProcesses, true)],
                "memory.events")], memoryBytes, Measured: false);
        List<GroupPlan> groups = [];
        if (By != "cgroup-v1")
            return new LimitPlan([], memoryBytes, Measured: true);
        if (_legacy.TryGetValue("memory", out var folder))
            groups.Add(new GroupPlan(Path.Combine(folder, allocationId.ToString()),
                [new("memory.limit_in_bytes", memory, false), new("memory.memsw.limit_in_bytes", memory, true)], "memory.oom_control"));
        if (_legacy.TryGetValue("cpu", out folder))
            groups.Add(new GroupPlan(Path.Combine(folder, allocationId.ToString()),
                [new("cpu.cfs_period_us", PeriodMicroseconds.ToString(CultureInfo.InvariantCulture), false), new("cpu.cfs_quota_us", quota, false)], null));
        if (_legacy.TryGetValue("pids", out folder))
            groups.Add(new GroupPlan(Path.Combine(folder, allocationId.ToString()), [new("pids.max", MostProcesses, true)], null));
        return new LimitPlan(groups, memoryBytes, Measured: false);
    }

    /// <summary>Where a unified hierarchy may be ours: this process's own group, the one above it, the top.</summary>
    private static IEnumerable<string> UnifiedCandidates(string root)
    {
        if (!File.Exists(Path.Combine(root, "cgroup.controllers")))
            yield break;
        var own = File.Exists("/proc/self/cgroup")
            ? File.ReadLines("/proc/self/cgroup").FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..].Trim('/') ?? ""
            : "";
        for (var path = Path.Combine(root, own); path.Length > root.Length; path = Path.GetDirectoryName(path)!)
            yield return path;
        yield return root;
    }

    /// <summary>The folder under which groups of allocations go; null when this controller cannot be used there.</summary>
    private static string? Usable(string folder, IReadOnlyList<string> files)
    {
        var parent = Path.Combine(folder, Parent);
        var probe = Path.Combine(parent, $"probe-{Guid.NewGuid():N}");
        try
        {
            if (!Directory.Exists(folder))
                return null;
            EnableControllers(folder);
            Directory.CreateDirectory(parent);
            EnableControllers(parent);
            Directory.CreateDirectory(probe);
            return files.All(f => CanWrite(Path.Combine(probe, f))) && CanWrite(Path.Combine(probe, "cgroup.procs")) ? parent : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            Remove(probe);
        }
    }

    private static void EnableControllers(string folder)
    {
        var file = Path.Combine(folder, "cgroup.subtree_control");
        if (!File.Exists(file))
            return;
        foreach (var controller in new[] { "+memory", "+cpu", "+pids" })
            try
            {
                File.WriteAllText(file, controller);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Then the probe below does not find the controller's files.
            }
    }

    private static bool CanWrite(string path)
    {
        if (!File.Exists(path))
            return false;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write);
        return true;
    }

    internal static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Never made, or still settling; an empty group costs nothing.
        }
    }
}
