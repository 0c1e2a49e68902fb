using System.Net;
using Microsoft.AspNetCore.Http;

namespace Portal.Testing.Kubernetes.Programs;

/// <summary>A program that does what a test says. Without more it prints nothing and runs until it is terminated.</summary>
public sealed class ScriptedProgram : ClusterProgram
{
    /// <summary>Lines to print, one after the other.</summary>
    public IReadOnlyList<string> Lines { get; set; } = [];

    /// <summary>Time before each line.</summary>
    public TimeSpan LineDelay { get; set; }

    /// <summary>Ends by itself after this time; null runs on. Zero ends once the lines are printed.</summary>
    public TimeSpan? EndsAfter { get; set; }

    /// <summary>The exit code when it ends by itself.</summary>
    public int ExitCode { get; set; }

    /// <summary>The reason when it ends by itself, such as <c>OOMKilled</c>.</summary>
    public string? Reason { get; set; }

    /// <summary>The exit code after SIGTERM; null lets it ignore the signal until it is killed.</summary>
    public int? ExitCodeOnTerm { get; set; } = 143;

    /// <summary>How long it takes after SIGTERM.</summary>
    public TimeSpan TermDelay { get; set; }

    /// <summary>Ready after this time, whatever the container's probe says; null leaves it to the probe.</summary>
    public TimeSpan? ReadyAfter { get; set; }

    /// <summary>Answers HTTP on all ports of the container, or null.</summary>
    public RequestDelegate? Http { get; set; }

    /// <summary>Where its ports really are, or null: a server that the test runs itself.</summary>
    public IPEndPoint? ForwardTo { get; set; }

    public override bool SaysReady => ReadyAfter is not null;

    internal override bool OpensDoors => Http is not null || ForwardTo is not null;

    public override async Task<ProgramEnd> RunAsync(ContainerRun run, CancellationToken kill)
    {
        await using var host = Http is null ? null : await ProgramHost.StartAsync(Http);
        if ((ForwardTo ?? host?.Address) is { } address)
        {
            foreach (var port in run.Ports)
                run.Doors[port] = address;
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(run.Terminating, kill);
        try
        {
            if (ReadyAfter is { } readyAfter)
                _ = ReadyAsync(run, readyAfter, end.Token);
            foreach (var line in Lines)
            {
                if (LineDelay > TimeSpan.Zero)
                    await Task.Delay(LineDelay, end.Token);
                run.WriteLine(line);
            }
            await Task.Delay(EndsAfter ?? Timeout.InfiniteTimeSpan, end.Token);
            return new ProgramEnd(ExitCode, Reason);
        }
        catch (OperationCanceledException)
        {
            // TERM or KILL.
            return await EndAsync(kill);
        }
    }

    private async Task<ProgramEnd> EndAsync(CancellationToken kill)
    {
        try
        {
            await Task.Delay(ExitCodeOnTerm is null ? Timeout.InfiniteTimeSpan : TermDelay, kill);
            return new ProgramEnd(ExitCodeOnTerm ?? 137);
        }
        catch (OperationCanceledException)
        {
            // KILL, before it was through with TERM.
            return new ProgramEnd(137);
        }
    }

    private static async Task ReadyAsync(ContainerRun run, TimeSpan after, CancellationToken end)
    {
        await Task.Delay(after, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!end.IsCancellationRequested)
            run.IsReady();
    }
}
