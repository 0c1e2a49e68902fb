using AngleSharp.Dom;
using AwesomeAssertions;
using Bunit;
using Portal.Testing.Hosting;
using Portal.Web.Components.Pages.Costs;
using Xunit;

namespace Portal.Web.Tests.Pages.Costs;

/// <summary>States of the Costs page, and the way from a group down to the ledger.</summary>
public sealed class CostsPageTests : PageTest
{
    private readonly DateTimeOffset _month = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private Guid _notebook;

    // March 2026: ten hours of a notebook at $1 (list $2), in two attempts, and three of a run at $4.
    private async Task SpendAsync()
    {
        _notebook = await Host.LaunchAsync(Lena, name: "spends-little");
        await UseAsync(_notebook, 1, 2, 8, 6, 1, 2);
        await UseAsync(_notebook, 2, 3, 8, 4, 1, 2);
        await UseAsync(await Host.LaunchAsync(Lena, HostWorkloads.Training, "spends-much"), 1, 3, 10, 3, 4, 4);
    }

    private Task UseAsync(Guid id, int attempt, int day, int hour, int hours, decimal price, decimal list)
    {
        var (start, end) = (_month.AddDays(day - 1).AddHours(hour), _month.AddDays(day - 1).AddHours(hour + hours));
        return Host.AddUsageAsync(id, attempt, start, end, end, price, list);
    }

    private IRenderedComponent<CostsPage> Opened(string address)
    {
        Navigation.NavigateTo(address);
        RenderDialogs();
        return Render<CostsPage>();
    }

    private static IElement Row(IRenderedComponent<CostsPage> page, string name) => page.FindAll(".costs tbody tr").First(r => Read(r).Contains(name, StringComparison.Ordinal));

    [Fact]
    public void WhileReading_ShowsThatItLoads()
    {
        var gate = new TaskCompletionSource();
        Database.Gate = gate.Task;
        var page = Opened("/costs");
        page.Find("[aria-label='Loading costs']").Should().NotBeNull();
        gate.SetResult();
        page.WaitForAssertion(() => Read(page).Should().Contain("No costs in"));
    }

    [Fact]
    public void WithoutCosts_TeachesAndLeadsToTheCatalog()
    {
        var page = Opened("/costs?month=2026-02");
        page.WaitForAssertion(() => Read(page).Should().Contain("No costs in February 2026").And.Contain("Waiting is free"));
        page.Find("a[href='/catalog']").Should().NotBeNull();
    }

    [Fact]
    public void WithoutDatabase_SaysSoAndTriesAgain()
    {
        Database.Away = true;
        var page = Opened("/costs");
        page.WaitForAssertion(() => Read(page).Should().Contain("The database cannot be reached."));
        Database.Away = false;
        page.Find("button:contains('Try again')").Click();
        page.WaitForAssertion(() => Read(page).Should().Contain("No costs in"));
    }

    [Fact]
    public async Task SignedOut_GoesToSignIn()
    {
        await SpendAsync();
        SignOut();
        Opened("/costs?month=2026-03").WaitForAssertion(() => Navigation.Uri.Should().EndWith("/sign-in"));
    }

    [Fact]
    public async Task AMonth_ShowsTotalsDaysAndGroups()
    {
        await SpendAsync();
        var page = Opened("/costs?group=item&month=2026-03");
        page.WaitForAssertion(() => Read(page).Should().Contain("$22.00").And.Contain("$10.00").And.Contain("31.3% under list $32.00").And.Contain("13.0 h"));
        Read(Row(page, "python-training")).Should().Contain("$12.00").And.Contain("54.5%").And.Contain("3.0 h");
        Read(Row(page, "jupyter-notebook")).Should().Contain("$10.00").And.Contain("$20.00");
        page.FindAll("g.bar").Should().HaveCount(31, "March is drawn whole");
        page.FindAll("g.bar title")[2].TextContent.Should().Be("Tue 3 March 2026: $16.00\njupyter-notebook $4.00\npython-training $12.00");
        await page.InvokeAsync(() => page.Find("button.as-table").Click());
        Read(page.Find(".bars-table tbody tr:nth-child(2)")).Should().Be("Mon 2 March 2026 $0.00 $6.00 $6.00");
        page.Find("a[download]").GetAttribute("href").Should().Be("/api/v1/costs/export?format=csv&from=2026-03-01&to=2026-04-01&groupBy=item");
    }

    [Fact]
    public async Task ARow_Opened_LeadsToWorkloadsAttemptsAndRecords()
    {
        await SpendAsync();
        var page = Opened("/costs?group=team&then=kind&month=2026-03");
        foreach (var (name, then) in new[] { ("vision", "Notebook"), ("Notebook", "spends-little"), ("spends-little", "Attempt 2"), ("Attempt 2", "3 Mar 08:00:00–09:00:00 UTC") })
        {
            page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain(name));
            Read(page.Find(".costs")).Should().NotContain(then);
            await page.InvokeAsync(() => page.Find($"button[aria-label^='What {name}']").Click());
            page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain(then));
        }
        Read(Row(page, "Attempt 1")).Should().Contain("$6.00");
        Read(Row(page, "Attempt 2")).Should().Contain("$4.00");
        page.FindAll(".costs tbody tr").Count(r => Read(r).Contains("$1.000000", StringComparison.Ordinal)).Should().Be(4, "one record an hour");
        page.Find($"a[href='/workloads/{_notebook}/cost']").Should().NotBeNull();
        await page.InvokeAsync(() => page.Find("button[aria-label^='What vision']").Click());
        page.WaitForAssertion(() => Read(page.Find(".costs tbody")).Should().NotContain("Notebook"));
    }

    [Fact]
    public async Task ANarrowerGroupBelowAWorkload_CountsOnlyItself()
    {
        await SpendAsync();
        var page = Opened($"/costs?group=workload&then=day&month=2026-03&filter=workload:{_notebook}");
        page.WaitForAssertion(() => Read(page.Find(".filter-chip.on")).Should().Be("Workload: spends-little"));
        foreach (var name in new[] { "spends-little", "Tue 3 March" })
        {
            page.WaitForElement($"button[aria-label^='What {name}']");
            await page.InvokeAsync(() => page.Find($"button[aria-label^='What {name}']").Click());
        }
        page.WaitForAssertion(() => Read(page.Find(".costs tbody")).Should().Contain("Attempt 2").And.NotContain("Attempt 1"));
    }

    [Fact]
    public async Task Filters_AreChipsAndTheAddressHoldsThem()
    {
        await SpendAsync();
        var page = Opened("/costs?group=workload&month=2026-03&filter=kind:TrainingRun");
        page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain("spends-much").And.NotContain("spends-little"));
        await page.InvokeAsync(() => page.Find("button[aria-label^='Remove filter Kind']").Click());
        page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain("spends-little"));
        Navigation.Uri.Should().EndWith("/costs?group=workload&month=2026-03");
        await page.InvokeAsync(() => page.Find("button.filter-chip.add").Click());
        await page.InvokeAsync(() => page.Find("select[aria-label='Filter by']").Change("workload"));
        page.WaitForElement("select[aria-label='Workload to show']");
        await page.InvokeAsync(() => page.Find("select[aria-label='Workload to show']").Change("1"));
        page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain("spends-little").And.NotContain("spends-much"));
        Navigation.Uri.Should().EndWith($"&filter=workload:{_notebook}");
        Navigation.NavigateTo("/costs?group=workload&month=2026-03&filter=target:mars");
        page.WaitForAssertion(() => Read(page).Should().Contain("Nothing matches"));
        page.Find("a:contains('Clear filters')").GetAttribute("href").Should().Be("/costs?group=workload&month=2026-03");
    }

    [Fact]
    public async Task PeriodAndGrouping_AreChosenInTheBar()
    {
        await SpendAsync();
        var page = Opened("/costs?group=workload&month=2026-03");
        page.WaitForAssertion(() => Read(page).Should().Contain("$22.00"));
        page.FindAll(".months a").Select(a => a.GetAttribute("href")).Should().Equal("/costs?group=workload&month=2026-02", "/costs?group=workload&month=2026-04");
        await page.InvokeAsync(() => page.FindAll("input[type=date]")[1].Change("2026-03-02"));
        page.WaitForAssertion(() => Read(page).Should().Contain("1–2 March 2026").And.Contain("$6.00"));
        Navigation.Uri.Should().EndWith("/costs?group=workload&from=2026-03-01&to=2026-03-03", "the address leaves the end out, people name the last day");
        await page.InvokeAsync(() => page.Find("select[aria-label='Group by']").Change("owner"));
        page.WaitForAssertion(() => Read(page.Find(".costs tbody")).Should().Contain("Lena"));
        await page.InvokeAsync(() => page.Find("select[aria-label='Then by']").Change("day"));
        Navigation.Uri.Should().Contain("group=owner&then=day");
    }

    [Fact]
    public async Task AWordNobodyUnderstands_IsSaidAndLeftOut()
    {
        await SpendAsync();
        var page = Opened("/costs?group=potato&month=2026-03");
        page.WaitForAssertion(() => Read(page).Should().Contain("'potato' is unknown").And.Contain("$22.00").And.Contain("By team"));
    }

    [Fact]
    public async Task AnotherTeamsCosts_DoNotAppear()
    {
        await SpendAsync();
        var stranger = await Host.AddPersonAsync("Oskar", ["risk"]);
        await UseAsync(await Host.LaunchAsync(stranger, name: "secret-project"), 1, 2, 0, 5, 100, 100);
        var page = Opened("/costs?group=workload&then=owner&month=2026-03");
        page.WaitForAssertion(() => Read(page).Should().Contain("$22.00"));
        Read(page).Should().NotContain("secret-project").And.NotContain("$500");
    }

    [Fact]
    public async Task DatabaseGoesWhileARowOpens_SaysSoInTheRow()
    {
        await SpendAsync();
        var page = Opened("/costs?group=team&month=2026-03");
        page.WaitForAssertion(() => Read(page).Should().Contain("$22.00"));
        Database.Away = true;
        await page.InvokeAsync(() => page.Find("button[aria-label^='What vision']").Click());
        page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain("The database cannot be reached."));
        Database.Away = false;
        await page.InvokeAsync(() => page.Find("button:contains('Try again')").Click());
        page.WaitForAssertion(() => Read(page.Find(".costs")).Should().Contain("spends-little"));
    }
}
