using System.Globalization;
using System.Text;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>Reads the segment files that the supervisor writes; see supervision/logs.py for their form.</summary>
internal sealed class LogSegments(string folder)
{
    private const int StampLength = 27;
    private const int PrefixLength = StampLength + 3;
    // A stored line is at most its prefix, 64 KiB and the end of line.
    private const int LongestStoredLine = PrefixLength + 64 * 1024 + 1;

    /// <summary>Bytes written so far, dropped ones included.</summary>
    internal long End() => Segments() is [.., var last] ? last.Start + last.Length : 0;

    /// <summary>Whole lines from a cursor on; at least one when there is one.</summary>
    internal LogSlice Read(long cursor, int maxBytes)
    {
        var segments = Segments();
        if (segments.Count == 0)
            return new LogSlice([], Math.Max(0, cursor), false);
        var from = Math.Clamp(cursor, segments[0].Start, segments[^1].Start + segments[^1].Length);
        var truncated = cursor < segments[0].Start;
        List<LogLine> lines = [];
        var left = (long)Math.Max(1, maxBytes);
        foreach (var segment in segments.Where(s => s.Start + s.Length > from))
        {
            if (left <= 0)
                break;
            var bytes = Bytes(segment, Math.Max(from, segment.Start), Math.Max(left, LongestStoredLine));
            var used = Parse(bytes, left, lines);
            from = Math.Max(from, segment.Start) + used;
            left -= used;
            if (from < segment.Start + segment.Length)
                break;
        }
        return new LogSlice(lines, from, truncated);
    }

    /// <summary>The last lines, looking back as far as needed.</summary>
    internal LogSlice Tail(int count)
    {
        var segments = Segments();
        if (segments.Count == 0 || count <= 0)
            return new LogSlice([], End(), false);
        var (oldest, end) = (segments[0].Start, segments[^1].Start + segments[^1].Length);
        for (var window = 64L * 1024 + count * 128L; ; window *= 4)
        {
            var from = Math.Max(oldest, end - window);
            var slice = ReadAll(from == oldest ? from : NextLine(segments, from));
            if (slice.Lines.Count >= count || from == oldest)
                return new LogSlice([.. slice.Lines.TakeLast(count)], slice.NextCursor, slice.Lines.Count < count && oldest > 0);
        }
    }

    private LogSlice ReadAll(long from)
    {
        List<LogLine> lines = [];
        for (var slice = Read(from, 4 << 20); slice.Lines.Count > 0; slice = Read(from, 4 << 20))
        {
            lines.AddRange(slice.Lines);
            from = slice.NextCursor;
        }
        return new LogSlice(lines, from, false);
    }

    private static long NextLine(List<Segment> segments, long from)
    {
        var segment = segments.Last(s => s.Start <= from);
        if (segment.Start == from)
            return from;
        // One byte earlier, so that a line which begins exactly here is not skipped.
        var newline = Array.IndexOf(Bytes(segment, from - 1, LongestStoredLine), (byte)'\n');
        return newline < 0 ? segment.Start + segment.Length : from + newline;
    }

    private static int Parse(ReadOnlySpan<byte> bytes, long most, List<LogLine> lines)
    {
        var used = 0;
        while (used < most || lines.Count == 0)
        {
            var length = bytes[used..].IndexOf((byte)'\n');
            if (length < 0 || (used > 0 && used + length + 1 > most))
                break;
            if (Line(bytes.Slice(used, length)) is { } line)
                lines.Add(line);
            used += length + 1;
        }
        return used;
    }

    private static LogLine? Line(ReadOnlySpan<byte> stored)
    {
        if (stored.Length < PrefixLength || !DateTimeOffset.TryParse(Encoding.ASCII.GetString(stored[..StampLength]), CultureInfo.InvariantCulture, out var at))
            return null;
        var source = stored[StampLength + 1] switch { (byte)'o' => "out", (byte)'e' => "err", _ => "portal" };
        return new LogLine(at, source, Encoding.UTF8.GetString(stored[PrefixLength..]).TrimEnd('\r'));
    }

    private static byte[] Bytes(Segment segment, long from, long most)
    {
        try
        {
            using var stream = new FileStream(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Position = from - segment.Start;
            var buffer = new byte[(int)Math.Max(0, Math.Min(most, segment.Length - stream.Position))];
            var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return buffer[..read];
        }
        catch (FileNotFoundException)
        {
            // Dropped by rotation since it was listed; the next read starts at what is kept.
            return [];
        }
    }

    private List<Segment> Segments()
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFiles("*.log").OrderBy(f => f.Name, StringComparer.Ordinal)
                .Where(f => f.Exists).Select(f => new Segment(f.FullName, long.Parse(Path.GetFileNameWithoutExtension(f.Name), CultureInfo.InvariantCulture), f.Length))];
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return [];
        }
    }

    private sealed record Segment(string Path, long Start, long Length);
}
