using System.Text.Json;

namespace Portal.Compute.LocalProcess;

/// <summary>What the supervisor recorded at the start: enough to observe and adopt without a database.</summary>
internal sealed record AllocationState
{
    public Guid AllocationId { get; init; }
    public Guid WorkloadId { get; init; }
    public string HostId { get; init; } = "";
    public string BootId { get; init; } = "";
    public int? Port { get; init; }
    public string? ReadyPath { get; init; }
    /// <summary>The port is in a network of the program's own; the way there is the socket <see cref="ProgramDoor.SocketName"/> in the allocation's folder.</summary>
    public bool OwnNetwork { get; init; }
    public uint User { get; init; }
    public long MemoryBytes { get; init; }
    public int SupervisorPid { get; init; }
    public long SupervisorStart { get; init; }
    public int ChildPid { get; init; }
    public long ChildStart { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public IReadOnlyList<string> Groups { get; init; } = [];
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>How it ended.</summary>
internal sealed record AllocationExit(int Code, int? Signal, bool Oom, bool StopRequested, bool Killed, DateTimeOffset EndedAt, long LogLinesDropped);

/// <summary>The supervisor was found dead without an exit.</summary>
internal sealed record AllocationLoss(DateTimeOffset EndedAt, bool StopRequested, string Message);

/// <summary>Another program was found on the allocation's port.</summary>
internal sealed record PortClash(int Port, DateTimeOffset At);

internal sealed record AllocationReady(DateTimeOffset At);

internal sealed record StopRequest(double GraceSeconds, DateTimeOffset At);

internal sealed record UsageSample(DateTimeOffset At, double CpuCores, long MemoryBytes);

/// <summary>Small JSON files, replaced whole.</summary>
internal static class JsonFile
{
    internal static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    /// <summary>Null when there is none, or when what is there is not whole.</summary>
    internal static T? Read<T>(string path)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Format);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>For what is only convenient to remember: a full disk is no error.</summary>
    internal static void TryWrite<T>(string path, T value)
    {
        try
        {
            Write(path, value);
        }
        catch (IOException)
        {
            // Found out again at the next look.
        }
    }

    /// <summary>For what must be said also when the disk is full: uses the room that the supervisor has put aside.</summary>
    internal static void WriteReserved<T>(string path, T value)
    {
        try
        {
            Write(path, value);
        }
        catch (IOException) when (File.Exists(path + ".reserved"))
        {
            using (var stream = new FileStream(path + ".reserved", FileMode.Open, FileAccess.Write))
                stream.Write(JsonSerializer.SerializeToUtf8Bytes(value, Format));
            File.Move(path + ".reserved", path, overwrite: true);
        }
    }

    internal static void Write<T>(string path, T value)
    {
        var fresh = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            using (var stream = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                JsonSerializer.Serialize(stream, value, Format);
                stream.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
    }
}
