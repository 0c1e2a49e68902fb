using System.Diagnostics;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Hosting;

namespace Portal.Benchmarks.Benches;

/// <summary>How long <c>deploy/dev/up</c> takes in a fresh clone, and when it was there before.</summary>
internal static class UpBench
{
    private const int Warm = 3;

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("portal-up-").FullName;
        var clone = Path.Combine(folder, "clone");
        try
        {
            await RunAsync(folder, "git", "clone", "--quiet", RepositoryFolder.Root, clone);
            report.Add(new Figure("up in a fresh clone, build included", await RunAsync(clone, "deploy/dev/up", "--detach"), "s", "packages of the system and of NuGet are there"));
            var warm = new Samples();
            for (var round = 0; round < Warm; round++)
            {
                await RunAsync(clone, "deploy/dev/down");
                warm.Add(await RunAsync(clone, "deploy/dev/up", "--detach"));
            }
            report.Add(new Figure("up again", warm.Median, "s", warm.ToString()));
        }
        finally
        {
            if (Directory.Exists(clone)) await RunAsync(clone, "deploy/dev/down");
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> RunAsync(string folder, string program, params string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        var start = new ProcessStartInfo(program.Contains('/', StringComparison.Ordinal) ? Path.Combine(folder, program) : program, arguments) { WorkingDirectory = folder };
        (start.Environment["PORTAL_PORT"], start.Environment["PORTAL_APPS_PORT"]) = (Ports.Portal, Ports.Apps);
        start.Environment["PORTAL_DATA"] = Path.Combine(Path.GetDirectoryName(folder)!, "data");
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }

    private static class Ports
    {
        public static readonly string Portal = $"{PortalProcess.FreePort()}", Apps = $"{PortalProcess.FreePort()}";
    }
}
