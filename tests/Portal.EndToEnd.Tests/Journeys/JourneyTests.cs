using System.Globalization;
using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>What people come for, from the first click on, in a real browser with the real programs.</summary>
public sealed class JourneyTests(PortalAndBrowser fixture) : IClassFixture<PortalAndBrowser>
{
    // Falls by a rule anybody can check, checkpoints every step, resumes where it was.
    private const string Falling = """
        import json, os, signal, sys, time
        path = os.path.join(os.environ["PORTAL_CHECKPOINT_DIR"], "state.json")
        step = json.load(open(path))["step"] if os.path.exists(path) else 0
        print("starting at step", step, flush=True)
        while step < 60:
            step += 1
            print("::metric loss=%.6f step=%d" % (1.0 / step, step), flush=True)
            with open(path + ".new", "w") as f: json.dump({"step": step}, f)
            os.replace(path + ".new", path)
            time.sleep(0.25)
        open(os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], "model.txt"), "w").write("done at %d" % step)
        print("finished", flush=True)
        """;

    private readonly PortalProcess _portal = fixture.Portal;
    private readonly Chromium _chromium = fixture.Chromium;

    [Fact]
    public async Task Notebook_LaunchedFromCatalog_RunsCellAndTerminalAndComesBackAfterStop()
    {
        var page = await _chromium.SignInAsync(_portal);
        await page.ClickAsync("nav >> text=Catalog");
        await page.ClickAsync("main >> text=Jupyter Notebook");
        await page.ClickAsync("main >> a:has-text('Launch')");
        await page.FillAsync("#launch-name", "first-notebook");
        await page.ClickAsync("button:has-text('Launch for $')");
        await page.WaitForURLAsync("**/workloads/*");
        await page.WaitForSelectorAsync("[data-phase=Running]");
        var id = Guid.Parse(page.Url.Split('/')[^1]);

        var notebook = await OpenAsync(page);
        notebook.Url.Should().StartWith($"http://{id}.localhost:{_portal.AppsPort}/w/{id}/");
        await RunCellAsync(notebook);
        await UseTerminalAsync(notebook, id);

        await page.BringToFrontAsync();
        await page.ClickAsync("button:has-text('Stop')");
        await page.ClickAsync("[role=dialog] button:has-text('Stop')");
        await page.WaitForSelectorAsync("[data-phase=Stopped]");
        WorkloadProcesses.Of(id, _portal.Folder).Should().BeEmpty("kernel and terminal went with it");

        await notebook.GotoAsync($"http://{id}.localhost:{_portal.AppsPort}/w/{id}/tree");
        await notebook.ClickAsync("button:has-text('Start')");
        await notebook.WaitForURLAsync($"http://{id}.localhost:{_portal.AppsPort}/w/{id}/**");
        await notebook.WaitForSelectorAsync("text=Untitled.ipynb");
        (await _portal.Api.GetAsync($"/workloads/{id}/usage")).Body.GetProperty("total").GetDecimal().Should().BePositive();
    }

    [Fact]
    public async Task TrainingRun_KilledHalfWay_ResumesFromCheckpointWithLossFallingLive()
    {
        var page = await _chromium.SignInAsync(_portal);
        await page.GotoAsync($"{_portal.Url}launch/python-training");
        await page.FillAsync("#launch-name", "falling");
        await page.Locator("main textarea").First.FillAsync(Falling);
        await page.ClickAsync("button:has-text('Launch for $')");
        await page.WaitForURLAsync("**/workloads/*");
        var id = Guid.Parse(page.Url.Split('/')[^1]);
        await page.WaitForSelectorAsync("[data-phase=Running]");
        await page.ClickAsync("nav >> text=Metrics");
        var first = await LossAsync(page, 0);
        var later = await LossAsync(page, first.Step + 4);
        later.Loss.Should().BeLessThan(first.Loss, "the curve falls without a reload");

        foreach (var pid in WorkloadProcesses.Of(id, _portal.Folder)) WorkloadProcesses.Kill(pid);

        await _portal.Api.WaitForAsync(id, "Succeeded");
        var (_, allocations) = await _portal.Api.GetAsync($"/workloads/{id}/allocations");
        allocations.GetProperty("items").GetArrayLength().Should().Be(2);
        var points = (await _portal.Api.GetAsync($"/workloads/{id}/metrics")).Body.GetProperty("series").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "loss").GetProperty("points").EnumerateArray().ToList();
        points.Select(p => p.GetProperty("step").GetInt64()).Should().Equal(Enumerable.Range(1, 60).Select(n => (long)n));
        points.Count(p => p.GetProperty("attempt").GetInt32() == 1).Should().BeGreaterThan(3, "what the first attempt did was not repeated");
        (await _portal.Api.LogsAsync(id)).Should().NotContain("starting at step 0\n").And.Contain("finished");
        await page.ClickAsync("nav >> text=Artifacts");
        await page.WaitForSelectorAsync("text=model.txt");
        var download = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("a[aria-label='Download model.txt']"));
        (await File.ReadAllTextAsync(await download.PathAsync())).Should().Be("done at 60");
    }

    private Task<Guid> LaunchAsync(string name, string script) =>
        _portal.Api.LaunchAsync(new { item = "python-training", name, hardware = "cpu-tiny", parameters = new { script } });

    private static async Task<IPage> OpenAsync(IPage page)
    {
        var opened = await page.Context.RunAndWaitForPageAsync(() => page.ClickAsync("a:has-text('Open')"));
        await opened.WaitForSelectorAsync("#new-dropdown-button, #new-buttons");
        return opened;
    }

    private static async Task RunCellAsync(IPage tree)
    {
        await tree.ClickAsync("#new-dropdown-button");
        var notebook = await tree.Context.RunAndWaitForPageAsync(() => tree.ClickAsync("#kernel-python3 a"));
        await notebook.WaitForSelectorAsync(".CodeMirror");
        await notebook.WaitForFunctionAsync("() => window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");
        await notebook.ClickAsync(".CodeMirror");
        await notebook.Keyboard.TypeAsync("6 * 7 * 1000 + 1");
        await notebook.Keyboard.PressAsync("Shift+Enter");
        await notebook.WaitForSelectorAsync(".output_area >> text=42001");
        await notebook.EvaluateAsync("() => Jupyter.notebook.save_notebook()");
        await Chromium.PictureAsync(notebook, "jupyter-cell");
    }

    private static async Task UseTerminalAsync(IPage tree, Guid id)
    {
        await tree.BringToFrontAsync();
        await tree.ClickAsync("#new-dropdown-button");
        var terminal = await tree.Context.RunAndWaitForPageAsync(() => tree.ClickAsync("#new-terminal a"));
        await terminal.WaitForSelectorAsync(".xterm, .terminal");
        await terminal.WaitForTimeoutAsync(1500);
        await terminal.ClickAsync(".xterm-screen, .terminal");
        await terminal.Keyboard.TypeAsync("echo sum-$((40+2)) id-$PORTAL_WORKLOAD_ID > from-terminal.txt; sleep 3000 &\n");
        await terminal.WaitForTimeoutAsync(1500);
        var text = await terminal.EvaluateAsync<string>($"() => fetch('/w/{id}/files/from-terminal.txt').then(r => r.text())");
        text.Trim().Should().Be($"sum-42 id-{id}");
        await Chromium.PictureAsync(terminal, "jupyter-terminal");
    }

    /// <summary>The newest loss the page shows, once its step has passed a number.</summary>
    private static async Task<(double Loss, long Step)> LossAsync(IPage page, long after)
    {
        for (var i = 0; i < 300; i++)
        {
            var facts = await page.EvaluateAsync<string[][]>("() => [...document.querySelectorAll('dl.pairs > div')].map(d => [d.querySelector('dt').innerText, d.querySelector('dd').innerText])");
            var loss = facts.FirstOrDefault(f => f[0] == "loss")?[1];
            var step = facts.FirstOrDefault(f => f[0] == "Step")?[1];
            if (loss is not null && step is not null && long.Parse(step, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) is var n && n > after)
                return (double.Parse(loss, CultureInfo.InvariantCulture), n);
            await page.WaitForTimeoutAsync(100);
        }
        throw new TimeoutException($"No loss after step {after} appeared on the page.");
    }
}
