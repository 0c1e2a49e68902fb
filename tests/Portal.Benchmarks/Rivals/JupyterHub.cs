using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Portal.EndToEnd.Tests.Fixtures;

namespace Portal.Benchmarks.Rivals;

/// <summary>The distribution's JupyterHub with its default proxy and its local spawner, to be measured beside the portal in the same run.</summary>
internal sealed class JupyterHub : IAsyncDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("portal-hub-").FullName;
    private readonly int _port = PortalProcess.FreePort(), _hubPort = PortalProcess.FreePort(), _proxyPort = PortalProcess.FreePort();
    private readonly HttpClient _client;
    private Process? _process;

    private JupyterHub()
    {
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), Timeout = TimeSpan.FromMinutes(2) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("token", Token);
    }

    public static bool IsInstalled => File.Exists("/usr/bin/jupyterhub") && File.Exists("/usr/bin/configurable-http-proxy");

    /// <summary>Where its proxy listens.</summary>
    public int Port => _port;

    public static async Task<JupyterHub> StartAsync()
    {
        var hub = new JupyterHub();
        await File.WriteAllTextAsync(Path.Combine(hub._folder, "config.py"), $$"""
            c.JupyterHub.bind_url = "http://127.0.0.1:{{hub._port}}"
            c.JupyterHub.hub_bind_url = "http://127.0.0.1:{{hub._hubPort}}"
            c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{{hub._proxyPort}}"
            c.ConfigurableHTTPProxy.auth_token = "{{Token}}"
            c.JupyterHub.authenticator_class = "dummy"
            c.JupyterHub.spawner_class = "simple"
            c.JupyterHub.log_level = "WARN"
            c.SimpleLocalProcessSpawner.home_dir_template = "{{hub._folder}}/{username}"
            c.Spawner.args = ["--allow-root"]
            c.JupyterHub.services = [{"name": "bench", "api_token": "{{Token}}"}]
            c.JupyterHub.load_roles = [{"name": "bench", "services": ["bench"], "scopes": ["admin:users", "admin:servers", "access:servers"]}]
            """);
        var start = new ProcessStartInfo("jupyterhub", ["-f", "config.py"]) { WorkingDirectory = hub._folder, RedirectStandardError = true, RedirectStandardOutput = true };
        // Its proxy's libraries lie where the distribution's Node looks; one from elsewhere must be told.
        start.Environment["NODE_PATH"] = "/usr/share/nodejs";
        hub._process = Process.Start(start)!;
        hub._process.OutputDataReceived += (_, _) => { };
        var words = new System.Text.StringBuilder();
        hub._process.ErrorDataReceived += (_, line) => words.AppendLine(line.Data);
        hub._process.BeginOutputReadLine();
        hub._process.BeginErrorReadLine();
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            if (hub._process.HasExited || limit.Elapsed > StartLimit)
            {
                await hub.DisposeAsync();
                throw new InvalidOperationException($"JupyterHub did not start:\n{words}");
            }
            try
            {
                if ((await hub._client.GetAsync("/hub/api/users")).IsSuccessStatusCode) return hub;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
    }

    /// <summary>Makes a person.</summary>
    public async Task AddAsync(string user) => (await _client.PostAsync($"/hub/api/users/{user}", null)).EnsureSuccessStatusCode();

    /// <summary>Starts the person's server and waits until it answers through the proxy. In seconds.</summary>
    public async Task<double> LaunchAsync(string user, TimeSpan pollEvery)
    {
        var watch = Stopwatch.StartNew();
        (await _client.PostAsync($"/hub/api/users/{user}/server", null)).EnsureSuccessStatusCode();
        while (true)
        {
            var seen = await _client.GetFromJsonAsync<JsonElement>($"/hub/api/users/{user}");
            if (seen.GetProperty("servers").TryGetProperty("", out var server) && server.GetProperty("ready").GetBoolean()) break;
            await Task.Delay(pollEvery);
        }
        while ((await _client.GetAsync($"/user/{user}/api")).StatusCode != HttpStatusCode.OK) await Task.Delay(pollEvery);
        return watch.Elapsed.TotalSeconds;
    }

    public async Task StopAsync(string user)
    {
        (await _client.DeleteAsync($"/hub/api/users/{user}/server")).EnsureSuccessStatusCode();
        while ((await _client.GetFromJsonAsync<JsonElement>($"/hub/api/users/{user}")).GetProperty("servers").TryGetProperty("", out _)) await Task.Delay(200);
    }

    /// <summary>Has its proxy pass a path on to a port of this machine.</summary>
    public async Task RouteAsync(string path, int port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{_proxyPort}/api/routes/{path}") { Content = JsonContent.Create(new { target = $"http://127.0.0.1:{port}" }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("token", Token);
        using var client = new HttpClient();
        (await client.SendAsync(request)).EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is { HasExited: false })
        {
            using var asked = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(15)));
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
