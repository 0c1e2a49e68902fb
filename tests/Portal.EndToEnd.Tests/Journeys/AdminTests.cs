using System.Text.RegularExpressions;
using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>An administrator invites a person who launches something; both find it; several are ended at once; the costs add up.</summary>
public sealed partial class AdminTests(PortalAndBrowser fixture) : IClassFixture<PortalAndBrowser>
{
    private readonly PortalProcess _portal = fixture.Portal;
    private readonly Chromium _chromium = fixture.Chromium;

    [Fact]
    public async Task Person_InvitedByAnAdministrator_LaunchesAndIsFoundInSearchListsAndCosts()
    {
        var admin = await _chromium.SignInAsync(_portal);
        await admin.GotoAsync($"{_portal.Url}admin/people");
        await admin.ClickAsync("button:has-text('New person')");
        await admin.FillAsync("#person-name", "Lena");
        await admin.FillAsync("#person-email", "lena@example.org");
        await admin.SelectOptionAsync("#person-team", "platform");
        await admin.ClickAsync("main button:has-text('Create')");
        await admin.WaitForSelectorAsync("text=Lena can sign in now");
        var password = Password().Match(await admin.InnerTextAsync("main pre")).Groups[1].Value;
        await admin.ClickAsync("text=I have copied it");

        var lena = await _chromium.SignInAsync(_portal, email: "lena@example.org", password: password);
        (await lena.Locator("nav[aria-label=Main] >> text=Settings").CountAsync()).Should().Be(0, "she is no administrator");
        await lena.GotoAsync($"{_portal.Url}admin/people");
        await lena.WaitForSelectorAsync("text=Only administrators come in here");
        (await lena.GotoAsync($"{_portal.Url}admin/jobs"))!.Status.Should().Be(403);
        await lena.WaitForSelectorAsync("text=This is not for you");
        foreach (var name in new[] { "sleeper-one", "sleeper-two" })
        {
            await lena.GotoAsync($"{_portal.Url}launch/python-training?hardware=cpu-tiny");
            await lena.FillAsync("#launch-name", name);
            await lena.FillAsync("#parameter-script", "import time\ntime.sleep(3600)");
            await lena.ClickAsync("text=As curl");
            (await lena.InnerTextAsync("main pre")).Should().Contain(name).And.Contain("time.sleep(3600)");
            await lena.ClickAsync("text=Form");
            await lena.ClickAsync("button:has-text('Launch for')");
            await lena.WaitForURLAsync("**/workloads/*");
            await lena.Locator("main").GetByText("Running", new() { Exact = true }).First.WaitForAsync();
        }

        await admin.GotoAsync(_portal.Url.ToString());
        await admin.WaitForSelectorAsync("main h1");
        await admin.Keyboard.PressAsync("Control+k");
        await admin.FillAsync("#global-search", "sleeper-two");
        await admin.WaitForSelectorAsync("[role=option]:has-text('sleeper-two')");
        (await Chromium.FindingsAsync(admin)).Should().BeEmpty();
        await Chromium.PictureAsync(admin, "search-light-1280");
        await admin.Keyboard.PressAsync("Enter");
        await admin.WaitForURLAsync("**/workloads/*");
        await admin.WaitForSelectorAsync("h1:has-text('sleeper-two')");

        await lena.GotoAsync($"{_portal.Url}workloads");
        await lena.CheckAsync("input[aria-label='Select all on this page']");
        await lena.WaitForSelectorAsync("text=2 selected");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();
        await Chromium.PictureAsync(lena, "workloads-selected-light-1280");
        await lena.ClickAsync("[aria-label='Selected workloads'] >> text=Stop 2");
        await lena.ClickAsync("[role=dialog] >> button:has-text('Stop 2')");
        await lena.WaitForSelectorAsync("text=2 asked to stop");
        await lena.WaitForFunctionAsync("() => [...document.querySelectorAll('main tbody tr')].every(r => r.innerText.includes('Stopped'))");

        await admin.GotoAsync($"{_portal.Url}costs");
        await admin.WaitForSelectorAsync("main h1");
        var (_, costs) = await _portal.Api.GetAsync("/costs?groupBy=workload");
        var ledger = (await _portal.Database.QueryAsync<decimal>("select coalesce(sum(cost), 0) as \"Value\" from usage_records"))[0];
        costs.GetProperty("total").GetDecimal().Should().Be(ledger, "nothing is open any more: the report is the ledger's sum");
        ledger.Should().BePositive();
    }

    [Fact]
    public async Task Jobs_ForAnAdministrator_ShowHangfireWithoutErrors()
    {
        var page = await _chromium.SignInAsync(_portal);
        var errors = new List<string>();
        page.Console += (_, message) => { if (message.Type == "error") errors.Add(message.Text); };
        await page.GotoAsync($"{_portal.Url}admin/jobs");
        await page.WaitForSelectorAsync("text=Servers");
        await Chromium.PictureAsync(page, "jobs-light-1280");
        errors.Should().BeEmpty();
    }

    [GeneratedRegex(@"Password: (\S+)")]
    private static partial Regex Password();
}
