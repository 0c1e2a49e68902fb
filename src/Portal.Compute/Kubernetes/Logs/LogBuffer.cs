using System.Text;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>The last lines of a log with the cursors that stand for them, the oldest dropped when there are too many. For one thread at a time.</summary>
/// <param name="mostBytes">Bytes of text that are held, with something added for each line.</param>
/// <param name="from">The cursor behind which the first line will be.</param>
internal sealed class LogBuffer(int mostBytes, long from)
{
    private const int PerLine = 64;

    /// <summary>Two lines may be of one instant, and a reader is given both or none: what is so young is held back.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(50);

    private readonly Queue<(long At, LogLine Line)> _lines = new();
    private long _bytes;
    private long _given = from;
    private DateTimeOffset _heardAt;

    /// <summary>Nothing is missing behind this cursor.</summary>
    public long From { get; private set; } = from;

    /// <summary>The newest line's cursor.</summary>
    public long Last { get; private set; } = from;

    /// <summary>All lines, old ones first.</summary>
    public IEnumerable<(long At, LogLine Line)> Lines => _lines;

    /// <summary>Adds a line. One that comes late by its own clock, as two outputs of a program may do, still gets a cursor behind every one that was given away.</summary>
    public void Add(long at, LogLine line, DateTimeOffset now)
    {
        at = Math.Max(at, Last);
        if (at <= _given) at = _given + 1;
        (Last, _heardAt) = (at, now);
        _lines.Enqueue((at, line));
        _bytes += Size(line);
        while (_bytes > mostBytes && _lines.Count > 1)
        {
            var (dropped, text) = _lines.Dequeue();
            (From, _bytes) = (dropped, _bytes - Size(text));
        }
    }

    /// <summary>Up to which cursor lines can be read now.</summary>
    public long EndAt(DateTimeOffset now) => now - _heardAt >= Settling ? Last : Math.Max(From, Last - 1);

    /// <summary>Lines behind a cursor; null when older ones are asked for than are held.</summary>
    public LogSlice? Read(long cursor, int maxBytes, DateTimeOffset now)
    {
        if (cursor < From) return null;
        List<LogLine> lines = [];
        var (bytes, last, end) = (0, cursor, EndAt(now));
        foreach (var (at, line) in _lines)
        {
            if (at <= cursor || at > end) continue;
            if (bytes >= maxBytes && at > last) break;
            lines.Add(line);
            bytes += line.Text.Length + 1;
            last = at;
        }
        if (lines.Count > 0) _given = Math.Max(_given, last);
        return new LogSlice(lines, last, false);
    }

    /// <summary>The last lines; null when fewer are held than are asked for.</summary>
    public LogSlice? Tail(int count, DateTimeOffset now)
    {
        var end = EndAt(now);
        var settled = _lines.Where(l => l.At <= end).ToList();
        if (settled.Count < count || count <= 0) return null;
        _given = Math.Max(_given, settled[^1].At);
        return new LogSlice([.. settled.TakeLast(count).Select(l => l.Line)], settled[^1].At, false);
    }

    private static int Size(LogLine line) => Encoding.UTF8.GetByteCount(line.Text) + PerLine;
}
