using AwesomeAssertions;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Access.Policies;
using Portal.Application.Audit;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Testing.Hosting;
using Portal.Web.Components.Pages.Access;
using Portal.Web.Components.Pages.Admin.Audit;
using Portal.Web.Components.Pages.Admin.Policies;
using Portal.Web.Components.Pages.Approvals;
using Portal.Web.Components.Pages.Items;
using Portal.Web.Components.Pages.Launch;
using Xunit;

namespace Portal.Web.Tests.Pages.Access;

/// <summary>States of the pages about approvals, grants, policies and the trail.</summary>
public sealed class AccessPagesTests : PageTest
{
    private Actor _ada = null!, _max = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        JSInterop.SetupModule("./Components/Pages/Approvals/ApprovalsPage.razor.js").Mode = JSRuntimeMode.Loose;
        Services.AddOptions<Portal.Web.Hosting.PortalOptions>();
        Services.AddSingleton(Host.Get<VerifyAudit>());
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        _max = await Host.AddPersonAsync("Max", ["vision!"]);
        RenderDialogs();
    }

    private async Task<Guid> AskAsync(string name = "asked-for")
    {
        await Host.AskForEverythingAsync(_ada);
        return ((LaunchWorkload.Outcome.ApprovalRequired)await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = name, Hardware = "cpu-tiny", Reason = "For Friday." }, Lena, default)).RequestId;
    }

    // Between finding an element and using it nothing may be drawn anew.
    private static async Task PressAsync(IRenderedComponent<Microsoft.AspNetCore.Components.IComponent> page, string text)
    {
        page.WaitForAssertion(() => page.FindAll("button").Should().Contain(b => Read(b) == text));
        await page.InvokeAsync(() => page.FindAll("button").Single(b => Read(b) == text).Click());
    }

    private static Task TypeAsync(IRenderedComponent<Microsoft.AspNetCore.Components.IComponent> page, string selector, string text) => page.InvokeAsync(() => page.Find(selector).Input(text));

    [Fact]
    public void Pages_Empty_TeachWhatComes()
    {
        foreach (var (tab, words) in new[] { (null, "Nothing waits for you"), ("mine", "You have asked for nothing"), ("decided", "Nothing was decided yet"), ("delegations", "Nobody stands in for you") })
        {
            var page = Render<ApprovalsPage>(p => p.Add(x => x.Tab, tab));
            page.WaitForAssertion(() => Read(page).Should().Contain(words));
        }
        var access = Render<AccessPage>();
        access.WaitForAssertion(() => Read(access).Should().Contain("You hold no grant").And.Contain("gpu-h100x8"));
    }

    [Fact]
    public void Pages_WithoutDatabase_SaySo()
    {
        SignIn(_ada);
        Database.Away = true;
        foreach (var page in new IRenderedComponent<Microsoft.AspNetCore.Components.IComponent>[] { Render<ApprovalsPage>(), Render<AccessPage>(), Render<PoliciesPage>(), Render<AuditPage>() })
            page.WaitForAssertion(() => Read(page).Should().Contain("The database cannot be reached."));
    }

    [Fact]
    public void Administration_ForAMember_IsRefusedInWords()
    {
        foreach (var page in new IRenderedComponent<Microsoft.AspNetCore.Components.IComponent>[] { Render<PoliciesPage>(), Render<AuditPage>() })
            page.WaitForAssertion(() => Read(page).Should().Contain("Only administrators come in here"));
    }

    [Fact]
    public async Task Inbox_ShowsWhatADecisionNeeds_AndDenialAsksWhy()
    {
        var request = await AskAsync();
        SignIn(_max);
        var page = Render<ApprovalsPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("Lena asks to launch asked-for").And.Contain("“For Friday.”").And.Contain("Rule “Everything”").And.Contain("in all").And.Contain("Nobody has asked for this before"));
        await PressAsync(page, "Deny");
        page.WaitForAssertion(() => Read(page).Should().Contain("Say why, so that the requester can do better."));
        await TypeAsync(page, "#approval-comment", "Too dear.");
        await PressAsync(page, "Deny");
        page.WaitForAssertion(() => Read(page).Should().Contain("Nothing waits for you"));
        (await Host.Get<ApprovalQueries>().FindAsync(request, Lena, default))!.State.Should().Be(ApprovalState.Denied);
    }

    [Fact]
    public async Task Inbox_ByKeyboard_MovesAndApproves()
    {
        await AskAsync("first");
        var second = await AskAsync("second");
        SignIn(_max);
        var page = Render<ApprovalsPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("launch first"));
        await page.InvokeAsync(() => page.Instance.KeyAsync("j"));
        page.WaitForAssertion(() => Read(page).Should().Contain("launch second"));
        await page.InvokeAsync(() => page.Instance.KeyAsync("a"));
        page.WaitForAssertion(() => Read(page).Should().Contain("launch first").And.NotContain("launch second"));
        (await Host.Get<ApprovalQueries>().FindAsync(second, Lena, default))!.State.Should().Be(ApprovalState.Approved);
    }

    [Fact]
    public async Task Launch_ThatNeedsApproval_SaysWhoBeforeTheButtonIsPressed()
    {
        await Host.AskForEverythingAsync(_ada);
        var page = Render<LaunchPage>(p => p.Add(x => x.Slug, HostWorkloads.Notebook));
        page.WaitForAssertion(() => Read(page).Should().Contain("Needs one approval. It goes to their lead (Max)").And.Contain("Ask for approval"));
        await Host.PublishAsync(_ada, """{"rules": [], "default": {"effect": "deny", "message": "Closed until Monday."}}""");
        page = Render<LaunchPage>(p => p.Add(x => x.Slug, HostWorkloads.Notebook));
        page.WaitForAssertion(() => Read(page).Should().Contain("Policies refuse this. Closed until Monday."));
    }

    [Fact]
    public async Task RestrictedItem_HasALock_AndAskingLeadsToTheAnswer()
    {
        await Host.Get<ManageGrants>().RestrictAsync(RestrictedKind.Item, HostWorkloads.Notebook, new RestrictionTerms(null, TimeSpan.FromDays(30), OnGrantEnd.Keep, TimeSpan.Zero, "Pilot"), _ada, default);
        var item = Render<ItemPage>(p => p.Add(x => x.Slug, HostWorkloads.Notebook));
        item.WaitForAssertion(() => Read(item).Should().Contain("Restricted").And.Contain("Ask for access").And.NotContain("Launch from"));
        Navigation.NavigateTo($"/access?ask=item:{HostWorkloads.Notebook}");
        var page = Render<AccessPage>();
        page.WaitForElement("#ask-reason");
        await TypeAsync(page, "#ask-reason", "To try it.");
        await PressAsync(page, "Ask for access");
        page.WaitForAssertion(() => Read(page).Should().Contain("Asked"));
        (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.Mine, Lena, default)).Should().ContainSingle().Which.Reason.Should().Be("To try it.");
    }

    [Fact]
    public async Task Policies_EditedAsADraft_AreReadAloudSimulatedAndPublished()
    {
        SignIn(_ada);
        var page = Render<PoliciesPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("nothing was published yet").And.Contain("Allowed. Decided by “Otherwise”"));
        await PressAsync(page, "Add rule");
        page.WaitForAssertion(() => Read(page).Should().Contain("GPU launches need one approval: their lead.").And.Contain("GPU count 0 is below 1"));
        await TypeAsync(page, "input[aria-label='Value']", "many");
        page.WaitForAssertion(() => Read(page).Should().Contain("compared with a number"));
        await TypeAsync(page, "input[aria-label='Value']", "0");
        page.WaitForAssertion(() => Read(page).Should().Contain("Asks their lead."));
        await PressAsync(page, "Publish");
        page.WaitForAssertion(() => Read(page).Should().Contain("version 1").And.Contain("last changed"));
        (await Host.Get<PolicyQueries>().ReadAsync(null, _ada, default))!.List.Rules.Should().ContainSingle();
    }

    [Fact]
    public async Task Audit_IsFilteredAndProven()
    {
        await AskAsync();
        await Host.Get<SealAudit>().ExecuteAsync(default);
        SignIn(_ada);
        Navigation.NavigateTo("/admin/audit?act=policies.");
        var page = Render<AuditPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("policies.publish").And.Contain("ada@example.org").And.NotContain("workload.launch"));
        await PressAsync(page, "Verify");
        page.WaitForAssertion(() => Read(page).Should().Contain("The trail is whole."));
    }
}
