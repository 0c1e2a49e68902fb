using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Portal.Benchmarks.Rivals;
using Portal.EndToEnd.Tests.Fixtures;

namespace Portal.Benchmarks.Benches;

/// <summary>From the click to a notebook that answers through the proxy, one by one and many at once; from the click to the end of a run that does nothing.</summary>
internal static class NotebookBench
{
    private const int OneByOne = 9, AtOnce = 20;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync(Report report)
    {
        await using var portal = await PortalProcess.StartAsync(new Dictionary<string, string> { ["Local__CpuOvercommit"] = "64", ["Local__MemoryOvercommit"] = "64", ["Limits__ApiCallsPerSecond"] = "10000", ["Limits__ApiBurst"] = "100000" });
        await using var hub = JupyterHub.IsInstalled ? await JupyterHub.StartAsync() : null;
        if (hub is null) report.Miss("JupyterHub: apt-get install jupyterhub");
        var (ours, theirs, bare, runs) = (new Samples(), new Samples(), new Samples(), new Samples());
        // In turns, so that whatever else the machine does falls on all. The first of each pays for what is read and compiled once.
        for (var round = 0; round <= OneByOne; round++)
        {
            var (id, took) = await LaunchAsync(portal);
            await StopAsync(portal, [id]);
            var other = hub is null ? double.NaN : await LaunchAsync(hub, $"one{round}");
            var alone = await BareAsync();
            var run = await RunOnceAsync(portal);
            if (round == 0) continue;
            ours.Add(took);
            theirs.Add(other);
            bare.Add(alone);
            runs.Add(run);
        }
        report.Add(new Figure("notebook: launch to ready, one by one", ours.Median, "s", $"{ours}; a bare Jupyter {bare.Median:0.00} s") { Beside = hub is null ? null : theirs.Median, BesideName = "JupyterHub", Aim = 0.8, AimIsShare = true });
        report.Add(new Figure("run that does nothing: launch to exit", runs.Median, "s", runs.ToString()));
        await BurstAsync(report, portal, hub);
        await PickUpAsync(report, portal);
    }

    private static async Task BurstAsync(Report report, PortalProcess portal, JupyterHub? hub)
    {
        var (ours, theirs) = (new Samples(), new Samples());
        for (var round = 0; round < 3; round++)
        {
            var watch = Stopwatch.StartNew();
            var launched = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => LaunchAsync(portal)));
            ours.Add(watch.Elapsed.TotalSeconds);
            await StopAsync(portal, [.. launched.Select(l => l.Id)]);
            if (hub is null) continue;
            var users = Enumerable.Range(0, AtOnce).Select(n => $"many{round}-{n}").ToList();
            foreach (var user in users) await hub.AddAsync(user);
            watch.Restart();
            await Task.WhenAll(users.Select(u => hub.LaunchAsync(u, PollEvery)));
            theirs.Add(watch.Elapsed.TotalSeconds);
            foreach (var user in users) await hub.StopAsync(user);
        }
        report.Add(new Figure($"notebook: {AtOnce} at once, to the last", ours.Median, "s", ours.ToString()) { Beside = hub is null ? null : theirs.Median, BesideName = "JupyterHub", Aim = 0.65, AimIsShare = true });
    }

    /// <summary>What the portal itself measured of the launches above.</summary>
    private static async Task PickUpAsync(Report report, PortalProcess portal)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", portal.AdminToken);
        var lines = (await client.GetStringAsync($"{portal.Url}metrics")).Split('\n').Where(l => l.StartsWith("portal_reconcile_lag_seconds", StringComparison.Ordinal)).ToList();
        double Last(string line) => double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        var count = Last(lines.Single(l => l.StartsWith("portal_reconcile_lag_seconds_count", StringComparison.Ordinal)));
        var sum = Last(lines.Single(l => l.StartsWith("portal_reconcile_lag_seconds_sum", StringComparison.Ordinal)));
        var bound = lines.Where(l => l.Contains("_bucket{", StringComparison.Ordinal)).First(l => Last(l) >= 0.95 * count).Split("le=\"")[1].Split('"')[0];
        report.Add(new Figure("Hangfire: from asked to begun, mean", sum / count * 1000, "ms", $"n={count:0}, 95 % within {bound} s; of all looks above, bursts included"));
    }

    private static async Task<(Guid Id, double Seconds)> LaunchAsync(PortalProcess portal)
    {
        var watch = Stopwatch.StartNew();
        var id = await portal.Api.LaunchAsync(new { item = "jupyter-notebook", hardware = "cpu-tiny", parameters = new { } });
        while (await portal.Api.PhaseAsync(id) is var phase && phase != "Running")
        {
            if (phase is "Failed") throw new InvalidOperationException($"The notebook failed.\n{portal.Output}");
            await Task.Delay(PollEvery);
        }
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", portal.AdminToken);
        while ((await client.GetAsync($"http://127.0.0.1:{portal.AppsPort}/w/{id}/api")).StatusCode != HttpStatusCode.OK) await Task.Delay(PollEvery);
        return (id, watch.Elapsed.TotalSeconds);
    }

    private static async Task StopAsync(PortalProcess portal, IReadOnlyList<Guid> ids)
    {
        foreach (var id in ids) await portal.Api.PostAsync($"/workloads/{id}/stop");
        foreach (var id in ids) await portal.Api.WaitForAsync(id, "Stopped");
    }

    private static async Task<double> LaunchAsync(JupyterHub hub, string user)
    {
        await hub.AddAsync(user);
        var took = await hub.LaunchAsync(user, PollEvery);
        await hub.StopAsync(user);
        return took;
    }

    private static async Task<double> BareAsync()
    {
        var watch = Stopwatch.StartNew();
        await using var jupyter = new BareProgram("jupyter-notebook", ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=PORT", "--port-retries=0"]);
        await jupyter.WaitAsync("/api", PollEvery);
        return watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> RunOnceAsync(PortalProcess portal)
    {
        var watch = Stopwatch.StartNew();
        var id = await portal.Api.LaunchAsync(new { item = "python-training", hardware = "cpu-tiny", parameters = new { script = "pass" } });
        while (await portal.Api.PhaseAsync(id) is var phase && phase != "Succeeded")
        {
            if (phase is "Failed") throw new InvalidOperationException($"The run failed.\n{portal.Output}");
            await Task.Delay(PollEvery);
        }
        return watch.Elapsed.TotalSeconds;
    }
}
