using System.Globalization;
using System.Text;

namespace Portal.Compute.LocalProcess;

/// <summary>What /proc says about processes.</summary>
internal static class ProcessTable
{
    /// <summary>What a supervisor calls itself; the kernel keeps 15 characters.</summary>
    internal const string SupervisorName = "portal-superv";

    internal static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>A pid alone may be somebody else by now; with its start time it is not. A zombie does not live.</summary>
    internal static bool IsAlive(int pid, long startTime) => Stat(pid) is { } stat && stat.Start == startTime && stat.State is not ('Z' or 'X');

    /// <summary>Every process below one, whatever session it is in.</summary>
    internal static HashSet<int> Descendants(int root)
    {
        var children = Pids().Select(pid => (pid, Stat: Stat(pid))).Where(p => p.Stat is not null).ToLookup(p => p.Stat!.Parent, p => p.pid);
        HashSet<int> found = [];
        Queue<int> queue = new([root]);
        while (queue.TryDequeue(out var parent))
            foreach (var child in children[parent])
                if (found.Add(child))
                    queue.Enqueue(child);
        return found;
    }

    /// <summary>Processes that carry the allocation's id in the environment they were started with.</summary>
    internal static IEnumerable<int> OfAllocation(Guid allocationId)
    {
        var mark = Encoding.ASCII.GetBytes($"PORTAL_ALLOCATION_ID={allocationId}");
        foreach (var pid in Pids().Where(p => p != Environment.ProcessId && p != 1))
            if (Environ(pid) is { } environment && Holds(environment, mark) && Stat(pid) is { State: not ('Z' or 'X') })
                yield return pid;
    }

    /// <summary>Processes of a user that have no supervisor of root's above them.</summary>
    internal static IEnumerable<int> Unsupervised(uint user)
    {
        var all = Pids().Select(pid => (pid, Stat: Stat(pid))).Where(p => p.Stat is not null).ToDictionary(p => p.pid, p => p.Stat!);
        bool IsSupervised(int pid)
        {
            for (var steps = 0; steps < all.Count && all.TryGetValue(pid, out var stat); steps++, pid = stat.Parent)
                if (stat.Name == SupervisorName && User(pid) == 0)
                    return true;
            return false;
        }
        return [.. all.Where(p => p.Value.State is not ('Z' or 'X') && User(p.Key) == user && !IsSupervised(p.Key)).Select(p => p.Key)];
    }

    /// <summary>Processes in control groups, ours by construction.</summary>
    internal static IEnumerable<int> InGroups(IEnumerable<string> folders)
    {
        foreach (var folder in folders)
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(Path.Combine(folder, "cgroup.procs"));
            }
            catch (IOException)
            {
                continue;
            }
            foreach (var line in lines)
                if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 1)
                    yield return pid;
        }
    }

    /// <summary>Inodes of the sockets that a process holds; none when it may not be looked at.</summary>
    internal static IEnumerable<string> Sockets(int pid)
    {
        string[] descriptors;
        try
        {
            descriptors = Directory.GetFiles($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }
        foreach (var descriptor in descriptors)
        {
            string? target = null;
            try
            {
                target = new FileInfo(descriptor).LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Closed meanwhile.
            }
            if (target?.StartsWith("socket:[", StringComparison.Ordinal) == true)
                yield return target[8..^1];
        }
    }

    private static bool Holds(byte[] environment, byte[] mark)
    {
        for (var at = environment.AsSpan().IndexOf(mark); at >= 0;)
        {
            var end = at + mark.Length;
            if ((at == 0 || environment[at - 1] == 0) && (end == environment.Length || environment[end] == 0))
                return true;
            var next = environment.AsSpan(end).IndexOf(mark);
            at = next < 0 ? -1 : end + next;
        }
        return false;
    }

    private static byte[]? Environ(int pid)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/environ");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => char.IsAsciiDigit(n![0])).Select(n => int.Parse(n!, CultureInfo.InvariantCulture));

    /// <summary>The real user; no user at all when the process is gone.</summary>
    private static uint? User(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            return uint.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ProcessStat? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat", Encoding.Latin1);
            var end = text.LastIndexOf(')');
            var fields = text[(end + 2)..].Split(' ');
            return new ProcessStat(text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..end], fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record ProcessStat(string Name, char State, int Parent, long Start);
}
