using System.Net;
using System.Net.Sockets;

namespace Portal.Compute.LocalProcess;

/// <summary>The way to an allocation's program: its port on the loopback, or the socket through which its own network is entered.</summary>
internal static class ProgramDoor
{
    /// <summary>In the allocation's folder, which only the portal's user can enter; supervision/launching.py makes it.</summary>
    internal const string SocketName = "port.sock";

    /// <summary>Connects. A program in a network of its own that does not listen shows as a connection that is closed at once.</summary>
    /// <exception cref="SocketException">Nobody listens.</exception>
    internal static async Task<Stream> ConnectAsync(string folder, AllocationState state, CancellationToken cancellationToken)
    {
        if (!state.OwnNetwork)
            return await ConnectAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, new IPEndPoint(IPAddress.Loopback, state.Port!.Value), cancellationToken);
        // The path of a socket may have 107 bytes only; by way of the open folder it always fits.
        using var open = NativeCalls.OpenBelow(null, folder, isFolder: true) ?? throw new IOException($"{folder} cannot be entered.");
        var address = new UnixDomainSocketEndPoint($"/proc/self/fd/{open.DangerousGetHandle()}/{SocketName}");
        return await ConnectAsync(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), address, cancellationToken);
    }

    private static async Task<Stream> ConnectAsync(Socket socket, EndPoint address, CancellationToken cancellationToken)
    {
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
