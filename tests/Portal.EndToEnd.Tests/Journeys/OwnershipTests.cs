using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>A team's page with limits and budget, a move that somebody must agree to, and a workload that changes hands, in the browsers of those concerned.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private const string CostlierIsAsked = """{"rules": [{"name": "More than a tiny one", "when": {"field": "vcpu", "op": "gt", "value": 0.5}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}], "default": {"effect": "allow"}}""";

    private PortalProcess _portal = null!;
    private Chromium _chromium = null!;
    private readonly List<string> _wrong = [];

    public async ValueTask InitializeAsync() => (_portal, _chromium) = (await PortalProcess.StartAsync(new Dictionary<string, string> { ["Local__Vcpu"] = "8", ["Local__MemoryGib"] = "16" }), await Chromium.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task Team_Budget_Move_AndNewOwner()
    {
        await _portal.Api.AddPersonAsync("Lena", ["vision"]);
        await _portal.Api.AddPersonAsync("Tom", ["vision"]);
        await _portal.Api.AddPersonAsync("Max", ["vision!"]);
        var admin = await _chromium.SignInAsync(_portal);
        await BudgetAndLimitsAsync(admin);
        var lena = await PersonAsync("lena");
        var run = await LaunchAsync(lena);
        await MoveAsync(lena, run);
        await RaiseAsync(lena, admin);
        await HandOverAsync(lena, run);
        _wrong.Should().BeEmpty();
    }

    private Task<IPage> PersonAsync(string name) => _chromium.SignInAsync(_portal, email: $"{name}@example.org", password: PortalPeople.Password);

    private async Task BudgetAndLimitsAsync(IPage admin)
    {
        await admin.GotoAsync($"{_portal.Url}teams/vision");
        await admin.FillAsync("#budget-amount", "250");
        await admin.ClickAsync("button:has-text('Set the budget')");
        await admin.WaitForSelectorAsync("text=spent of $250");
        await admin.FillAsync("#limit-workloads", "3");
        await admin.FillAsync("#limit-gpus", "A10G");
        await admin.ClickAsync("button:has-text('Save the limits')");
        await admin.WaitForSelectorAsync("[role=alert]:has-text('A10G=4')");
        await admin.FillAsync("#limit-gpus", "A10G=4");
        await admin.FillAsync("#limit-vcpu", "6");
        await admin.ClickAsync("button:has-text('Save the limits')");
        await admin.WaitForSelectorAsync("main >> text=0 of 3");
    }

    private async Task<string> LaunchAsync(IPage lena)
    {
        await lena.GotoAsync($"{_portal.Url}launch/jupyter-notebook?hardware=cpu-tiny");
        await lena.WaitForSelectorAsync("text=Budget of vision after this");
        _wrong.AddRange(await Chromium.LookAsync(lena, "launch-budget"));
        await lena.FillAsync("#launch-name", "hers");
        await lena.ClickAsync(".side-sticky button:has-text('Launch for')");
        await lena.WaitForURLAsync("**/workloads/*");
        await lena.Locator("main").GetByText("Running", new() { Exact = true }).First.WaitForAsync();
        return new Uri(lena.Url).AbsolutePath.Split('/')[2];
    }

    private async Task MoveAsync(IPage lena, string run)
    {
        (await _portal.Api.SendAsync(HttpMethod.Put, "/policies", System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(CostlierIsAsked), ifMatch: "\"0\"")).Status.Should().Be(System.Net.HttpStatusCode.OK);
        await lena.GotoAsync($"{_portal.Url}workloads/{run}/settings");
        await lena.SelectOptionAsync("#move-hardware", "cpu-small");
        await lena.WaitForSelectorAsync("text=must agree (rule “More than a tiny one”)");
        await lena.FillAsync("#move-reason", "It runs out of memory.");
        _wrong.AddRange(await Chromium.LookAsync(lena, "workload-move"));
        await lena.ClickAsync("button:has-text('Ask to move')");
        await lena.ClickAsync("[role=dialog] >> button:has-text('Move')");
        await lena.WaitForSelectorAsync("text=Asked their lead");
        await lena.GotoAsync($"{_portal.Url}workloads/{run}");
        await lena.WaitForSelectorAsync("text=A move waits for approval.");
        _wrong.AddRange(await Chromium.LookAsync(lena, "workload-move-waiting"));
        await lena.GotoAsync($"{_portal.Url}");
        await lena.WaitForSelectorAsync("text=You ask to move hers");
        _wrong.AddRange(await Chromium.LookAsync(lena, "home-asked"));

        var max = await PersonAsync("max");
        await max.WaitForSelectorAsync("text=Waiting for your decision");
        _wrong.AddRange(await Chromium.LookAsync(max, "home-waiting"));
        await max.GotoAsync($"{_portal.Url}approvals");
        await max.WaitForSelectorAsync("h2:has-text('Lena asks to move hers')");
        _wrong.AddRange(await Chromium.LookAsync(max, "approvals-move"));
        await max.ClickAsync("main button:has-text('Approve')");
        await lena.GotoAsync($"{_portal.Url}workloads/{run}/timeline");
        await lena.WaitForSelectorAsync("text=from cpu-tiny to cpu-small");
        await max.GotoAsync($"{_portal.Url}approvals/times");
        await max.WaitForSelectorAsync("td:has-text('More than a tiny one')");
        _wrong.AddRange(await Chromium.LookAsync(max, "approvals-times"));
        await max.GotoAsync($"{_portal.Url}teams/vision");
        await max.WaitForSelectorAsync("main a:has-text('hers')");
        _wrong.AddRange(await Chromium.LookAsync(max, "team"));
        await max.Context.CloseAsync();
    }

    private async Task RaiseAsync(IPage lena, IPage admin)
    {
        await lena.GotoAsync($"{_portal.Url}teams");
        await lena.ClickAsync("button:has-text('Ask for more')");
        await lena.FillAsync("#budget-amount", "400");
        await lena.FillAsync("#budget-reason", "A second model until the release.");
        await lena.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
        await lena.WaitForSelectorAsync("text=You are told when it is decided");
        await admin.GotoAsync($"{_portal.Url}approvals");
        await admin.WaitForSelectorAsync("h2:has-text('Lena asks for a budget of $400')");
        _wrong.AddRange(await Chromium.LookAsync(admin, "approvals-budget"));
        await admin.ClickAsync("main button:has-text('Approve')");
        await lena.WaitForSelectorAsync("text=spent of $400");
    }

    private async Task HandOverAsync(IPage lena, string run)
    {
        await lena.GotoAsync($"{_portal.Url}workloads/{run}/settings");
        await lena.SelectOptionAsync("#owner-to", "tom@example.org");
        await lena.ClickAsync("button:has-text('Offer it')");
        await lena.ClickAsync("[role=dialog] >> button:has-text('Offer it')");
        await lena.WaitForSelectorAsync("text=Offered to Tom by Lena");
        _wrong.AddRange(await Chromium.LookAsync(lena, "workload-settings-offered"));
        var tom = await PersonAsync("tom");
        await tom.WaitForSelectorAsync("text=Lena offers you");
        await tom.ClickAsync("main a:has-text('Look')");
        await tom.WaitForSelectorAsync("text=Lena offers it to you.");
        _wrong.AddRange(await Chromium.LookAsync(tom, "workload-offered"));
        await tom.ClickAsync("main button:has-text('Accept')");
        await tom.Locator("dd").GetByText("Tom").First.WaitForAsync();
        await lena.WaitForSelectorAsync("text=Only its owner, team leads and administrators may give it to somebody else.");
    }
}
