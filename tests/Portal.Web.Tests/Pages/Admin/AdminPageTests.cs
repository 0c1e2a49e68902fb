using AwesomeAssertions;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using Portal.Application.Settings;
using Portal.Domain.Access;
using Portal.Domain.Settings;
using Portal.Testing.Hosting;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Pages.Admin;
using Xunit;

namespace Portal.Web.Tests.Pages.Admin;

/// <summary>States of the pages of administration, and of the search.</summary>
public sealed class AdminPageTests : PageTest
{
    private IRenderedComponent<MudDialogProvider> _dialogs = null!;

    private async Task<Actor> AdminAsync()
    {
        Services.AddOptions<Portal.Web.Hosting.PortalOptions>();
        Services.AddScoped<Portal.Web.Components.Workloads.WorkloadCommands>();
        _dialogs = RenderDialogs();
        var admin = await Host.AddPersonAsync("Ada", ["platform"], roles: ["Admin"]);
        SignIn(admin);
        return admin;
    }

    private void Member()
    {
        Services.AddOptions<Portal.Web.Hosting.PortalOptions>();
        RenderDialogs();
    }

    private void EachSays(string words)
    {
        var (people, targets, settings) = (Render<PeoplePage>(), Render<TargetsPage>(), Render<SettingsPage>());
        people.WaitForAssertion(() => Read(people).Should().Contain(words));
        targets.WaitForAssertion(() => Read(targets).Should().Contain(words));
        settings.WaitForAssertion(() => Read(settings).Should().Contain(words));
    }

    [Fact]
    public void EveryPage_ForAMember_IsRefusedInWords()
    {
        Member();
        EachSays("Only administrators come in here");
    }

    [Fact]
    public async Task EveryPage_WithoutDatabase_SaysSo()
    {
        await AdminAsync();
        Database.Away = true;
        EachSays("The database cannot be reached.");
    }

    [Fact]
    public async Task People_WhileReading_ShowsThatItLoads()
    {
        await AdminAsync();
        Database.Gate = new TaskCompletionSource().Task;
        Render<PeoplePage>().Find("[aria-label='Loading']").Should().NotBeNull();
    }

    [Fact]
    public async Task People_NewPerson_IsMadeInvitedAndInTheTeam()
    {
        await AdminAsync();
        var page = Render<PeoplePage>();
        page.WaitForElement("button:contains('New person')");
        // Found and pressed in one turn of the renderer: the page may be drawn anew in between.
        await page.InvokeAsync(() => page.Find("button:contains('New person')").Click());
        page.WaitForElement("#person-name").Input("Priya");
        page.Find("#person-email").Input("priya@example.org");
        page.Find("#person-team").Change("vision");
        page.FindAll("button").Single(b => Read(b) == "Create").Click();

        page.WaitForAssertion(() => Read(page).Should().Contain("Priya can sign in now").And.Contain("E-mail: priya@example.org").And.Contain("Password: "));
        await using var db = await Host.OpenAsync();
        var user = await db.Users.SingleAsync(u => u.Email == "priya@example.org");
        (await db.TeamMembers.CountAsync(m => m.UserId == user.Id)).Should().Be(1);
        page.FindAll("button").Single(b => Read(b) == "I have copied it").Click();
        page.WaitForAssertion(() => Read(page).Should().NotContain("Password: "));
    }

    [Fact]
    public async Task People_Disable_AsksThenShutsThePersonOut()
    {
        await AdminAsync();
        var page = Render<PeoplePage>();
        page.WaitForElement("button[aria-label='Change Lena']");
        var card = page.FindComponent<PeopleCard>().Instance;
        // What the menu's entry calls; menus open in a place of their own.
        var disabling = page.InvokeAsync(() => card.OnDisable(card.People.Single(p => p.Id == Lena.UserId)));
        _dialogs.WaitForAssertion(() => Read(_dialogs).Should().Contain("Disable Lena?"));
        _dialogs.FindAll("button").Single(b => Read(b) == "Disable").Click();
        await disabling;
        page.WaitForAssertion(() => Read(page).Should().Contain("disabled"));
        await using var db = await Host.OpenAsync();
        (await db.Users.SingleAsync(u => u.Id == Lena.UserId)).Disabled.Should().BeTrue();
    }

    [Fact]
    public async Task Teams_NewTeam_IsThereAndTakesPeople()
    {
        await AdminAsync();
        Navigation.NavigateTo("/admin/people?tab=teams");
        var page = Render<PeoplePage>();
        page.WaitForElement("button:contains('New team')").Click();
        page.WaitForElement("#team-slug").Input("speech");
        page.Find("#team-name").Input("Speech");
        page.FindAll("button").Single(b => Read(b) == "Create").Click();
        page.WaitForElement("select[aria-label='Add to speech']").Change("lena@example.org");
        page.Find("button[aria-label='Add the chosen person to speech']").Click();
        await using var db = await Host.OpenAsync();
        page.WaitForAssertion(() => db.TeamMembers.Count(m => m.UserId == Lena.UserId).Should().Be(2));
    }

    [Fact]
    public async Task Targets_ShowRoomIsolationWhatRunsAndHowLongLaunchesTake()
    {
        await AdminAsync();
        await Host.LaunchRunningAsync(Lena, name: "on-local");
        var page = Render<TargetsPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("healthy").And.Contain("on-local").And.Contain("vCPU").And.Contain("Isolation").And.Contain("No resource without an owner was ever found").And.Contain("jupyter-notebook"));
    }

    [Fact]
    public async Task Settings_WrongValue_SaysWhatIsAllowed_GoodOneNamesWhoChangedIt()
    {
        await AdminAsync();
        var page = Render<SettingsPage>();
        page.WaitForElement("#setting-idle-warning").Input("soon");
        page.Find("button[aria-label='Save Warn before an idle stop']").Click();
        page.WaitForAssertion(() => page.Find("#setting-idle-warning-help").TextContent.Should().Contain("PT1M to PT4H"));
        page.Find("#setting-idle-warning").Input("PT20M");
        page.Find("button[aria-label='Save Warn before an idle stop']").Click();
        page.WaitForAssertion(() => Read(page).Should().Contain("Changed by Ada"));
        (await Host.Get<PortalSettings>().GetAsync(CancellationToken.None)).IdleWarning.Should().Be(TimeSpan.FromMinutes(20));
    }

    [Fact]
    public async Task Settings_LaunchesPaused_RefuseWithTheReason()
    {
        var admin = await AdminAsync();
        (await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.LaunchPaused, "Moving to new machines until noon.", admin, CancellationToken.None)).Should().BeOfType<SettingOutcome.Saved>();
        var launch = () => Host.LaunchAsync(Lena);
        (await launch.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*Moving to new machines until noon.*");
        (await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.LaunchPaused, "", Lena, CancellationToken.None)).Should().BeOfType<SettingOutcome.Forbidden>();
    }

    [Fact]
    public async Task Search_FindsWhatOneMaySeeAndGoesThereByKeyboard()
    {
        Member();
        var id = await Host.LaunchRunningAsync(Lena, name: "findable");
        await Host.LaunchAsync(await Host.AddPersonAsync("Oskar", ["risk"]), name: "findable-secret");
        var box = Render<SearchBox>();
        await box.InvokeAsync(() => box.Instance.OpenByKeyAsync());
        box.WaitForElement("#global-search").Input("find");
        box.WaitForAssertion(() => box.FindAll("[role=option]").Select(Read).Should().ContainSingle(t => t.Contains("findable", StringComparison.Ordinal)));
        Read(box).Should().NotContain("findable-secret");
        box.Find("[role=dialog]").KeyDown("Enter");
        box.WaitForAssertion(() => Navigation.Uri.Should().EndWith($"/workloads/{id}"));

        await box.InvokeAsync(() => box.Instance.OpenByKeyAsync());
        box.WaitForElement("#global-search").Input("zzz%_");
        box.WaitForAssertion(() => Read(box).Should().Contain("Nothing is called"));
        box.Find("[role=dialog]").KeyDown("Escape");
        box.WaitForAssertion(() => box.FindAll("[role=dialog]").Should().BeEmpty());
    }

    [Fact]
    public async Task Search_ItemsPeopleAndPages_OnlyThoseOneMaySee()
    {
        Member();
        await Host.AddPersonAsync("Mateo", ["vision"]);
        await Host.AddPersonAsync("Matilda", ["risk"]);
        var box = Render<SearchBox>();
        await box.InvokeAsync(() => box.Instance.OpenByKeyAsync());
        box.WaitForElement("#global-search").Input("mat");
        box.WaitForAssertion(() => Read(box).Should().Contain("Mateo"));
        Read(box).Should().NotContain("Matilda");
        box.Find("#global-search").Input("jupyter");
        box.WaitForAssertion(() => Read(box).Should().Contain("Jupyter Notebook"));
        box.Find("#global-search").Input("set");
        box.WaitForAssertion(() => Read(box).Should().NotContain("Settings", "an administrator's page"));
    }
}
