using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Portal.Testing.Kubernetes.Nodes;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>Carries bytes between a WebSocket's channels and a pod's ports: for the n-th port channel 2n is data and 2n+1 is errors.</summary>
internal sealed class PortForward(WebSocket socket, PodRunner pod, IReadOnlyList<int> ports) : IDisposable
{
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly NetworkStream?[] _streams = new NetworkStream?[ports.Count];

    public async Task RunAsync(CancellationToken end)
    {
        try
        {
            for (var i = 0; i < ports.Count; i++)
            {
                byte[] port = [(byte)(ports[i] & 255), (byte)(ports[i] >> 8)];
                await SendAsync(2 * i, port, end);
                await SendAsync((2 * i) + 1, port, end);
                await OpenAsync(i, end);
            }
            await ReceiveAsync(end);
        }
        catch (Exception problem) when (problem is WebSocketException or IOException or OperationCanceledException)
        {
            // The client has gone; what was open for it is closed below.
        }
        finally
        {
            foreach (var stream in _streams)
                stream?.Dispose();
            socket.Dispose();
        }
    }

    public void Dispose() => _sending.Dispose();

    private async Task OpenAsync(int index, CancellationToken end)
    {
        var door = pod.Containers.Select(c => c.Run?.Doors.GetValueOrDefault(ports[index])).FirstOrDefault(d => d is not null);
        try
        {
            var connection = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await connection.ConnectAsync(door ?? new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1), end);
            _streams[index] = new NetworkStream(connection, ownsSocket: true);
            _ = PumpAsync(index, end);
        }
        catch (SocketException)
        {
            await SendAsync((2 * index) + 1, Encoding.UTF8.GetBytes($"error forwarding port {ports[index]} to pod {pod.Uid}, uid : exit status 1: connect: connection refused"), end);
        }
    }

    private async Task PumpAsync(int index, CancellationToken end)
    {
        var buffer = new byte[16384];
        try
        {
            int read;
            while ((read = await _streams[index]!.ReadAsync(buffer, end)) > 0)
                await SendAsync(2 * index, buffer.AsMemory(0, read), end);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, end);
        }
        catch (Exception problem) when (problem is IOException or WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two sides has closed: there is nobody to carry anything to.
        }
    }

    private async Task ReceiveAsync(CancellationToken end)
    {
        var buffer = new byte[65536];
        var channel = -1;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), end);
            if (part.MessageType == WebSocketMessageType.Close)
                return;
            var data = buffer.AsMemory(0, part.Count);
            if (channel < 0 && data.Length > 0)
            {
                channel = data.Span[0];
                data = data[1..];
            }
            if (channel >= 0 && channel % 2 == 0 && channel / 2 < _streams.Length && _streams[channel / 2] is { } stream)
                await stream.WriteAsync(data, end);
            if (part.EndOfMessage)
                channel = -1;
        }
    }

    private async Task SendAsync(int channel, ReadOnlyMemory<byte> data, CancellationToken end)
    {
        byte[] message = [(byte)channel, .. data.Span];
        await _sending.WaitAsync(end);
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, end);
        }
        finally
        {
            _sending.Release();
        }
    }
}
