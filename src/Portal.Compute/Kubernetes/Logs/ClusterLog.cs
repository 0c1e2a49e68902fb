using System.Globalization;
using System.Runtime.CompilerServices;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>The log of one run of a container.</summary>
/// <param name="Previous">Of the run before the one that goes on now.</param>
internal sealed record LogSource(PodFacts Pod, bool Previous)
{
    /// <summary>More may be written to it.</summary>
    public bool Grows => !Previous && Pod is { IsOver: false, RunningSince: not null };

    /// <summary>The log that tells of the allocation; null when no container of it has begun. Of several replicas it is the one that came last.</summary>
    /// <param name="hasEnded">It has ended, whatever the cluster has begun of it since: the log is that of the run which ended.</param>
    public static LogSource? Of(IReadOnlyList<PodFacts> pods, bool hasEnded) =>
        pods.OrderByDescending(p => p.RunningSince ?? p.Ended?.At ?? DateTimeOffset.MinValue).FirstOrDefault(p => p.RunningSince is not null || p.Ended is not null) is { } pod
            // While nothing runs, the server gives the log of the run that ended last; the one before that is what it calls the previous one then.
            ? new LogSource(pod, hasEnded && pod is { RunningSince: not null, Ended: not null }) : null;
}

/// <summary>
/// Logs as the kubelet keeps them. It knows no positions, but says of every line when it was written, in nanoseconds: a cursor is the instant of the last line that was read. Lines of one instant are never parted.
/// </summary>
internal static class ClusterLog
{
    private const long TicksToNanoseconds = 100;
    private const long Second = 1_000_000_000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A cursor behind which there is nothing, or not yet. Of a run that goes on and is not followed, nobody knows without asking: it is the present in steps of some seconds, which is how often its log is then read for
    /// metrics. Others are read when somebody looks.
    /// </summary>
    public static long EndOf(MainFacts main, IReadOnlyList<PodFacts> pods, Observation seen, DateTimeOffset now)
    {
        if (main.Kind != "Job" || pods.Count == 0) return 0;
        // The end is told in whole seconds, and the last line may be of the same one.
        if (pods.All(p => p.IsOver)) return Cursor((pods.Max(p => p.Ended?.At) ?? seen.EndedAt ?? now).AddSeconds(1));
        return seen.ReadyAt is null ? 0 : Cursor(new DateTimeOffset(now.Ticks - now.Ticks % LookEvery.Ticks, TimeSpan.Zero));
    }

    /// <summary>Nanoseconds since 1970.</summary>
    public static long Cursor(DateTimeOffset instant) => (instant.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * TicksToNanoseconds;

    /// <summary>The whole second that a cursor is in, as a cursor.</summary>
    public static long SecondOf(long cursor) => cursor / Second * Second;

    /// <summary>Asks for lines from a cursor on. The server takes whole seconds: what it gives of the first one before the cursor is passed over by whoever reads.</summary>
    public static string Since(long cursor) => cursor <= 0 ? "" : $"&sinceTime={Uri.EscapeDataString(DateTimeOffset.FromUnixTimeSeconds(cursor / Second).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))}";

    /// <summary>Asks for so many of the last lines.</summary>
    public static string Tail(int count) => $"&tailLines={count.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Where the server gives the log.</summary>
    public static string Path(LogSource source, string query) =>
        $"{ResourceKind.Pods.Path(source.Pod.Namespace, source.Pod.Name)}/log?container={ClusterNames.Container}&timestamps=true{(source.Previous ? "&previous=true" : "")}{query}";

    /// <summary>Lines after a cursor, and whether they are all there are now.</summary>
    /// <param name="end">Where the log ends, when nothing more will be written; null while it may grow.</param>
    public static async Task<(LogSlice Slice, bool IsAll)> ReadAsync(ClusterApi api, LogSource source, long cursor, int maxBytes, long? end, CancellationToken cancellationToken)
    {
        List<LogLine> lines = [];
        var (bytes, last) = (0, cursor);
        await foreach (var (at, line) in LinesAsync(api, source, Since(cursor), cancellationToken))
        {
            if (at <= cursor) continue;
            if (bytes >= maxBytes && at > last) return (new LogSlice(lines, last, false), false);
            lines.Add(line);
            bytes += line.Text.Length + 1;
            // Two outputs of one program may be a moment out of order.
            last = Math.Max(last, at);
        }
        return (new LogSlice(lines, end is { } done && done > last ? done : last, false), true);
    }

    /// <summary>The last lines.</summary>
    public static async Task<LogSlice> TailAsync(ClusterApi api, LogSource source, int count, long? end, CancellationToken cancellationToken)
    {
        List<LogLine> lines = [];
        long last = 0;
        await foreach (var (at, line) in LinesAsync(api, source, Tail(count), cancellationToken))
        {
            lines.Add(line);
            last = Math.Max(last, at);
        }
        return new LogSlice(lines, end is { } done && done > last ? done : last, false);
    }

    /// <summary>What is there of a log now.</summary>
    public static async IAsyncEnumerable<(long At, LogLine Line)> LinesAsync(ClusterApi api, LogSource source, string query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await api.OpenAsync(Path(source, query), cancellationToken);
        var lines = new LogLines(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.NextAsync(cancellationToken) is { } text)
            if (Parse(text) is { } line) yield return line;
        // The last words of a program that ends without a newline; while it runs, the line is still being written and comes whole at another time.
        if (!source.Grows && lines.Rest() is { } rest && Parse(rest) is { } words) yield return words;
    }

    /// <summary><c>2026-01-02T03:04:05.123456789Z text</c>; null for what is no line of a log.</summary>
    public static (long At, LogLine Line)? Parse(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var stamp = space < 0 ? text : text[..space];
        var dot = stamp.IndexOf('.', StringComparison.Ordinal);
        if (!DateTimeOffset.TryParse(dot < 0 ? stamp : stamp[..dot] + "Z", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var second)) return null;
        long nanoseconds = 0;
        if (dot >= 0 && !long.TryParse(stamp.AsSpan(dot + 1).TrimEnd('Z').ToString().PadRight(9, '0').AsSpan(0, 9), NumberStyles.None, CultureInfo.InvariantCulture, out nanoseconds)) return null;
        return (Cursor(second) + nanoseconds, new LogLine(second.AddTicks(nanoseconds / TicksToNanoseconds), "out", space < 0 ? "" : text[(space + 1)..]));
    }
}
