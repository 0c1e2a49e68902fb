using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;

namespace Portal.Benchmarks.Benches;

/// <summary>From a change of phase to the words on an open page; the memory of the process without and with open pages.</summary>
internal static class PageBench
{
    private const int Changes = 20, Pages = 20;
    private const string Stays = "import time, signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\ntime.sleep(3600)\n";

    public static async Task RunAsync(Report report)
    {
        await using var portal = await PortalProcess.StartAsync();
        await Task.Delay(TimeSpan.FromSeconds(45));
        report.Add(new Figure("memory of an idle portal", portal.MemoryMib, "MiB", "45 s after its start") { Aim = 250 });

        var id = await portal.Api.LaunchAsync(new { item = "python-training", name = "watched", hardware = "cpu-tiny", parameters = new { script = Stays } });
        await portal.Api.WaitForAsync(id, "Running");
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.SignInAsync(portal);
        await page.GotoAsync($"{portal.Url}workloads/{id}");
        await page.Locator("main").GetByText("Running", new() { Exact = true }).First.WaitForAsync();
        var shown = new Samples();
        for (var change = 0; change < Changes; change++)
        {
            shown.Add(await ChangeAsync(portal, page, id, "stop", "Stopped"));
            shown.Add(await ChangeAsync(portal, page, id, "start", "Running"));
        }
        report.Add(new Figure("from a change of phase to the page", shown.Median, "ms", shown.ToString()) { Aim = 300 });

        var before = portal.MemoryMib;
        for (var number = 0; number < Pages; number++)
        {
            var another = await page.Context.NewPageAsync();
            await another.GotoAsync($"{portal.Url}workloads");
            await another.GetByText("watched").First.WaitForAsync();
        }
        await Task.Delay(TimeSpan.FromSeconds(10));
        report.Add(new Figure("memory of an open page", (portal.MemoryMib - before) / Pages, "MiB", $"{Pages} pages of workloads; {portal.MemoryMib:0} MiB with them"));
    }

    /// <summary>Has the portal change the phase, and compares the instant in the timeline with the one at which the page's words change. Both clocks are this machine's.</summary>
    private static async Task<double> ChangeAsync(PortalProcess portal, IPage page, Guid id, string wish, string phase)
    {
        var seen = page.EvaluateAsync<double>("""
            phase => new Promise(resolve => {
                const look = () => [...document.querySelectorAll('main h1 ~ *, main header *, main *')].some(e => e.childElementCount === 0 && e.textContent.trim() === phase && e.closest('.timeline') === null) && (observer.disconnect(), resolve(Date.now()));
                const observer = new MutationObserver(look);
                observer.observe(document.body, { subtree: true, childList: true, characterData: true });
            })
            """, phase);
        // At another moment of whatever has a rhythm.
        await Task.Delay(500 + Random.Shared.Next(500));
        await portal.Api.PostAsync($"/workloads/{id}/{wish}");
        var at = await seen.WaitAsync(TimeSpan.FromSeconds(60));
        var changed = (await portal.Database.QueryAsync<double>($"select (extract(epoch from max(at)) * 1000)::float8 as \"Value\" from workload_events where workload_id = '{id}' and \"to\" = '{phase}' and \"from\" <> \"to\""))[0];
        return at - changed;
    }
}
