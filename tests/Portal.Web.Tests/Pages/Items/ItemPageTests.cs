using AwesomeAssertions;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Workloads;
using Portal.Testing.Hosting;
using Portal.Web.Components.Pages.Items;
using Xunit;

namespace Portal.Web.Tests.Pages.Items;

public sealed class ItemPageTests : PageTest
{
    [Fact]
    public void Open_WhileReading_ShowsThatItLoads()
    {
        Database.Gate = new TaskCompletionSource().Task;

        var page = Render<ItemPage>(p => p.Add(i => i.Slug, "jupyter-notebook"));

        page.Find("[role=status]").GetAttribute("aria-label").Should().Be("Loading the item");
    }

    [Fact]
    public void Overview_NeverLaunched_ShowsPricesMeaningPlacesAndTeachesAboutCost()
    {
        var page = Opened("jupyter-notebook");

        page.Find("h1").TextContent.Should().Be("Jupyter Notebook");
        page.FindAll("table.grid")[0].QuerySelectorAll("tbody tr").Select(r => Read(r)).Should().SatisfyRespectively(
            small => small.Should().Contain("CPU small Default").And.Contain("1 vCPU · 2 GiB").And.Contain("$0.0401/h").And.Contain("≈ $29/month"),
            tiny => tiny.Should().Contain("CPU tiny Lowest price"),
            medium => medium.Should().Contain("CPU medium"),
            large => large.Should().Contain("CPU large"));
        page.Find(".markdown strong").TextContent.Should().Be("Jupyter server of your own");
        Read(page).Should().Contain("Nobody has paid for it in the last 90 days").And.Contain("8 h on CPU small $0.32").And.Contain("local Available");
        var launch = page.FindAll("a").First(a => a.TextContent.Contains("Launch from", StringComparison.Ordinal));
        Read(launch).Should().Be("Launch from $0.01/h");
        launch.GetAttribute("href").Should().Be("/launch/jupyter-notebook");
    }

    [Fact]
    public async Task Overview_WithAPast_ShowsWhatItReallyCost()
    {
        var id = await Host.LaunchRunningAsync(Lena, hardware: "cpu-small");
        await Host.AgeAsync(id, TimeSpan.FromHours(2));
        await Host.Get<StopWorkload>().ExecuteAsync(id, Lena, CancellationToken.None);
        await Host.PumpAsync();
        await Host.ObserveAsync();

        var page = Opened("jupyter-notebook");

        Read(page).Should().Contain("$0.08 per launch, median").And.Contain("1 launch of the last 90 days").And.Contain("1 of 1 launches of the last 90 days became ready");
        page.Find(".histogram").GetAttribute("aria-label").Should().StartWith("Launches by cost: 1 from");
    }

    [Fact]
    public void TargetIll_LaunchIsOffAndThePlaceSaysWhy()
    {
        Host.Target.Description = Host.Target.Description with { Healthy = false, Reason = "The launcher is not installed." };

        var page = Opened("jupyter-notebook");

        page.FindAll("button").Where(b => b.TextContent.Contains("Launch from", StringComparison.Ordinal)).Should().NotBeEmpty().And.AllSatisfy(b => b.HasAttribute("disabled").Should().BeTrue());
        Read(page).Should().Contain("local Not available The launcher is not installed.");
    }

    [Fact]
    public void Parameters_ListsThemWithTypeDefaultAndLimits()
    {
        var page = Opened("python-training", "parameters");

        page.FindAll("h2").Select(h => h.TextContent).Should().Equal("Program", "Environment");
        var script = Read(page.FindAll("tbody tr")[0]);
        script.Should().Contain("script").And.Contain("text").And.Contain("lines").And.Contain("1 to 1000000 characters");
    }

    [Fact]
    public void Versions_ListsNotesAndLaunchesThatVersion()
    {
        var page = Opened("jupyter-notebook", "versions");

        Read(page).Should().Contain("v1.3.0 Newest").And.Contain("as JupyterLab");
        page.Find("a[aria-label='Launch version 1.3.0']").GetAttribute("href").Should().Be("/launch/jupyter-notebook?version=1.3.0");
    }

    [Fact]
    public async Task Running_ShowsMineAndMyTeamsButNotOthers()
    {
        await Host.LaunchRunningAsync(Lena, name: "lenas-own");
        await Host.LaunchRunningAsync(await Host.AddPersonAsync("Mika", ["vision"]), name: "mikas");
        await Host.LaunchRunningAsync(await Host.AddPersonAsync("Omar", ["speech"]), name: "omars");

        var page = Opened("jupyter-notebook", "running");

        page.FindAll("table tbody tr a").Select(a => a.TextContent).Should().BeEquivalentTo("lenas-own", "mikas");
        Read(page.FindAll("nav[aria-label='Views of the item'] a")[3]).Should().Be("Running 2");
    }

    [Fact]
    public async Task Running_NothingThenAChange_ShowsItWithoutReload()
    {
        var page = Opened("jupyter-notebook", "running");
        Read(page).Should().Contain("No Jupyter Notebook is running");

        var id = await Host.LaunchAsync(Lena, name: "fresh");
        await Services.GetRequiredService<WorkloadChangeFeed>().PublishAsync(new WorkloadChange(new HashSet<Guid> { id }, false));

        page.WaitForAssertion(() => page.Find("table tbody tr a").GetAttribute("href").Should().Be($"/workloads/{id}"));
    }

    [Fact]
    public void UnknownItem_SaysSoAndLeadsToTheCatalog()
    {
        var page = Render<ItemPage>(p => p.Add(i => i.Slug, "no-such-thing"));

        page.WaitForAssertion(() => Read(page).Should().Contain("There is no item “no-such-thing”"));
        page.FindAll("a").Should().ContainSingle(a => a.GetAttribute("href") == "/catalog");
    }

    [Fact]
    public void DatabaseAway_SaysSoAndTryAgainShowsTheItem()
    {
        Database.Away = true;
        var page = Render<ItemPage>(p => p.Add(i => i.Slug, "jupyter-notebook"));
        page.WaitForElement("[role=alert]");

        Database.Away = false;
        page.Find("[role=alert] button").Click();

        page.WaitForAssertion(() => page.Find("h1").TextContent.Should().Be("Jupyter Notebook"));
    }

    private IRenderedComponent<ItemPage> Opened(string slug, string? tab = null)
    {
        Navigation.NavigateTo($"/catalog/{slug}" + (tab is null ? "" : $"?tab={tab}"));
        var page = Render<ItemPage>(p => p.Add(i => i.Slug, slug));
        page.WaitForElement("nav[aria-label='Views of the item']");
        return page;
    }
}
