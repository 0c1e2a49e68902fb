using System.Buffers;
using System.Text;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>Lines of a log as they come in. They are parted at newlines only, since a progress bar's carriage returns belong to its line, and a line that was cut off is told from a whole one.</summary>
internal sealed class LogLines(Stream stream)
{
    /// <summary>Bytes of a line that are kept, its instant included; of a longer one the rest is passed over.</summary>
    public const int Longest = 64 << 10;

    private readonly byte[] _chunk = new byte[16 << 10];
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _next;
    private int _end;
    private bool _isTooLong;

    /// <summary>The next line that ends with a newline; null at the end.</summary>
    public async ValueTask<string?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_next == _end)
            {
                (_next, _end) = (0, await stream.ReadAsync(_chunk, cancellationToken));
                if (_end == 0) return null;
            }
            var newline = Array.IndexOf(_chunk, (byte)'\n', _next, _end - _next);
            Keep(_chunk.AsSpan(_next, (newline < 0 ? _end : newline) - _next));
            _next = newline < 0 ? _end : newline + 1;
            if (newline >= 0) return Take();
        }
    }

    /// <summary>What came after the last newline, or null: a program's last words, or a line whose end did not come.</summary>
    public string? Rest() => _line.WrittenCount == 0 ? null : Take();

    private void Keep(ReadOnlySpan<byte> part)
    {
        var room = Longest - _line.WrittenCount;
        _isTooLong |= part.Length > room;
        _line.Write(part.Length > room ? part[..room] : part);
    }

    private string Take()
    {
        var text = Encoding.UTF8.GetString(_line.WrittenSpan).TrimEnd('\r') + (_isTooLong ? "…" : "");
        _line.ResetWrittenCount();
        _isTooLong = false;
        return text;
    }
}
