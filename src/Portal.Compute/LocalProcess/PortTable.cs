using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Portal.Compute.LocalProcess;

/// <summary>Who listens on a port of this host.</summary>
internal enum PortHolder
{
    Nobody,
    /// <summary>A process of the allocation.</summary>
    Own,
    /// <summary>Some other program: connecting would hand it the workload's requests and credential.</summary>
    Foreign,
}

/// <summary>Listening sockets as the kernel lists them.</summary>
internal static class PortTable
{
    private const string Listening = "0A";

    /// <summary>A connection to 127.0.0.1 would reach this holder.</summary>
    /// <param name="knownInodes">Sockets already found to be the allocation's own: looking through its processes is spared. Added to.</param>
    internal static PortHolder HolderOf(int port, AllocationState state, HashSet<string> knownInodes)
    {
        var listeners = Listeners(port).ToList();
        if (listeners.Count == 0)
            return PortHolder.Nobody;
        lock (knownInodes)
            if (listeners.All(knownInodes.Contains))
                return PortHolder.Own;
        var own = ProcessTable.Descendants(state.SupervisorPid).SelectMany(ProcessTable.Sockets).ToHashSet();
        if (!listeners.All(own.Contains))
            return PortHolder.Foreign;
        lock (knownInodes)
            knownInodes.UnionWith(listeners);
        return PortHolder.Own;
    }

    /// <summary>A port of the range on which nobody listens, tried in random order; null when there is none.</summary>
    internal static int? FreePort(int first, int last, ISet<int> taken)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var port = Random.Shared.Next(first, last + 1);
            if (!taken.Contains(port) && CanListen(port))
                return port;
        }
        return Enumerable.Range(first, last - first + 1).Where(p => !taken.Contains(p) && CanListen(p)).Select(p => (int?)p).FirstOrDefault();
    }

    private static bool CanListen(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Listeners(int port)
    {
        var end = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var table in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
        {
            if (!File.Exists(table))
                continue;
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && fields[3] == Listening && fields[1].EndsWith(end, StringComparison.Ordinal) && TakesLoopback(fields[1][..^5]))
                    yield return fields[9];
            }
        }
    }

    /// <summary>127.0.0.1, any address, or either of them as IPv6 writes it; bytes are in host order by words.</summary>
    private static bool TakesLoopback(string address) =>
        address is "0100007F" or "00000000" or "00000000000000000000000000000000" or "0000000000000000FFFF00000100007F" or "0000000000000000FFFF000000000000";
}
