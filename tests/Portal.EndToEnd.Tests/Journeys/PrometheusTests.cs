using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AwesomeAssertions;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>The distribution's Prometheus, launched from the catalog, scrapes the portal and what its owner may open.</summary>
public sealed class PrometheusTests : IAsyncLifetime
{
    private PortalProcess _portal = null!;

    public async ValueTask InitializeAsync() => _portal = await PortalProcess.StartAsync();

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task Prometheus_WithAToken_ScrapesThePortalAndTheTeamsEndpoints()
    {
        var run = await _portal.Api.LaunchAsync(new { item = "tiny-lm-training", hardware = "cpu-small", parameters = new { steps = 10 } });
        await _portal.Api.WaitForAsync(run, "Succeeded");
        var endpoint = await _portal.Api.LaunchAsync(new { item = "tiny-lm-endpoint", name = "scraped", hardware = "cpu-tiny", parameters = new { run } });
        var prometheus = await _portal.Api.LaunchAsync(new { item = "prometheus", hardware = "cpu-small", parameters = new { token = _portal.AdminToken, interval = "PT5S" } });
        await _portal.Api.WaitForAsync(endpoint, "Running");
        await _portal.Api.WaitForAsync(prometheus, "Running");

        (await ValueAsync(prometheus, "sum(portal_workloads{phase=\"Running\"})")).Should().BeGreaterThanOrEqualTo(1);
        (await ValueAsync(prometheus, "portal_launch_ready_seconds{item=\"tiny-lm-endpoint\",quantile=\"0.5\"}")).Should().BePositive();
        (await ValueAsync(prometheus, "tiny_lm_context_window_tokens{workload=\"scraped\"}")).Should().Be(12, "found through the portal, scraped through its proxy");
        using var stranger = new HttpClient();
        (await stranger.GetAsync($"http://127.0.0.1:{_portal.PortOf(prometheus)}/w/{prometheus}/-/ready")).StatusCode.Should().Be(HttpStatusCode.Unauthorized, "other programs of the host do not have its credential");
        var secret = await File.ReadAllTextAsync(Path.Combine(_portal.WorkloadsFolder, prometheus.ToString(), "work", "prometheus.yml"));
        secret.Should().NotContain(_portal.AdminToken, "the configuration is shown on Prometheus' own page");
    }

    private async Task<double> ValueAsync(Guid prometheus, string query)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _portal.AdminToken);
        var answer = "";
        for (var i = 0; i < 120; i++)
        {
            answer = await client.GetStringAsync($"http://127.0.0.1:{_portal.AppsPort}/w/{prometheus}/api/v1/query?query={Uri.EscapeDataString(query)}");
            var result = JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("data").GetProperty("result");
            if (result.GetArrayLength() > 0) return double.Parse(result[0].GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture);
            await Task.Delay(500);
        }
        throw new TimeoutException($"Prometheus never had {query}: {answer}\n{await _portal.Api.LogsAsync(prometheus)}");
    }
}
