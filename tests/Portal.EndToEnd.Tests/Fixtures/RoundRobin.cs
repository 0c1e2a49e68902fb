using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>
/// The plainest of balancers in front of replicas: every connection goes to the next one that takes it, whoever it is from. What works behind it needs no stickiness.
/// </summary>
public sealed class RoundRobin : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private readonly ConcurrentDictionary<Task, bool> _relays = new();
    private IReadOnlyList<int> _ports = [];
    private int _turn;

    public RoundRobin()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Replicas' ports to which pages were connected, in order.</summary>
    public ConcurrentQueue<int> Circuits { get; } = new();

    /// <summary>Connections from now on.</summary>
    public void To(params int[] ports) => _ports = ports;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_relays.Keys);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                var relay = RelayAsync(client);
                _relays[relay] = true;
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var near = client;
        try
        {
            var (far, port) = await ConnectAsync();
            using var connection = far;
            if (connection is null) return;
            // The first bytes tell a page's connection from others.
            var head = new byte[4096];
            var length = await near.GetStream().ReadAsync(head, _end.Token);
            if (Encoding.ASCII.GetString(head, 0, length) is var text && (text.StartsWith("GET /_blazor ", StringComparison.Ordinal) || text.StartsWith("GET /_blazor?", StringComparison.Ordinal))) Circuits.Enqueue(port);
            await connection.GetStream().WriteAsync(head.AsMemory(0, length), _end.Token);
            await Task.WhenAny(near.GetStream().CopyToAsync(connection.GetStream(), _end.Token), connection.GetStream().CopyToAsync(near.GetStream(), _end.Token));
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // Either side is gone, which closes the other.
        }
    }

    private async Task<(TcpClient? Far, int Port)> ConnectAsync()
    {
        var (ports, turn) = (_ports, Interlocked.Increment(ref _turn));
        for (var i = 0; i < ports.Count; i++)
        {
            var (far, port) = (new TcpClient(), ports[(turn + i) % ports.Count]);
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, port, _end.Token);
                return (far, port);
            }
            catch (SocketException)
            {
                far.Dispose();
            }
        }
        return (null, 0);
    }
}
