using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Data;

namespace Portal.Benchmarks.Benches;

/// <summary>Lists of the API over ten thousand workloads with their events and records.</summary>
internal static class ListBench
{
    private const int Workloads = 10_000, Warm = 10, Calls = 100;

    public static async Task RunAsync(Report report)
    {
        await using var portal = await PortalProcess.StartAsync(new Dictionary<string, string> { ["Limits__ApiCallsPerSecond"] = "10000", ["Limits__ApiBurst"] = "100000" });
        var model = await portal.Api.LaunchAsync(new { item = "python-training", hardware = "cpu-tiny", parameters = new { script = "print('done')" } });
        await portal.Api.WaitForAsync(model, "Succeeded");
        await ManyWorkloads.CopyAsync(portal.Database, model, Workloads, TimeSpan.FromDays(60), CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri($"{portal.Url}api/v1/"), Timeout = TimeSpan.FromMinutes(1) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", portal.AdminToken);
        foreach (var path in new[] { "workloads", "workloads?pageSize=200", "workloads?page=100&sort=name", "workloads?phase=Succeeded&sort=-createdAt", "workloads?q=copy-99", "workloads?owner=me&q=nothing-like-it", "costs?groupBy=team", "costs?groupBy=item&groupBy=day", "audit", "catalog/items", "me/notifications", "approvals", "me", "targets", "users", "teams", "grants", "limits", "budgets", "policies", "tokens", "hardware" })
        {
            if ((await client.GetAsync(path)) is { StatusCode: not HttpStatusCode.OK } refused) throw new InvalidOperationException($"{path}: {refused.StatusCode} {await refused.Content.ReadAsStringAsync()}");
            var took = new Samples();
            for (var call = -Warm; call < Calls; call++)
            {
                var watch = Stopwatch.StartNew();
                await client.GetByteArrayAsync(path);
                if (call >= 0) took.Add(watch.Elapsed.TotalMilliseconds);
            }
            report.Add(new Figure($"GET /{path}, p95 of {Workloads} workloads", took.At(0.95), "ms", $"median {took.Median:0.#}") { Aim = 50 });
        }
    }
}
