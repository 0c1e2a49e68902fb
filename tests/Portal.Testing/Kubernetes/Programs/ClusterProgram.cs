namespace Portal.Testing.Kubernetes.Programs;

/// <summary>What a container does. One instance may be run by many containers.</summary>
public abstract class ClusterProgram
{
    /// <summary>CPU cores that metrics say it uses.</summary>
    public double UsedCores { get; set; } = 0.01;

    /// <summary>Bytes of memory that metrics say it uses.</summary>
    public long UsedBytes { get; set; } = 32 << 20;

    /// <summary>Does the program itself say when it is ready? Otherwise the container's probe does.</summary>
    public virtual bool SaysReady => false;

    /// <summary>Does it open ports a moment after its start?</summary>
    internal virtual bool OpensDoors => false;

    /// <summary>Runs until it ends. <see cref="ContainerRun.Terminating"/> is its SIGTERM; cancellation is its SIGKILL.</summary>
    public abstract Task<ProgramEnd> RunAsync(ContainerRun run, CancellationToken kill);
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">0 is success; 137 and 143 as after KILL and TERM.</param>
/// <param name="Reason">The reason in the container's state where it is not the usual one: <c>OOMKilled</c>.</param>
/// <param name="Message">The termination message, or null.</param>
public sealed record ProgramEnd(int ExitCode, string? Reason = null, string? Message = null);
