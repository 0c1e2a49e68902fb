using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>Three people in three browsers: an engineer asks for a GPU endpoint, the lead approves, the administrator approves, and it runs.</summary>
public sealed class ApprovalTests : IAsyncLifetime
{
    private PortalProcess _portal = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync() => (_portal, _chromium) = (
        await PortalProcess.StartAsync(new Dictionary<string, string> { ["Local__Gpus"] = "2", ["Local__Vcpu"] = "8", ["Local__MemoryGib"] = "32" }, withProbe: true), await Chromium.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task GpuEndpoint_AskedForApprovedTwice_Runs_AndOthersAreDeniedExpiredWithdrawn()
    {
        await _portal.Api.AddPersonAsync("Lena", ["vision"]);
        await _portal.Api.AddPersonAsync("Max", ["vision!"]);
        var admin = await _chromium.SignInAsync(_portal);
        await PublishByHandAsync(admin);

        var lena = await _chromium.SignInAsync(_portal, email: "lena@example.org", password: PortalPeople.Password);
        var max = await _chromium.SignInAsync(_portal, email: "max@example.org", password: PortalPeople.Password);
        await max.GotoAsync($"{_portal.Url}approvals");
        await max.WaitForSelectorAsync("text=Nothing waits for you");

        await AskAsync(lena, "support-intent", "The adapter must be up before Friday's release.");
        await Chromium.PictureAsync(lena, "workload-waiting-approval-light-1280");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();

        await max.WaitForSelectorAsync("h2:has-text('Lena asks to launch support-intent')");
        await max.WaitForSelectorAsync("nav[aria-label=Main] >> .badge:has-text('1')");
        (await Chromium.FindingsAsync(max)).Should().BeEmpty();
        await Chromium.PictureAsync(max, "approvals-light-1280");
        await max.FillAsync("#approval-comment", "Good luck!");
        await max.ClickAsync("main button:has-text('Approve')");
        await max.WaitForSelectorAsync("text=needs one more approval");

        await admin.GotoAsync($"{_portal.Url}approvals");
        await admin.WaitForSelectorAsync("text=Approved by Max");
        await Chromium.PictureAsync(admin, "approvals-second-step-light-1280");
        await PressUntilAsync(admin, "a", "text=support-intent is approved");

        // Lena did nothing: her page follows.
        await lena.Locator("main").GetByText("Running", new() { Exact = true }).First.WaitForAsync();

        await AskAsync(lena, "denied-one", null);
        await max.GotoAsync($"{_portal.Url}approvals");
        await max.WaitForSelectorAsync("h2:has-text('denied-one')");
        await PressUntilAsync(max, "d", "text=Say why, so that the requester can do better.");
        await max.FillAsync("#approval-comment", "One GPU is enough for now.");
        await max.ClickAsync("main button:has-text('Deny')");
        await lena.WaitForSelectorAsync("text=It was not approved.");
        await lena.WaitForSelectorAsync("text=One GPU is enough for now.");

        await AskAsync(lena, "expired-one", null);
        await _portal.Database.ExecuteAsync("update approval_requests set expires_at = clock_timestamp() where state = 'Waiting'");
        await lena.WaitForSelectorAsync("text=nobody decided in time");

        await AskAsync(lena, "withdrawn-one", null);
        await lena.ClickAsync("text=See the request");
        await lena.WaitForSelectorAsync("h2:has-text('withdrawn-one')");
        await lena.GetByRole(AriaRole.Button, new() { Name = "Withdraw", Exact = true }).ClickAsync();
        await lena.ClickAsync("[role=dialog] >> button:has-text('Withdraw')");
        await lena.WaitForSelectorAsync("main >> text=Withdrawn by Lena.");
        await Chromium.PictureAsync(lena, "approvals-mine-light-1280");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();
        await max.WaitForSelectorAsync("text=Nothing waits for you");
    }

    [Fact]
    public async Task Grant_AskedForGivenUsedAndRevoked()
    {
        await _portal.Api.AddPersonAsync("Lena", ["vision"]);
        var admin = await _chromium.SignInAsync(_portal);
        await admin.GotoAsync($"{_portal.Url}access/restrictions");
        await admin.SelectOptionAsync("#restrict-what", "Item:python-training");
        await admin.FillAsync("#restrict-reason", "A pilot until the end of the year");
        await admin.ClickAsync("main button:has-text('Restrict')");
        await admin.WaitForSelectorAsync("main .rows >> text=python-training");
        (await Chromium.FindingsAsync(admin)).Should().BeEmpty();
        await Chromium.PictureAsync(admin, "access-restrictions-light-1280");

        var lena = await _chromium.SignInAsync(_portal, email: "lena@example.org", password: PortalPeople.Password);
        await lena.GotoAsync($"{_portal.Url}catalog/python-training");
        await lena.WaitForSelectorAsync("text=Restricted");
        await Chromium.PictureAsync(lena, "item-restricted-light-1280");
        await lena.ClickAsync("main a:has-text('Ask for access') >> visible=true");
        await lena.FillAsync("#ask-reason", "Comparing two models for the pilot.");
        await lena.WaitForSelectorAsync("main button:enabled:has-text('Ask for access')");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();
        await Chromium.PictureAsync(lena, "access-ask-light-1280");
        await lena.ClickAsync("main button:has-text('Ask for access')");
        await lena.WaitForSelectorAsync("main >> text=Asked");

        await admin.GotoAsync($"{_portal.Url}approvals");
        await admin.WaitForSelectorAsync("h2:has-text('Lena asks for access to python-training')");
        await Chromium.PictureAsync(admin, "approvals-access-light-1280");
        await admin.ClickAsync("main button:has-text('Approve')");
        await lena.WaitForSelectorAsync("main >> text=until");

        await lena.GotoAsync($"{_portal.Url}launch/python-training?hardware=cpu-tiny");
        await lena.ClickAsync(".side-sticky button:has-text('Launch for')");
        await lena.WaitForURLAsync("**/workloads/*");

        await admin.GotoAsync($"{_portal.Url}access/holders");
        await admin.WaitForSelectorAsync("td:has-text('Lena')");
        await Chromium.PictureAsync(admin, "access-holders-light-1280");
        await admin.ClickAsync("button[aria-label='Revoke python-training of Lena']");
        await admin.ClickAsync("[role=dialog] >> button:has-text('Revoke')");
        await admin.WaitForSelectorAsync("td:has-text('revoked')");
        await lena.GotoAsync($"{_portal.Url}launch/python-training?hardware=cpu-tiny");
        await lena.WaitForSelectorAsync("text=You need access first.");

        await admin.GotoAsync($"{_portal.Url}admin/audit?act=grant.");
        await admin.WaitForSelectorAsync("td:has-text('grant.revoke')");
        await admin.ClickAsync("button:has-text('Verify')");
        await admin.WaitForSelectorAsync("text=The trail is whole.");
        (await Chromium.FindingsAsync(admin)).Should().BeEmpty();
        await Chromium.PictureAsync(admin, "audit-light-1280");
    }

    /// <summary>A page that has just come listens to keys a moment after it is drawn.</summary>
    private static async Task PressUntilAsync(IPage page, string key, string selector)
    {
        for (var i = 0; i < 40 && await page.Locator(selector).CountAsync() == 0; i++)
        {
            await page.Keyboard.PressAsync(key);
            await page.WaitForTimeoutAsync(500);
        }
        await page.WaitForSelectorAsync(selector);
    }

    private async Task AskAsync(IPage page, string name, string? reason)
    {
        await page.GotoAsync($"{_portal.Url}launch/gpu-probe");
        await page.WaitForSelectorAsync("text=Needs 2 approvals.");
        await page.FillAsync("#launch-name", name);
        if (reason is not null) await page.FillAsync("#launch-reason", reason);
        await Chromium.PictureAsync(page, "launch-needs-approval-light-1280");
        await page.ClickAsync(".side-sticky button:has-text('Ask for approval')");
        await page.WaitForURLAsync("**/workloads/*");
        await page.WaitForSelectorAsync("text=Waiting for approval.");
    }

    /// <summary>Writes the rule "GPU launches need their lead, then an Admin" in the form and publishes it.</summary>
    private async Task PublishByHandAsync(IPage admin)
    {
        await admin.GotoAsync($"{_portal.Url}admin/policies");
        await admin.ClickAsync("button:has-text('Add rule')");
        await admin.Locator("input[id$=-name]").FillAsync("Any GPU");
        await admin.ClickAsync("button:has-text('Then ask somebody else')");
        var second = admin.Locator("fieldset.step").Nth(1);
        await second.GetByLabel("Who is asked").SelectOptionAsync("role");
        await admin.WaitForSelectorAsync("text=GPU launches need two approvals: their lead, then an Admin.");
        await Chromium.PictureAsync(admin, "policies-editor-light-1280");
        (await Chromium.FindingsAsync(admin)).Should().BeEmpty();
        await admin.ClickAsync("button:has-text('Done')");
        await admin.FillAsync("input[aria-label='What changed']", "GPUs are asked for");
        await admin.ClickAsync("button:has-text('Publish')");
        await admin.WaitForSelectorAsync("text=Policies 1 are in force.");
        await admin.WaitForSelectorAsync("text=version 1");
        await Chromium.PictureAsync(admin, "policies-light-1280");
    }
}
