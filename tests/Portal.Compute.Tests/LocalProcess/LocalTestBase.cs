using System.Diagnostics;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Short words for tests with real processes.</summary>
public abstract class LocalTestBase : IAsyncDisposable
{
    private readonly List<LocalHost> _hosts = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>How a host keeps programs apart in a test.</summary>
    public enum Mode
    {
        /// <summary>The best this machine can do.</summary>
        Auto,
        /// <summary>No sandbox, no control groups.</summary>
        Plain,
    }

    internal LocalHost Host(Mode mode = Mode.Auto, Action<LocalOptions>? adjust = null, string? dataFolder = null)
    {
        var host = new LocalHost(
            o =>
            {
                if (mode == Mode.Plain)
                    (o.UseSandbox, o.LimitsBy, o.AllowUnisolated) = (SandboxUse.Off, LimitEnforcement.Measured, true);
                adjust?.Invoke(o);
            },
            dataFolder);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Runs a script to its end and gives what it left as the artifact <c>out</c>.</summary>
    internal static async Task<string> OutputAsync(LocalHost host, AllocationSpec spec)
    {
        await host.Target.StartAsync(spec, Token);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.ExitCode.Should().Be(0, string.Join("\n", (await host.Target.ReadLogTailAsync(spec.AllocationId, 30, Token)).Lines.Select(l => l.Text)));
        await using var stream = await host.Target.OpenArtifactAsync(spec.WorkloadId, "out", Token);
        return await new StreamReader(stream!, Encoding.UTF8).ReadToEndAsync(Token);
    }

    internal static async Task<JsonElement> JsonAsync(LocalHost host, AllocationSpec spec) => JsonSerializer.Deserialize<JsonElement>(await OutputAsync(host, spec));

    /// <summary>Pids of processes of this machine whose arguments hold the text.</summary>
    internal static IReadOnlyList<int> ProcessesWith(string text) =>
        [.. Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out var pid) && pid != Environment.ProcessId && Arguments(d).Contains(text, StringComparison.Ordinal)).Select(d => int.Parse(Path.GetFileName(d)))];

    internal static async Task UntilAsync(Func<bool> condition, string what, int seconds = 20)
    {
        for (var look = 0; look < seconds * 20; look++)
        {
            if (condition())
                return;
            await Task.Delay(50, Token);
        }
        throw new TimeoutException($"Not so in time: {what}");
    }

    internal static async Task<string> ShellAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Token) + await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        process.ExitCode.Should().Be(0, output);
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static string Arguments(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
