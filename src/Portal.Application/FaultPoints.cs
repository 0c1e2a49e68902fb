using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Portal.Application;

/// <summary>Where the process can be made to die, for the crash tests. Set <c>Portal:KillAt</c> to one of <see cref="FaultPoints.All"/>; empty in production.</summary>
public sealed class FaultPointOptions
{
    public string? KillAt { get; set; }
}

/// <summary>Steps at which a crash must lose nothing. Each is passed exactly where a real crash would hurt most: between a commit and the effect after it.</summary>
public sealed partial class FaultPoints(FaultPointOptions options, ILogger<FaultPoints> logger)
{
    public const string LaunchBeforeCommit = "launch.before-commit";
    public const string LaunchAfterCommit = "launch.after-commit";
    public const string StartAllocationCommitted = "start.allocation-committed";
    public const string StartProviderCalled = "start.provider-called";
    public const string StartRecorded = "start.recorded";
    public const string StopRequested = "stop.requested";
    public const string StopAskCommitted = "stop.ask-committed";
    public const string StopProviderCalled = "stop.provider-called";
    public const string EndBeforeCommit = "end.before-commit";
    public const string EndAfterCommit = "end.after-commit";
    public const string PostBeforeCommit = "post.before-commit";
    public const string PostAfterCommit = "post.after-commit";
    public const string DeleteRequested = "delete.requested";
    public const string DeleteStorageRemoved = "delete.storage-removed";
    public const string DeleteSettled = "delete.settled";

    public static IReadOnlyList<string> All { get; } =
    [
        LaunchBeforeCommit, LaunchAfterCommit, StartAllocationCommitted, StartProviderCalled, StartRecorded, StopRequested, StopAskCommitted, StopProviderCalled,
        EndBeforeCommit, EndAfterCommit, PostBeforeCommit, PostAfterCommit, DeleteRequested, DeleteStorageRemoved, DeleteSettled,
    ];

    /// <summary>Kills this process with SIGKILL when it is the chosen point.</summary>
    public void Pass(string point)
    {
        if (options.KillAt != point) return;
        LogKilling(logger, point);
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Fault point {Point}: this process kills itself now")]
    private static partial void LogKilling(ILogger logger, string point);
}
