using System.Globalization;
using System.IO.Compression;
using System.Text;
using k8s.Models;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Logs;

/// <summary>The last lines of what has ended and whose pods are gone, as a Secret of the allocation: what programs print may hold one.</summary>
/// <param name="From">Nothing is missing behind this cursor.</param>
internal sealed record KeptLog(IReadOnlyList<(long At, LogLine Line)> Lines, long From)
{
    /// <summary>Bytes of text at most, before they are packed; a Secret may hold 1 MiB.</summary>
    public const int MostBytes = 512 << 10;

    /// <summary>Lines that are asked of the server.</summary>
    public const int MostLines = 10_000;

    private const string TextKey = "log.gz", FromKey = "from";

    /// <summary>The Secret's name.</summary>
    public static string NameOf(Guid allocationId) => $"{ClusterNames.OfAllocation(allocationId)}-log";

    /// <summary>Lines behind a cursor.</summary>
    public LogSlice Read(long cursor, int maxBytes)
    {
        List<LogLine> lines = [];
        var (bytes, last) = (0, cursor);
        foreach (var (at, line) in Lines.Where(l => l.At > cursor))
        {
            if (bytes >= maxBytes && at > last) break;
            lines.Add(line);
            bytes += line.Text.Length + 1;
            last = at;
        }
        return new LogSlice(lines, last, cursor < From);
    }

    /// <summary>The last lines.</summary>
    public LogSlice Tail(int count) => new([.. Lines.TakeLast(count).Select(l => l.Line)], Lines.Count == 0 ? From : Lines[^1].At, false);

    /// <summary>As it is stored beside the allocation's main object.</summary>
    public V1Secret ToSecret(MainFacts main)
    {
        using var packed = new MemoryStream();
        using (var text = new StreamWriter(new GZipStream(packed, CompressionLevel.Optimal), new UTF8Encoding(false)))
            foreach (var (at, line) in Lines) text.Write(string.Create(CultureInfo.InvariantCulture, $"{at} {line.Text}\n"));
        return new V1Secret
        {
            ApiVersion = "v1", Kind = "Secret", Type = "Opaque",
            Metadata = new V1ObjectMeta
            {
                Name = NameOf(main.AllocationId), NamespaceProperty = main.Namespace,
                Labels = new Dictionary<string, string>
                {
                    ["app.kubernetes.io/managed-by"] = ClusterNames.Manager, [ClusterNames.Instance] = main.Instance ?? "", [ClusterNames.Workload] = main.WorkloadId.ToString(), [ClusterNames.Allocation] = main.AllocationId.ToString(),
                },
            },
            Data = new Dictionary<string, byte[]> { [TextKey] = packed.ToArray(), [FromKey] = Encoding.ASCII.GetBytes(From.ToString(CultureInfo.InvariantCulture)) },
        };
    }

    /// <summary>As <see cref="ToSecret"/> wrote it.</summary>
    public static KeptLog Of(V1Secret secret)
    {
        using var text = new GZipStream(new MemoryStream(secret.Data[TextKey]), CompressionMode.Decompress);
        using var all = new StreamReader(text, Encoding.UTF8);
        var lines = all.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', 2)).Select(l => (At: long.Parse(l[0], CultureInfo.InvariantCulture), Text: l[1]));
        return new KeptLog(
            [.. lines.Select(l => (l.At, new LogLine(DateTimeOffset.UnixEpoch.AddTicks(l.At / 100), "out", l.Text)))], long.Parse(Encoding.ASCII.GetString(secret.Data[FromKey]), CultureInfo.InvariantCulture));
    }
}
