using System.Diagnostics;
using Portal.Testing.Hosting;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>What a program said and how it ended.</summary>
internal sealed record ProgramAnswer(int ExitCode, string Output, string Error)
{
    /// <summary>What it printed; throws where it failed.</summary>
    public string Succeeded => ExitCode == 0 ? Output : throw new InvalidOperationException($"Exit code {ExitCode}: {Error}{Output}");
}

/// <summary>Helm and kubectl themselves: from PATH, else those that <c>deploy/dev/test</c> has fetched. Where one is missing the test fails and says so.</summary>
internal static class InstallTools
{
    private static readonly string Home = Directory.CreateTempSubdirectory("portal-helm-").FullName;

    /// <summary>Where <c>deploy/dev/test</c> puts them.</summary>
    private static string Fetched => Path.Combine(RepositoryFolder.Root, ".data", "tools");

    public static Task<ProgramAnswer> HelmAsync(params IEnumerable<string> arguments) => RunAsync("helm", arguments, null);

    /// <summary>With variables of its own.</summary>
    public static Task<ProgramAnswer> HelmAsync(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments) => RunAsync("helm", arguments, environment);

    public static Task<ProgramAnswer> KubectlAsync(params IEnumerable<string> arguments) => RunAsync("kubectl", arguments, null);

    private static async Task<ProgramAnswer> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(Find(program), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = RepositoryFolder.Root };
        // Nobody's own clusters, plugins and repositories come into it.
        foreach (var name in new[] { "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME" }) start.Environment[name] = Path.Combine(Home, name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        start.Environment["KUBECONFIG"] = Path.Combine(Home, "none");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within three minutes.");
        }
        return new ProgramAnswer(process.ExitCode, await output, await error);
    }

    private static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Append(Fetched).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{program} is neither on PATH nor in {Fetched}: deploy/dev/test fetches it.");
}
