using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Hosting;
using Portal.Testing.Notifications;
using Portal.Testing.Postgres;
using Xunit;

namespace Portal.EndToEnd.Tests.Monitoring;

/// <summary>What an operator sees of a portal that is used: metrics, traces, logs that can be searched by workload; and the dashboard and alerts that read them.</summary>
public sealed partial class MonitoringTests : IAsyncLifetime
{
    private static readonly string Folder = Path.Combine(RepositoryFolder.Root, "deploy", "monitoring");
    private WebhookReceiver _collector = null!;
    private PortalProcess _portal = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _collector = await WebhookReceiver.StartAsync();
        _portal = await PortalProcess.StartAsync(new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Url, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000", ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
            ["Logging__Console__FormatterName"] = "json",
        }, withProbe: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _portal.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task Portal_InUse_IsSeenInMetricsTracesAndLogs()
    {
        await using var chromium = await Chromium.StartAsync();
        await chromium.SignInAsync(_portal);
        var id = await _portal.Api.LaunchAsync(new { item = "probe", name = "measured", hardware = "cpu-tiny" });
        await _portal.Api.WaitForAsync(id, "Running");
        var failed = await _portal.Api.LaunchAsync(new { item = "python-training", name = "failing", hardware = "cpu-tiny", parameters = new { script = "raise SystemExit(3)" } });
        await _portal.Api.WaitForAsync(failed, "Failed");
        var (before, sent) = (await FiguresAsync(), 5000);
        await EchoAsync(id, new string('x', sent));

        var figures = await FiguresAsync();
        var launch = figures.Where(f => f.Name == "portal_launch_duration_seconds_count" && f.Labels.Contains("target=\"local\"", StringComparison.Ordinal)).Sum(f => f.Value);
        launch.Should().BeGreaterThanOrEqualTo(1);
        figures.Where(f => f.Name == "portal_phase_duration_seconds_count").Select(f => Regex.Match(f.Labels, "phase=\"(\\w+)\"").Groups[1].Value).Should().Contain(["Queued", "Placing", "Starting"]);
        Sum(figures, "portal_reconcile_lag_seconds_count").Should().BePositive();
        Sum(figures, "portal_reconcile_duration_seconds_count").Should().BePositive();
        Sum(figures, "aspnetcore_components_circuit_connected").Should().Be(1, "one page is open");
        foreach (var direction in new[] { "in", "out" })
            (Sum(figures, "portal_proxy_bytes_total", $"direction=\"{direction}\"") - Sum(before, "portal_proxy_bytes_total", $"direction=\"{direction}\"")).Should().BeGreaterThanOrEqualTo(sent, "what goes through a WebSocket counts");
        Sum(figures, "portal_proxy_requests_total").Should().BeGreaterThan(Sum(before, "portal_proxy_requests_total"));
        Sum(figures, "portal_target_healthy").Should().Be(1);
        Names("portal-alerts.yaml").Concat(Names("portal-dashboard.json")).Distinct().Except(figures.Select(f => f.Name)).Should().BeEmpty("alerts and dashboard read what there is");

        Scoped(id).Should().Contain(line => line.Contains("\"AllocationId\":", StringComparison.Ordinal), "lines about a workload carry it and its allocation");
        foreach (var (path, word) in new[] { ("/v1/traces", "reconcile"), ("/v1/metrics", "portal.launch.duration"), ("/v1/logs", "WorkloadId") })
            await UntilAsync(() => _collector.Calls.Any(c => c.Path == path && c.Body.Contains(word, StringComparison.Ordinal)), $"{word} at {path}");
        _collector.Calls.Should().NotContain(c => c.Body.Contains(_portal.AdminToken, StringComparison.Ordinal), "no secret is told to a collector");

        await _portal.Postgres.StopAsync(PostgresStop.Immediate);
        (await FiguresAsync()).Where(f => f.Name.StartsWith("portal_database", StringComparison.Ordinal) || f.Name == "portal_workloads").Should().ContainSingle().Which.Value.Should().Be(0, "an operator sees that the database is away, and nothing that is not known");
        await _portal.Postgres.StartAsync();
        await _portal.WaitUntilReadyAsync();
        Sum(await FiguresAsync(), "portal_database_up").Should().Be(1);
    }

    [Fact]
    public async Task Rules_InPromtool_AreValidAndFireWhenTheyShould()
    {
        foreach (var (command, file) in new[] { ("check", "portal-alerts.yaml"), ("test", "portal-alerts-tests.yaml") })
        {
            using var promtool = Process.Start(new ProcessStartInfo("promtool", [command, "rules", file]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var words = promtool.StandardOutput.ReadToEndAsync(Ct);
            var errors = await promtool.StandardError.ReadToEndAsync(Ct);
            await promtool.WaitForExitAsync(Ct);
            promtool.ExitCode.Should().Be(0, await words + errors);
        }
        var rules = await File.ReadAllTextAsync(Path.Combine(Folder, "portal-alerts.yaml"), Ct);
        Regex.Count(rules, "^ +action: .{30,}", RegexOptions.Multiline).Should().Be(Regex.Count(rules, "- alert:"), "each alert says what to do");
    }

    private async Task<IReadOnlyList<(string Name, string Labels, double Value)>> FiguresAsync()
    {
        // The exporter answers from memory for less than a second.
        await Task.Delay(1000, Ct);
        // Asked as Prometheus asks.
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip });
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");
        using var answer = await client.GetAsync($"http://127.0.0.1:{_portal.Port}/metrics", Ct);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("text/plain");
        var text = await answer.Content.ReadAsStringAsync(Ct);
        return [.. Sample().Matches(text).Select(m => (m.Groups[1].Value, m.Groups[2].Value, double.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture)))];
    }

    private static double Sum(IReadOnlyList<(string Name, string Labels, double Value)> figures, string name, string label = "") => figures.Where(f => f.Name == name && f.Labels.Contains(label, StringComparison.Ordinal)).Sum(f => f.Value);

    /// <summary>Names of metrics that a file's expressions read.</summary>
    private static IEnumerable<string> Names(string file) => Metric().Matches(File.ReadAllText(Path.Combine(Folder, file))).Select(m => m.Value);

    private IEnumerable<string> Scoped(Guid id) => _portal.Output.Split('\n').Where(line => line.Contains($"\"WorkloadId\":\"{id}\"", StringComparison.Ordinal) && JsonDocument.Parse(line).RootElement.TryGetProperty("Scopes", out _));

    private async Task EchoAsync(Guid id, string text)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {_portal.AdminToken}");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_portal.AppsPort}/w/{id}/socket"), Ct);
        for (var rest = text; rest.Length > 0; rest = rest[Math.Min(100, rest.Length)..])
        {
            await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(rest[..Math.Min(100, rest.Length)]), WebSocketMessageType.Text, true, Ct);
            (await socket.ReceiveAsync(new byte[128], Ct)).Count.Should().BePositive();
        }
        socket.Abort();
    }

    private static async Task UntilAsync(Func<bool> there, string what)
    {
        for (var i = 0; i < 150 && !there(); i++) await Task.Delay(100, Ct);
        there().Should().BeTrue(what);
    }

    [GeneratedRegex(@"^([a-z_]+)(\{.*\})? (\S+)(?: \d+)?$", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"\b(portal|http_server|aspnetcore|dotnet)_[a-z_]+\b")]
    private static partial Regex Metric();
}
