using AwesomeAssertions;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Testing.Hosting;
using Portal.Web.Components.Pages.Home;
using Portal.Web.Components.Pages.Workloads;
using Portal.Web.Components.Workloads;
using Xunit;

namespace Portal.Web.Tests.Pages.Workloads;

/// <summary>States of Home, Workloads, a workload's page and the page on the way into one.</summary>
public sealed class WorkloadPageTests : PageTest
{
    private void Ready()
    {
        Services.AddScoped<WorkloadCommands>();
        Services.AddOptions<Portal.Web.Hosting.PortalOptions>();
        RenderDialogs();
    }

    [Fact]
    public void Home_WithNothing_TeachesAndLeadsToTheCatalog()
    {
        Ready();
        var page = Render<HomePage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("Nothing runs for you now").And.Contain("Lena"));
        page.Find("a[href='/catalog']").Should().NotBeNull();
    }

    [Fact]
    public async Task Home_WithRunningAndFailed_ShowsBothWithTheirRemedies()
    {
        Ready();
        await Host.LaunchRunningAsync(Lena, name: "my-notebook");
        var failed = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training, "my-run");
        Host.Target.Exit((await Host.LiveAsync(failed)).Id, 3);
        await Host.ObserveAsync();
        await Host.PumpAsync();
        var page = Render<HomePage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("my-notebook").And.Contain("my-run"));
        page.WaitForElement("a[aria-label='Open my-notebook in a new tab']");
    }

    [Fact]
    public void Home_WithoutDatabase_SaysSoAndTriesAgain()
    {
        Ready();
        Database.Away = true;
        var page = Render<HomePage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("The database cannot be reached."));
        Database.Away = false;
        page.Find("button:contains('Try again')").Click();
        page.WaitForAssertion(() => Read(page).Should().Contain("Nothing runs for you now"));
    }

    [Fact]
    public void Workloads_WhileReading_ShowsThatItLoads()
    {
        Ready();
        var gate = new TaskCompletionSource();
        Database.Gate = gate.Task;
        var page = Render<WorkloadsPage>();
        page.Find("[aria-label='Loading workloads']").Should().NotBeNull();
        gate.SetResult();
        page.WaitForAssertion(() => Read(page).Should().Contain("You have nothing running, Lena"));
    }

    [Fact]
    public async Task Workloads_OfTwoTeams_ShowsOnlyWhatIsMineToSee()
    {
        Ready();
        var stranger = await Host.AddPersonAsync("Oskar", ["risk"]);
        await Host.LaunchAsync(stranger, name: "secret-project");
        await Host.LaunchRunningAsync(Lena, name: "open-notebook");
        Navigation.NavigateTo("/workloads?view=all");
        var page = Render<WorkloadsPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("open-notebook"));
        Read(page).Should().NotContain("secret-project").And.NotContain("Oskar");
        Navigation.NavigateTo("/workloads?view=all&q=nothing-like-it");
        page.WaitForAssertion(() => Read(page).Should().Contain("Nothing matches"));
    }

    [Fact]
    public async Task Workloads_Selected_SaysWhatStoppingSavesAndStopsThemAfterOneQuestion()
    {
        Ready();
        var dialogs = Render<MudBlazor.MudDialogProvider>();
        var first = await Host.LaunchRunningAsync(Lena, name: "one");
        var second = await Host.LaunchRunningAsync(Lena, name: "two");
        var page = Render<WorkloadsPage>();
        page.WaitForElement("input[aria-label='Select one']");
        page.Find("input[aria-label='Select all on this page']").Change(true);
        page.WaitForAssertion(() => Read(page.Find("[aria-label='Selected workloads']")).Should().Contain("2 selected").And.Contain("stopping saves $0.02/h").And.Contain("Stop 2").And.Contain("Delete 2"));

        page.Find("[aria-label='Selected workloads']").QuerySelectorAll("button").Single(b => Read(b) == "Stop 2").Click();
        dialogs.WaitForAssertion(() => Read(dialogs).Should().Contain("Stop 2 workloads?").And.Contain("one").And.Contain("two"));
        dialogs.FindAll("button").Single(b => Read(b) == "Stop 2").Click();

        page.WaitForAssertion(() => page.FindAll("[aria-label='Selected workloads']").Should().BeEmpty("what was done needs no selection any more"));
        foreach (var id in new[] { first, second }) (await Host.RowAsync(id)).Desired.Should().Be(Domain.Workloads.DesiredState.Stopped);
    }

    [Fact]
    public async Task Workloads_FiltersSavedAsAView_AreATabUntilForgotten()
    {
        Ready();
        await Host.LaunchRunningAsync(Lena, name: "kept");
        Navigation.NavigateTo("/workloads?kind=Notebook&view=all&page=1");
        var page = Render<WorkloadsPage>();
        page.WaitForElement("button:contains('Save view')").Click();
        page.WaitForElement("input[aria-label='Name of the view']").Input("My notebooks");
        page.FindAll("button").Single(b => Read(b) == "Save").Click();
        page.WaitForAssertion(() => page.FindAll("nav.tabs a").Single(a => Read(a) == "My notebooks").GetAttribute("href").Should().Be("/workloads?kind=Notebook&view=all"));
        (await Host.Get<SavedViews>().ListAsync(await Host.AddPersonAsync("Omar", ["vision"]), CancellationToken.None)).Should().BeEmpty("a view is one's own");

        page.WaitForElement("button:contains('Forget this view')").Click();
        page.WaitForAssertion(() => page.FindAll("nav.tabs a").Select(Read).Should().NotContain("My notebooks"));
    }

    [Fact]
    public async Task Workload_AboutToBeStoppedForIdleness_SaysSoAndCanBeKept()
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, name: "sleepy");
        await Host.Database.ExecuteAsync("update workloads set ready_at = ready_at - interval '115 minutes', idle_stop_at = now() + interval '5 minutes' where id = $1", id);
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain("Nobody uses it.").And.Contain("Keep it running"));
        await page.InvokeAsync(() => page.Find("button:contains('Keep it running')").Click());
        for (var i = 0; i < 100 && (await Host.RowAsync(id)).IdleStopAt is not null; i++) await Task.Delay(50);
        (await Host.RowAsync(id)).ActivityWhat.Should().Be("Lena kept it");
        var home = Render<HomePage>();
        home.WaitForAssertion(() => Read(home).Should().Contain("sleepy"));
    }

    [Fact]
    public async Task Workload_Running_ShowsStepsPriceAndActions()
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, name: "shown");
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain("shown").And.Contain("Queued").And.Contain("Ready").And.Contain("so far").And.Contain("Launch a copy"));
        page.Find($"a[href='/open/{id}']").GetAttribute("rel").Should().Be("noopener");
    }

    [Fact]
    public async Task Workload_WhileReading_ShowsThatItLoads()
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, name: "slow-to-read");
        var gate = new TaskCompletionSource();
        Database.Gate = gate.Task;
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.Find("[aria-label='Loading the workload']").Should().NotBeNull();
        gate.SetResult();
        page.WaitForAssertion(() => Read(page).Should().Contain("slow-to-read"));
    }

    [Fact]
    public async Task Workload_WithoutDatabase_SaysSoAndTriesAgain()
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, name: "still-running");
        Database.Away = true;
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain("The database cannot be reached."));
        Database.Away = false;
        page.Find("button:contains('Try again')").Click();
        page.WaitForAssertion(() => Read(page).Should().Contain("still-running"));
    }

    [Fact]
    public async Task Workload_DatabaseGoesWhileItIsShown_KeepsWhatItKnew()
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, name: "kept-in-view");
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id).Add(x => x.Tab, "settings"));
        page.WaitForAssertion(() => Read(page).Should().Contain("kept-in-view"));
        Database.Away = true;
        await Services.GetRequiredService<WorkloadChangeFeed>().PublishAsync(WorkloadChange.Everything);
        page.WaitForAssertion(() => Read(page).Should().Contain("The database cannot be reached.").And.Contain("kept-in-view"));
    }

    [Fact]
    public void Workloads_WithoutDatabase_SaysSoAndTriesAgain()
    {
        Ready();
        Database.Away = true;
        var page = Render<WorkloadsPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("The database cannot be reached."));
        Database.Away = false;
        page.Find("button:contains('Try again')").Click();
        page.WaitForAssertion(() => Read(page).Should().Contain("You have nothing running, Lena"));
    }

    [Theory]
    [InlineData("logs", "Download the last 10,000 lines")]
    [InlineData("metrics", "No metrics yet")]
    [InlineData("cost", "Ledger")]
    [InlineData("timeline", "Launched by Lena")]
    [InlineData("artifacts", "No artifacts")]
    [InlineData("settings", "Who may open it")]
    public async Task Workload_EachTab_ShowsItsStateWithoutData(string tab, string words)
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training, "tabs");
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id).Add(x => x.Tab, tab));
        page.WaitForAssertion(() => Read(page).Should().Contain(words));
    }

    [Theory]
    [InlineData(FailureClass.OutOfMemory, "It ran out of memory")]
    [InlineData(FailureClass.Invalid, "It cannot be started like this")]
    public async Task Workload_Failed_SaysWhyAndWhatHelps(FailureClass failure, string words)
    {
        Ready();
        Host.Target.FailNextStart(failure, "The provider's own words.");
        var id = await Host.LaunchAsync(Lena, HostWorkloads.Training, "fails");
        await Host.PumpAsync();
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain(words).And.Contain("The provider's own words.").And.Contain("Retry").And.Contain("Change and launch"));
    }

    [Fact]
    public async Task Workload_OfAnotherTeam_IsAsIfItWereNotThere()
    {
        Ready();
        var stranger = await Host.AddPersonAsync("Oskar", ["risk"]);
        var id = await Host.LaunchAsync(stranger, name: "hidden");
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain("no such workload that you may see"));
        Read(page).Should().NotContain("hidden");
    }

    [Fact]
    public async Task Workload_OfATeammate_IsShownWithoutButtonsThatChange()
    {
        Ready();
        var mate = await Host.AddPersonAsync("Priya", ["vision"]);
        var id = await Host.LaunchRunningAsync(mate, name: "hers");
        var page = Render<WorkloadPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain("hers"));
        page.FindAll("button").Select(Read).Should().NotContain(["Stop", "Extend"]);
        page.FindAll($"a[href='/open/{id}']").Should().BeEmpty("it is not shared");
    }

    [Fact]
    public async Task OpenPage_OfAStoppedOne_OffersStartAndFollowsUntilItAnswers()
    {
        Ready();
        var id = await Host.LaunchRunningAsync(Lena, name: "sleeping");
        await Host.Get<StopWorkload>().ExecuteAsync(id, Lena, CancellationToken.None);
        await Host.PumpAsync();
        await Host.ObserveAsync();
        await Host.PumpAsync();
        var page = Render<OpenPage>(p => p.Add(x => x.Id, id));
        page.WaitForAssertion(() => Read(page).Should().Contain("sleeping is stopped").And.Contain("Start for $"));
        await page.InvokeAsync(() => page.Find("button:contains('Start for')").Click());
        for (var i = 0; i < 200 && (await Host.RowAsync(id)).Phase != Domain.Workloads.WorkloadPhase.Running; i++)
        {
            await Host.PumpAsync();
            await Task.Delay(50);
        }
        await Services.GetRequiredService<WorkloadChangeFeed>().PublishAsync(WorkloadChange.Everything);
        page.WaitForAssertion(() => Navigation.Uri.Should().EndWith($"/open/{id}"));
    }
}
