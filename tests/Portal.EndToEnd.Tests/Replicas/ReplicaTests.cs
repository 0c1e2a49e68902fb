using System.Diagnostics;
using System.Net;
using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Data;
using Xunit;

namespace Portal.EndToEnd.Tests.Replicas;

/// <summary>Two portal processes on one database, behind a balancer that knows no stickiness: nothing happens twice, and the death of one is a moment's pause.</summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private const string Sleeper = "import time, signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint('up', flush=True)\ntime.sleep(3600)\n";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly RoundRobin _door = new();
    private Dictionary<string, string> _settings = [];
    private PortalProcess _first = null!, _second = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _settings = new() { ["Portal__Url"] = $"http://localhost:{_door.Port}", ["Local__CpuOvercommit"] = "32" };
        _first = await PortalProcess.StartAsync(_settings);
        _second = await _first.BesideAsync(_settings);
        _door.To(_first.Port, _second.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _door.DisposeAsync();
    }

    [Fact]
    public async Task Pages_OnBoth_AreLive_AndComeBackWhenTheirProcessDies()
    {
        var id = await LaunchAsync(_first, "seen-on-both");
        await using var chromium = await Chromium.StartAsync();
        var page = await SignInAsync(chromium);
        await page.GotoAsync($"{Door}workloads/{id}");
        await SeesAsync(page, "Running");
        var holder = Holder();
        var other = await page.Context.NewPageAsync();
        for (var i = 0; i < 10; i++)
        {
            await other.GotoAsync($"{Door}workloads/{id}");
            await SeesAsync(other, "Running");
            if (Holder() != holder) break;
        }
        Holder().Should().NotBe(holder, "the balancer gives every connection to the next");

        await KillAsync(holder);
        var dead = Stopwatch.StartNew();
        await page.WaitForFunctionAsync("() => performance.getEntriesByType('navigation')[0].type === 'reload'", null, new() { Timeout = 60_000 });
        await SeesAsync(page, "Running");
        dead.Elapsed.Should().BeLessThan(Soon, "a page whose process died finds the other by itself");
        page.Url.Should().Be($"{Door}workloads/{id}", "the session is known to both, and the address is kept");
        TestContext.Current.TestOutputHelper?.WriteLine($"A page was back {dead.Elapsed.TotalSeconds:0.0} s after its process died");

        (await Living().Api.PostAsync($"/workloads/{id}/stop")).Status.Should().Be(HttpStatusCode.Accepted);
        await SeesAsync(page, "Stopped");
        await SeesAsync(other, "Stopped");
    }

    [Fact]
    public async Task Process_KilledWhileItWorks_IsReplacedWithinSeconds()
    {
        var observer = await ObserverAsync();
        List<Guid> ids = [];
        for (var i = 0; i < 8; i++) ids.Add(await LaunchAsync(i % 2 == 0 ? _first : _second, $"many-{i}"));
        for (var i = 0; i < 100 && await LeasesAsync() == 0; i++) await Task.Delay(20, Ct);
        await _first.KillAsync();
        var dead = Stopwatch.StartNew();
        foreach (var id in ids) await _second.Api.WaitForAsync(id, "Running");
        TestContext.Current.TestOutputHelper?.WriteLine($"All ran {dead.Elapsed.TotalSeconds:0.0} s after the death of one");
        foreach (var id in ids) WorkloadProcesses.AllocationsOf(id, _first.Folder).Should().HaveCount(1, "nothing is started twice");
        (await ObserversAsync()).Should().ContainSingle("one process observes the target");

        await _first.RunAsync(_settings);
        await _first.WaitUntilReadyAsync();
        var before = await ObserverAsync();
        await _second.KillAsync();
        dead.Restart();
        while (await ObserverAsync() == before && dead.Elapsed < Soon) await Task.Delay(100, Ct);
        dead.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10), $"the other observes soon (first {observer}, then {before})");
        foreach (var id in ids) (await _first.Api.PostAsync($"/workloads/{id}/stop")).Status.Should().Be(HttpStatusCode.Accepted);
        foreach (var id in ids) await _first.Api.WaitForAsync(id, "Stopped");
        foreach (var id in ids) WorkloadProcesses.Of(id, _first.Folder).Should().BeEmpty();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task SameRequest_ToBothAtOnce_IsOneWorkload()
    {
        var request = new { item = "python-training", name = "once", hardware = "cpu-tiny", parameters = new { script = Sleeper } };
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => (i % 2 == 0 ? _first : _second).Api.LaunchAsync(request, key: "the same")));
        answers.Distinct().Should().ContainSingle();
        var refused = await _second.Api.PostAsync("/workloads", request);
        refused.Status.Should().Be(HttpStatusCode.Conflict, "the name is taken, whichever process gave it");
        await _first.Api.WaitForAsync(answers[0], "Running");
        WorkloadProcesses.AllocationsOf(answers[0], _first.Folder).Should().HaveCount(1);
        // Both are asked to stop it at once, and both post whatever is due.
        await Task.WhenAll(_first.Api.PostAsync($"/workloads/{answers[0]}/stop"), _second.Api.PostAsync($"/workloads/{answers[0]}/stop"));
        await _second.Api.WaitForAsync(answers[0], "Stopped");
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Roles_PagesAndWorkApart_NeedEachOtherOnlyForNewWork()
    {
        await _second.KillAsync();
        await _first.KillAsync();
        await _first.RunAsync(With("Web"));
        await _first.WaitUntilReadyAsync();
        var id = await LaunchAsync(_first, "waits-for-a-worker");
        await Task.Delay(3000, Ct);
        (await _first.Api.PhaseAsync(id)).Should().Be("Queued", "nobody works yet");

        await using var chromium = await Chromium.StartAsync();
        var page = await SignInAsync(chromium);
        await page.GotoAsync($"{Door}workloads/{id}");
        await SeesAsync(page, "Queued");
        await _second.RunAsync(With("Worker"));
        await _second.WaitUntilReadyAsync();
        await SeesAsync(page, "Running");

        await _second.KillAsync();
        await page.ReloadAsync();
        await SeesAsync(page, "Running");
        (await _first.Api.PostAsync($"/workloads/{id}/stop")).Status.Should().Be(HttpStatusCode.Accepted, "the wish is kept until somebody works again");
        await _second.RunAsync(With("Worker"));
        await SeesAsync(page, "Stopped");
        await AssertSoundAsync();
    }

    private Uri Door => new($"http://localhost:{_door.Port}/");

    private Dictionary<string, string> With(string role) => new(_settings) { ["Portal__Role"] = role };

    private PortalProcess Living() => _first.HasEnded ? _second : _first;

    private Task KillAsync(int port) => (_first.Port == port ? _first : _second).KillAsync();

    private static async Task<Guid> LaunchAsync(PortalProcess portal, string name)
    {
        return await portal.Api.LaunchAsync(new { item = "python-training", name, hardware = "cpu-tiny", parameters = new { script = Sleeper } });
    }

    private async Task<IPage> SignInAsync(Chromium chromium)
    {
        var page = await (await chromium.Browser.NewContextAsync()).NewPageAsync();
        await page.GotoAsync($"{Door}sign-in");
        await page.FillAsync("#email", "admin@portal.local");
        await page.FillAsync("#password", _first.AdminPassword);
        await page.ClickAsync("button[type=submit]");
        await page.WaitForSelectorAsync("main h1", new() { Timeout = 60_000 });
        return page;
    }

    private static Task SeesAsync(IPage page, string phase) => page.Locator("main").GetByText(phase, new() { Exact = true }).First.WaitForAsync(new() { Timeout = 60_000 });

    /// <summary>The replica that the newest page is connected to.</summary>
    private int Holder() => _door.Circuits.Last();

    private async Task<int> LeasesAsync() => (await _first.Database.QueryAsync<int>("select count(*)::int as \"Value\" from workloads where lease_token is not null"))[0];

    private async Task<IReadOnlyList<Guid>> ObserversAsync() => await _first.Database.QueryAsync<Guid>("select holder as \"Value\" from leader_leases where name = 'observe:local' and expires_at > clock_timestamp()");

    private async Task<Guid> ObserverAsync() => await ObserversAsync() is [var holder, ..] ? holder : Guid.Empty;

    private async Task AssertSoundAsync()
    {
        (await WorkloadInvariants.AtAnyTimeAsync(_first.Database)).Should().BeEmpty();
        (await LedgerInvariants.ViolationsAsync(_first.Database)).Should().BeEmpty();
    }
}
