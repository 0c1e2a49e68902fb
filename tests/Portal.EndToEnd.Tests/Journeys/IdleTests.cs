using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>Idle notebooks with real Jupyter. Hours go by in the database: the portal goes by its clock.</summary>
public sealed class IdleTests(PortalAndBrowser fixture) : IClassFixture<PortalAndBrowser>
{
    private readonly PortalProcess _portal = fixture.Portal;
    private readonly Chromium _chromium = fixture.Chromium;

    [Fact]
    public async Task Notebook_Idle_IsWarnedOnPageAndByTheBellKeptOnceThenStopped_ABusyTerminalIsNot()
    {
        var idle = await LaunchAsync("idle-one");
        var busy = await LaunchAsync("busy-one");
        var page = await _chromium.SignInAsync(_portal);
        await StartBusyTerminalAsync(page, busy);

        await LetPassAsync(idle, "115 minutes");
        await LetPassAsync(busy, "115 minutes");
        await page.GotoAsync($"{_portal.Url}workloads/{idle}");
        await page.WaitForSelectorAsync("text=Nobody uses it.");
        await page.WaitForSelectorAsync("[aria-label='Notifications, 1']");
        await Chromium.PictureAsync(page, "workload-idle-light-1280");
        await page.ClickAsync("main >> text=Keep it running");
        await page.WaitForSelectorAsync("text=Nobody uses it.", new() { State = WaitForSelectorState.Detached });
        (await _portal.Api.PhaseAsync(idle)).Should().Be("Running");

        await LetPassAsync(idle, "115 minutes");
        await page.WaitForSelectorAsync("text=Nobody uses it.");
        await LetPassAsync(idle, "20 minutes");
        await LetPassAsync(busy, "20 minutes");
        await _portal.Api.WaitForAsync(idle, "Stopped");
        await page.WaitForSelectorAsync("text=Nobody used it since");
        WorkloadProcesses.Of(idle, _portal.Folder).Should().BeEmpty();

        await page.GotoAsync($"{_portal.Url}workloads/{busy}");
        await page.WaitForSelectorAsync("text=terminal 1 was used");
        (await _portal.Api.PhaseAsync(busy)).Should().Be("Running");
    }

    private async Task<Guid> LaunchAsync(string name)
    {
        var id = await _portal.Api.LaunchAsync(new { item = "jupyter-notebook", name, hardware = "cpu-tiny", lifetime = "P5D" });
        await _portal.Api.WaitForAsync(id, "Running");
        return id;
    }

    /// <summary>A terminal that prints a line a second, with nobody looking.</summary>
    private async Task StartBusyTerminalAsync(IPage page, Guid id)
    {
        await page.GotoAsync($"{_portal.Url}open/{id}?path=/w/{id}/tree");
        await page.WaitForSelectorAsync("#new-dropdown-button, #new-buttons");
        await page.ClickAsync("#new-dropdown-button");
        var terminal = await page.Context.RunAndWaitForPageAsync(() => page.ClickAsync("#new-terminal a"));
        await terminal.WaitForSelectorAsync(".xterm, .terminal");
        await terminal.WaitForTimeoutAsync(1500);
        await terminal.ClickAsync(".xterm-screen, .terminal");
        await terminal.Keyboard.TypeAsync("while true; do date; sleep 1; done\n");
        await terminal.WaitForTimeoutAsync(1000);
        await terminal.CloseAsync();
    }

    private Task LetPassAsync(Guid id, string time) => _portal.Database.ExecuteAsync(
        $"update workloads set ready_at = ready_at - interval '{time}', activity_at = activity_at - interval '{time}', idle_stop_at = idle_stop_at - interval '{time}' where id = $1", id);
}
