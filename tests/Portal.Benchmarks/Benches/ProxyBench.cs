using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Portal.Benchmarks.Rivals;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Hosting;

namespace Portal.Benchmarks.Benches;

/// <summary>Requests and WebSockets through the portal to programs of workloads, beside the same programs without it and behind JupyterHub's proxy.</summary>
internal static partial class ProxyBench
{
    private const int Connections = 32, Seconds = 8, Rounds = 3, RoundTrips = 2000;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(50);
    private static readonly string Programs = Path.Combine(RepositoryFolder.Root, "tests", "Portal.EndToEnd.Tests", "catalog", "monitoring", "files");

    public static async Task RunAsync(Report report)
    {
        await using var portal = await PortalProcess.StartAsync(withProbe: true);
        await using var hub = JupyterHub.IsInstalled ? await JupyterHub.StartAsync() : null;
        if (hub is null) report.Miss("JupyterHub's proxy: apt-get install jupyterhub");
        if (File.Exists("/usr/bin/wrk") && File.Exists("/usr/sbin/nginx")) await RequestsAsync(report, portal, hub);
        else report.Miss("requests through the proxy: apt-get install wrk nginx-light");
        await SocketsAsync(report, portal, hub);
    }

    private static async Task RequestsAsync(Report report, PortalProcess portal, JupyterHub? hub)
    {
        var id = await RunningAsync(portal, "answers");
        await using var alone = new BareProgram("python3", [Path.Combine(Programs, "answers.py")], new Dictionary<string, string> { ["PORTAL_BASE_PATH"] = "/" });
        await alone.WaitAsync("/ready", PollEvery);
        if (hub is not null) await hub.RouteAsync("answers", alone.Port);
        var cookie = await CookieAsync(portal, id);
        var (direct, ours, byToken, theirs) = (new Load(), new Load(), new Load(), new Load());
        for (var round = 0; round < Rounds; round++)
        {
            await LoadAsync(direct, alone.Port, "/1k");
            await LoadAsync(ours, portal.AppsPort, $"/w/{id}/1k", $"Host: {id}.localhost:{portal.AppsPort}", $"Cookie: {cookie}");
            await LoadAsync(byToken, portal.AppsPort, $"/w/{id}/1k", $"Authorization: Bearer {portal.AdminToken}");
            if (hub is not null) await LoadAsync(theirs, hub.Port, "/answers/1k");
        }
        var note = $"1 KB, {Connections} connections; direct {direct.Rate.Median:0} 1/s, p99 {direct.Late.Median:0.0} ms";
        report.Add(new Figure("proxy: requests a second, by cookie", ours.Rate.Median, "1/s", note) { Beside = hub is null ? null : theirs.Rate.Median, BesideName = "JupyterHub", Aim = 3, AimIsShare = true, AtLeast = true });
        report.Add(new Figure("proxy: p99 of these", ours.Late.Median, "ms") { Beside = hub is null ? null : theirs.Late.Median, BesideName = "JupyterHub", Aim = 1, AimIsShare = true });
        report.Add(new Figure("proxy: requests a second, by token", byToken.Rate.Median, "1/s", $"p99 {byToken.Late.Median:0.0} ms") { Beside = direct.Rate.Median, BesideName = "direct" });
    }

    private static async Task SocketsAsync(Report report, PortalProcess portal, JupyterHub? hub)
    {
        var id = await RunningAsync(portal, "probe");
        await using var alone = new BareProgram("python3", [Path.Combine(Programs, "probe.py")], new Dictionary<string, string> { ["PORTAL_BASE_PATH"] = "/", ["PORTAL_PROXY_TOKEN"] = "bench" });
        await alone.WaitAsync("/ready", PollEvery);
        // The program behind JupyterHub's proxy sees its path with the route before it.
        await using var routed = new BareProgram("python3", [Path.Combine(Programs, "probe.py")], new Dictionary<string, string> { ["PORTAL_BASE_PATH"] = "/probe/", ["PORTAL_PROXY_TOKEN"] = "bench" });
        await routed.WaitAsync("/probe/ready", PollEvery);
        if (hub is not null) await hub.RouteAsync("probe", routed.Port);
        var (direct, ours, theirs) = (new Samples(), new Samples(), new Samples());
        for (var round = 0; round < Rounds; round++)
        {
            await EchoAsync(direct, $"ws://127.0.0.1:{alone.Port}/socket", "bench");
            await EchoAsync(ours, $"ws://127.0.0.1:{portal.AppsPort}/w/{id}/socket", portal.AdminToken);
            if (hub is not null) await EchoAsync(theirs, $"ws://127.0.0.1:{hub.Port}/probe/socket", "bench");
        }
        report.Add(new Figure("WebSocket: round trip", ours.Median, "ms", $"{ours}; direct {direct.Median:0.00} ms") { Beside = hub is null ? null : theirs.Median, BesideName = "JupyterHub" });
    }

    private static async Task<Guid> RunningAsync(PortalProcess portal, string item)
    {
        var id = await portal.Api.LaunchAsync(new { item, hardware = "cpu-small", parameters = new { } });
        await portal.Api.WaitForAsync(id, "Running");
        return id;
    }

    /// <summary>The cookie with which a browser comes to an opened workload.</summary>
    private static async Task<string> CookieAsync(PortalProcess portal, Guid id)
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.SignInAsync(portal);
        await page.GotoAsync($"{portal.Url}open/{id}");
        var host = $"http://{id}.localhost:{portal.AppsPort}/";
        await page.WaitForURLAsync(url => url.StartsWith(host, StringComparison.Ordinal));
        return string.Join("; ", (await page.Context.CookiesAsync([$"{host}w/{id}/"])).Select(c => $"{c.Name}={c.Value}"));
    }

    private static async Task LoadAsync(Load load, int port, string path, params string[] headers)
    {
        List<string> arguments = ["-t1", $"-c{Connections}", $"-d{Seconds}s", "--latency", .. headers.SelectMany(h => new[] { "-H", h }), $"http://127.0.0.1:{port}{path}"];
        using var wrk = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
        var said = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        if (said.Contains("Non-2xx", StringComparison.Ordinal) || Rate().Match(said) is not { Success: true } rate || Late().Match(said) is not { Success: true } late) throw new InvalidOperationException($"wrk {path}:\n{said}");
        load.Rate.Add(Number(rate.Groups[1].Value));
        load.Late.Add(Number(late.Groups[1].Value) * late.Groups[2].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 });
    }

    private static async Task EchoAsync(Samples samples, string address, string token)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await socket.ConnectAsync(new Uri(address), CancellationToken.None);
        var (message, answer) = (new byte[100], new byte[200]);
        for (var trip = 0; trip < RoundTrips; trip++)
        {
            var watch = Stopwatch.StartNew();
            await socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None);
            var got = await socket.ReceiveAsync(answer, CancellationToken.None);
            if (got.Count != message.Length) throw new InvalidOperationException($"{address} answered {got.Count} bytes to {message.Length}.");
            if (trip >= 100) samples.Add(watch.Elapsed.TotalMilliseconds);
        }
        socket.Abort();
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Late();

    private sealed class Load
    {
        public Samples Rate { get; } = new();

        public Samples Late { get; } = new();
    }
}
