using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Postgres;
using Xunit;

namespace Portal.EndToEnd.Tests.Failures;

/// <summary>Everything that commonly goes wrong has a clear message on the page and in the API, and the state is the truth.</summary>
public sealed class FailureTests(FailureTests.Fixture fixture) : IClassFixture<FailureTests.Fixture>, IAsyncLifetime
{
    private readonly PortalProcess _portal = fixture.Portal;
    private readonly List<Guid> _launched = [];
    private IPage _page = null!;

    public async ValueTask InitializeAsync() => _page = await fixture.Chromium.SignInAsync(_portal);

    public async ValueTask DisposeAsync()
    {
        await _page.Context.CloseAsync();
        foreach (var id in _launched) await _portal.Api.SendAsync(HttpMethod.Delete, $"/workloads/{id}", null);
        foreach (var id in _launched) await _portal.Api.WaitForAsync(id, "Deleted");
    }

    [Fact]
    public async Task Program_NotInstalled_IsNamed()
    {
        var (status, problem) = await _portal.Api.PostAsync("/workloads", new { item = "absent-program", hardware = "cpu-tiny" });
        status.Should().Be(HttpStatusCode.ServiceUnavailable);
        problem.GetProperty("detail").GetString().Should().Contain("portal-absent-program").And.Contain("install", "it says what to do");
        (await _portal.Api.GetAsync("/workloads?item=absent-program")).Body.GetProperty("total").GetInt32().Should().Be(0);

        await _page.GotoAsync($"{_portal.Url}launch/absent-program");
        await SeesAsync("portal-absent-program");
        (await _page.IsDisabledAsync("button:has-text('Launch')")).Should().BeTrue();
    }

    [Fact]
    public async Task Host_Full_WaitsAndGoesOnByItself()
    {
        var holder = await LaunchAsync(new { item = "python-training", name = "holder", hardware = "cpu-small", parameters = new { script = "import time\ntime.sleep(3600)" } });
        await _portal.Api.WaitForAsync(holder, "Running");
        var waiting = await LaunchAsync(new { item = "python-training", name = "waiting", hardware = "cpu-tiny", parameters = new { script = "import time\ntime.sleep(3600)" } });

        var reason = await UntilReasonAsync(waiting, "0.25 vCPU");
        (await _portal.Api.PhaseAsync(waiting)).Should().Be("Queued");
        await _page.GotoAsync($"{_portal.Url}workloads/{waiting}");
        await SeesAsync(reason);
        (await _portal.Api.PostAsync($"/workloads/{holder}/stop")).Status.Should().Be(HttpStatusCode.Accepted);
        await _portal.Api.WaitForAsync(waiting, "Running");
        await SeesAsync("Running");

        var (status, problem) = await _portal.Api.PostAsync("/workloads", new { item = "python-training", hardware = "cpu-large" });
        status.Should().Be(HttpStatusCode.ServiceUnavailable, "it can never fit here");
        problem.GetProperty("detail").GetString().Should().Contain("16 vCPU");
    }

    [Fact]
    public async Task Port_TakenByAnotherProgram_FailsAndNamesThePort()
    {
        var id = await LaunchAsync(new { item = "late-port", hardware = "cpu-tiny" });
        await _portal.Api.WaitForAsync(id, "Starting");
        for (var i = 0; i < 100 && WorkloadProcesses.AllocationsOf(id, _portal.Folder).Count == 0; i++) await Task.Delay(50);
        using var other = new TcpListener(IPAddress.Loopback, fixture.WorkloadPort);
        other.Start();

        var failed = await _portal.Api.WaitForAsync(id, "Failed");
        failed.GetProperty("phaseReason").GetString().Should().Contain($"{fixture.WorkloadPort}");
        await AssertEndedAsync(id);
        await _page.GotoAsync($"{_portal.Url}workloads/{id}");
        await SeesAsync($"{fixture.WorkloadPort}");
    }

    [Fact]
    public async Task Program_NeverReady_FailsInTime()
    {
        var id = await LaunchAsync(new { item = "never-ready", hardware = "cpu-tiny" });
        var failed = await _portal.Api.WaitForAsync(id, "Failed");
        failed.GetProperty("failure").GetString().Should().Be("NotReadyInTime");
        failed.GetProperty("phaseReason").GetString().Should().Contain("6 s");
        await AssertEndedAsync(id);
        await _page.GotoAsync($"{_portal.Url}workloads/{id}");
        await SeesAsync("It did not become ready in time");
        await SeesAsync("thinking");
    }

    [Fact]
    public async Task Program_Crashed_KeepsExitCodeAndLastWords()
    {
        var id = await LaunchAsync(new { item = "python-training", hardware = "cpu-tiny", parameters = new { script = "import sys\nprint('about to fail', flush=True)\nsys.exit(3)" } });
        var failed = await _portal.Api.WaitForAsync(id, "Failed");
        failed.GetProperty("exitCode").GetInt32().Should().Be(3);
        failed.GetProperty("phaseReason").GetString().Should().Contain("exit code 3");
        await _page.GotoAsync($"{_portal.Url}workloads/{id}");
        await SeesAsync("The program ended with exit code 3");
        await SeesAsync("about to fail");
    }

    [Fact]
    public async Task Program_OutOfMemory_SaysHowMuchItHad()
    {
        var id = await LaunchAsync(new { item = "python-training", hardware = "cpu-tiny", parameters = new { script = "x = []\nwhile True: x.append(bytearray(50_000_000)); print(len(x), flush=True)" } });
        var failed = await _portal.Api.WaitForAsync(id, "Failed");
        failed.GetProperty("failure").GetString().Should().Be("OutOfMemory");
        failed.GetProperty("phaseReason").GetString().Should().Contain("512 MiB");
        await AssertEndedAsync(id);
        await _page.GotoAsync($"{_portal.Url}workloads/{id}");
        await SeesAsync("It ran out of memory");
    }

    [Fact]
    public async Task Disk_Full_LaunchIsRefusedAndWhatRunsGoesOn()
    {
        var running = await LaunchAsync(new { item = "python-training", name = "before-full", hardware = "cpu-tiny", parameters = new { script = "import time\ntime.sleep(3600)" } });
        await _portal.Api.WaitForAsync(running, "Running");
        await _portal.KillAsync();
        // A disk that is never free enough is the same to the portal as one that filled up; the target's own tests fill a real one.
        await _portal.RunAsync(new Dictionary<string, string>(fixture.Settings) { ["Local__MinimumFreeDiskMib"] = $"{int.MaxValue / 2}" });
        await _portal.WaitUntilReadyAsync();

        var (status, problem) = await _portal.Api.PostAsync("/workloads", new { item = "python-training", hardware = "cpu-tiny" });
        status.Should().Be(HttpStatusCode.ServiceUnavailable);
        problem.GetProperty("detail").GetString().Should().Contain("disk").And.Contain("is full");
        (await _portal.Api.PhaseAsync(running)).Should().Be("Running");
        await _page.GotoAsync($"{_portal.Url}launch/python-training");
        await SeesAsync("is full");
        await _portal.KillAsync();
        await _portal.RunAsync(fixture.Settings);
        await _portal.WaitUntilReadyAsync();
    }

    [Fact]
    public async Task Database_Away_IsSaidAndThePageComesBackByItself()
    {
        await _page.GotoAsync($"{_portal.Url}workloads");
        await SeesAsync("Workloads");
        await _portal.Postgres.StopAsync(PostgresStop.Immediate);
        (await _portal.Api.GetAsync("/workloads")).Body.GetProperty("title").GetString().Should().Be("Database unavailable");
        await _page.ClickAsync("nav >> text=Home");
        await SeesAsync("The database cannot be reached.");
        await using (var fresh = await fixture.Chromium.Browser.NewContextAsync())
        {
            var signIn = await fresh.NewPageAsync();
            await signIn.GotoAsync($"{_portal.Url}sign-in");
            await signIn.FillAsync("#email", "admin@portal.local");
            await signIn.FillAsync("#password", _portal.AdminPassword);
            await signIn.ClickAsync("button[type=submit]");
            await signIn.WaitForSelectorAsync("text=database");
        }
        await _portal.Postgres.StartAsync();
        await _page.WaitForSelectorAsync("text=The database cannot be reached.", new() { State = WaitForSelectorState.Detached });
        await _portal.WaitUntilReadyAsync();
    }

    private async Task<Guid> LaunchAsync(object request)
    {
        var id = await _portal.Api.LaunchAsync(request);
        _launched.Add(id);
        return id;
    }

    private Task SeesAsync(string text) => _page.Locator("main").GetByText(text).First.WaitForAsync();

    private async Task<string> UntilReasonAsync(Guid id, string words)
    {
        JsonElement seen = default;
        for (var i = 0; i < 150; i++)
        {
            (_, seen) = await _portal.Api.GetAsync($"/workloads/{id}");
            if (seen.GetProperty("phaseReason").GetString() is { } reason && reason.Contains(words, StringComparison.Ordinal)) return reason;
            await Task.Delay(200);
        }
        throw new TimeoutException($"The reason never named {words}: {seen}");
    }

    private async Task AssertEndedAsync(Guid id)
    {
        for (var i = 0; i < 50 && WorkloadProcesses.Of(id, _portal.Folder).Any(); i++) await Task.Delay(100);
        WorkloadProcesses.Of(id, _portal.Folder).Should().BeEmpty();
    }

    /// <summary>A portal on a machine of one vCPU and one port for workloads.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public PortalProcess Portal { get; private set; } = null!;

        public Chromium Chromium { get; private set; } = null!;

        public int WorkloadPort { get; } = PortalProcess.FreePort();

        public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Local__Vcpu"] = "1", ["Local__CpuOvercommit"] = "1", ["Local__PortRangeStart"] = $"{WorkloadPort}", ["Local__PortRangeEnd"] = $"{WorkloadPort}",
        };

        public async ValueTask InitializeAsync() => (Portal, Chromium) = (await PortalProcess.StartAsync(Settings, withProbe: true), await Chromium.StartAsync());

        public async ValueTask DisposeAsync()
        {
            await Chromium.DisposeAsync();
            await Portal.DisposeAsync();
        }
    }
}
