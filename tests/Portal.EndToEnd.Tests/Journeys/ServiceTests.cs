using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using AwesomeAssertions;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>Platform tools launch when their program is on the host, and say what is missing when it is not.</summary>
public sealed class ServiceTests : IAsyncLifetime
{
    private static readonly string[] Tools = ["mlflow", "lakefs", "prefect", "milvus"];
    private readonly string _programs = Directory.CreateTempSubdirectory("portal-programs").FullName;
    private PortalProcess _portal = null!;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_programs, (UnixFileMode)0b111_101_101);
        _portal = await PortalProcess.StartAsync(new Dictionary<string, string> { ["Local__ProgramFolders"] = _programs });
    }

    public async ValueTask DisposeAsync()
    {
        await _portal.DisposeAsync();
        Directory.Delete(_programs, recursive: true);
    }

    [Fact]
    public async Task Tools_MissingThenInstalled_SayWhatIsMissingThenReallyRun()
    {
        foreach (var tool in Tools)
        {
            var (status, problem) = await LaunchAsync(tool);
            status.Should().Be(HttpStatusCode.ServiceUnavailable);
            problem.Should().Contain($"{tool} is not installed on this host").And.Contain(_programs);
        }

        foreach (var tool in Tools) Install(tool);
        foreach (var tool in Tools)
        {
            var (status, answer) = await LaunchAsync(tool);
            status.Should().Be(HttpStatusCode.Created, answer);
            var id = Guid.Parse(System.Text.Json.JsonDocument.Parse(answer).RootElement.GetProperty("id").GetString()!);
            await _portal.Api.WaitForAsync(id, "Running");
            (await GetAsync($"http://127.0.0.1:{_portal.AppsPort}/w/{id}/")).Should().Be($"front page of {tool}", "below its path, for scripts");
            (await GetAsync($"http://127.0.0.1:{_portal.AppsPort}/static/app.js", $"{id}.localhost:{_portal.AppsPort}")).Should().Be($"script of {tool}", "from the root of its own host, for its pages");
            var direct = async () => await new TcpClient().ConnectAsync(IPAddress.Loopback, _portal.PortOf(id));
            await direct.Should().ThrowAsync<SocketException>("it asks nobody who he is, so only the portal reaches it");
            await _portal.Api.SendAsync(HttpMethod.Delete, $"/workloads/{id}", null);
        }
    }

    private async Task<(HttpStatusCode Status, string Answer)> LaunchAsync(string tool)
    {
        object parameters = tool == "lakefs" ? new { encryptionKey = "a key of some length" } : new { };
        var (status, body) = await _portal.Api.PostAsync("/workloads", new { item = tool, hardware = tool == "milvus" ? "cpu-medium" : "cpu-tiny", parameters });
        return (status, body.ToString());
    }

    private void Install(string tool)
    {
        var path = Path.Combine(_programs, tool);
        File.Copy(Path.Combine(RepositoryFolder.Root, "tests", "Portal.EndToEnd.Tests", "programs", "stand_in.py"), path);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private async Task<string> GetAsync(string url, string? host = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _portal.AdminToken);
        if (host is not null) request.Headers.Host = host;
        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
