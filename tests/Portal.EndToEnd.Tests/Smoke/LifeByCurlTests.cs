using System.Diagnostics;
using AwesomeAssertions;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.EndToEnd.Tests.Smoke;

/// <summary>The API alone carries a workload from its estimate to its end: <c>life.sh</c>, which people may also run against a portal of theirs.</summary>
public sealed class LifeByCurlTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Life_ByCurlAlone_IsAsItShouldBe()
    {
        await using var portal = await PortalProcess.StartAsync();
        var (code, output) = await RunAsync(portal, portal.AdminToken);
        code.Should().Be(0, $"it said:\n{output}\nand the portal:\n{portal.Output}");
        output.Should().Contain("as it should be");

        (code, output) = await RunAsync(portal, "ptl_wrong");
        code.Should().NotBe(0, "a wrong answer is loud");
        output.Should().Contain("POST /estimates answered 401, not 200");
    }

    private static async Task<(int Code, string Output)> RunAsync(PortalProcess portal, string token)
    {
        var script = Path.Combine(RepositoryFolder.Root, "tests", "Portal.EndToEnd.Tests", "Smoke", "life.sh");
        var start = new ProcessStartInfo("bash", [script]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["PORTAL_URL"] = $"http://127.0.0.1:{portal.Port}";
        start.Environment["PORTAL_TOKEN"] = token;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"life.sh did not end within {Limit}.\n{portal.Output}");
        }
        return (process.ExitCode, await output + await error);
    }
}
