using System.ComponentModel;
using System.Text.Json;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>The document a supervisor gets on its standard input. It holds secrets and is never written anywhere.</summary>
internal sealed record SupervisorOrder
{
    /// <summary>The allocation's folder.</summary>
    public required string Home { get; init; }
    public required int? Port { get; init; }
    /// <summary>What is sent to ask for the end, such as SIGTERM.</summary>
    public required string Signal { get; init; }
    /// <summary>Used when the supervisor itself is told to end, as the host does when it goes down.</summary>
    public required double GraceSeconds { get; init; }
    public required long LogSegmentBytes { get; init; }
    public required long LogMaxBytes { get; init; }
    public required IReadOnlyList<string> Command { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
    /// <summary>Where the program starts.</summary>
    public required string Folder { get; init; }
    /// <summary>Where the program is looked up.</summary>
    public required string Path { get; init; }
    /// <summary>Stands before the last stage: sandbox, drop of privileges.</summary>
    public required IReadOnlyList<string> Wrapper { get; init; }
    public required string Python { get; init; }
    public required bool Sandboxed { get; init; }
    /// <summary>The wrapper makes a network of its own: a relay inside it hands connections of the allocation's socket on to the port.</summary>
    public required bool OwnNetwork { get; init; }
    public required LimitPlan Limits { get; init; }
    /// <summary>Goes into the state file.</summary>
    public required object Record { get; init; }
}

/// <summary>The supervisor's answer.</summary>
/// <param name="Result">started, already, portInUse or failed.</param>
internal sealed record SupervisorReceipt(string Result, FailureClass? Failure, string? Message, bool DiskFull);

/// <summary>Starts supervisors. They detach at once, so nothing of them hangs on this process.</summary>
internal static class SupervisorProcess
{
    internal static string Script { get; } = Path.Combine(AppContext.BaseDirectory, "LocalProcess", "supervisor.py");

    internal static async Task<SupervisorReceipt> StartAsync(LocalOptions options, SupervisorOrder order, CancellationToken cancellationToken)
    {
        var document = JsonSerializer.Serialize(order, JsonFile.Format);
        try
        {
            var result = await HostCommand.RunAsync(options.PythonPath, ["-I", Script], document, cancellationToken);
            return result.Output.Length > 0 ? JsonSerializer.Deserialize<SupervisorReceipt>(result.Output, Receipts)!
                : throw new ComputeTargetException(FailureClass.Crashed, $"The supervisor ended without an answer (exit code {result.ExitCode}).");
        }
        catch (Exception e) when (e is Win32Exception or JsonException)
        {
            throw new ComputeTargetException(FailureClass.Crashed, $"The supervisor cannot be started with {options.PythonPath}: {e.Message}", e);
        }
    }

    private static readonly JsonSerializerOptions Receipts = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() } };
}
