using System.Buffers;
using System.Net.WebSockets;
using System.Text;

namespace Portal.Compute.Kubernetes;

/// <summary>
/// A connection to a pod's port through the API server. Messages begin with the number of a channel: 0 carries what the program says, 1 why it cannot be reached; the first message of each repeats the port in two bytes.
/// Reads and writes may run beside each other; disposing it closes the socket.
/// </summary>
/// <param name="socket">Of a port-forward to one port; owned from now on.</param>
internal sealed class ForwardedStream(WebSocket socket) : Stream
{
    private const byte Data = 0, Error = 1;
    private const int PortBytes = 2, LargestWrite = 32 << 10;

    private readonly byte[] _frame = ArrayPool<byte>.Shared.Rent(64 << 10);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly int[] _toSkip = [PortBytes, PortBytes];
    private readonly StringBuilder _error = new();
    private (int Start, int Length) _rest;
    private int? _channel;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Throws when the program's port cannot be reached, with the cluster's words.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.Length == 0 && !_ended) await ReceiveAsync(cancellationToken);
        var count = Math.Min(buffer.Length, _rest.Length);
        _frame.AsMemory(_rest.Start, count).CopyTo(buffer);
        _rest = (_rest.Start + count, _rest.Length - count);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        var message = ArrayPool<byte>.Shared.Rent(LargestWrite + 1);
        try
        {
            for (; buffer.Length > 0; buffer = buffer[Math.Min(buffer.Length, LargestWrite)..])
            {
                var part = buffer[..Math.Min(buffer.Length, LargestWrite)];
                message[0] = Data;
                part.CopyTo(message.AsMemory(1));
                await socket.SendAsync(message.AsMemory(0, part.Length + 1), WebSocketMessageType.Binary, true, cancellationToken);
            }
        }
        catch (WebSocketException exception)
        {
            throw new IOException("The connection through the cluster is closed.", exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
            _writing.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // For callers that know no other way; a thread waits.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Dispose();
            _writing.Dispose();
            ArrayPool<byte>.Shared.Return(_frame);
        }
        base.Dispose(disposing);
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        ValueWebSocketReceiveResult got;
        try
        {
            got = await socket.ReceiveAsync(_frame.AsMemory(), cancellationToken);
        }
        catch (WebSocketException exception)
        {
            throw new IOException("The connection through the cluster was lost.", exception);
        }
        if (got.MessageType == WebSocketMessageType.Close)
        {
            _ended = true;
            if (_error.Length > 0) throw new IOException(_error.ToString());
            return;
        }
        // A message may come in several parts; only the first names the channel.
        var (start, length) = (0, got.Count);
        if (_channel is null && length > 0) (_channel, start, length) = (_frame[0], 1, length - 1);
        if (_channel is { } channel and (Data or Error))
        {
            var skipped = Math.Min(_toSkip[channel], length);
            _toSkip[channel] -= skipped;
            if (channel == Data) _rest = (start + skipped, length - skipped);
            else if (length > skipped) _error.Append(Encoding.UTF8.GetString(_frame, start + skipped, length - skipped));
        }
        if (got.EndOfMessage) _channel = null;
        if (got.EndOfMessage && _error.Length > 0) throw new IOException(_error.ToString());
    }
}
