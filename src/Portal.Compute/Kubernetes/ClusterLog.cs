using System.Globalization;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

/// <summary>
/// Logs as the kubelet keeps them. It knows no positions, but says of every line when it was written, in nanoseconds: a cursor is the instant of the last line that was read. Lines of one instant are never parted.
/// </summary>
internal static class ClusterLog
{
    private const long TicksToNanoseconds = 100;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A cursor behind which there is nothing, or not yet. Of a run that goes on, nobody knows without asking: it is the present in steps of some seconds, which is how often its log is then read for metrics. Others are read
    /// when somebody looks.
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

    /// <summary>Lines after a cursor.</summary>
    /// <param name="end">Where the log ends, when nothing more will be written; null while it may grow.</param>
    public static async Task<LogSlice> ReadAsync(ClusterApi api, PodFacts pod, long cursor, int maxBytes, long? end, CancellationToken cancellationToken)
    {
        List<LogLine> lines = [];
        var (bytes, last) = (0, cursor);
        // The server takes whole seconds: what it gives of the first one is passed over.
        var since = cursor <= 0 ? "" : $"&sinceTime={Uri.EscapeDataString(DateTimeOffset.FromUnixTimeSeconds(cursor / 1_000_000_000).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))}";
        await foreach (var (at, line) in LinesAsync(api, pod, since, cancellationToken))
        {
            if (at <= cursor) continue;
            if (bytes >= maxBytes && at > last) return new LogSlice(lines, last, false);
            lines.Add(line);
            bytes += line.Text.Length + 1;
            last = at;
        }
        return new LogSlice(lines, end is { } done && done > last ? done : last, false);
    }

    /// <summary>The last lines.</summary>
    public static async Task<LogSlice> TailAsync(ClusterApi api, PodFacts pod, int count, long? end, CancellationToken cancellationToken)
    {
        List<LogLine> lines = [];
        long last = 0;
        await foreach (var (at, line) in LinesAsync(api, pod, $"&tailLines={count.ToString(CultureInfo.InvariantCulture)}", cancellationToken))
        {
            lines.Add(line);
            last = at;
        }
        return new LogSlice(lines, end is { } done && done > last ? done : last, false);
    }

    private static async IAsyncEnumerable<(long At, LogLine Line)> LinesAsync(ClusterApi api, PodFacts pod, string query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A container that was begun again has a new log; the one that tells why is the one before.
        var previous = pod is { Restarts: > 0, RunningSince: null };
        using var answer = await api.OpenAsync($"{ResourceKind.Pods.Path(pod.Namespace, pod.Name)}/log?container={Objects.ClusterNames.Container}&timestamps=true{(previous ? "&previous=true" : "")}{query}", cancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } text)
            if (Parse(text) is { } line) yield return line;
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
