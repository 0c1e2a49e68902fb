using System.Text;
using AngleSharp.Dom;
using AwesomeAssertions;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.JSInterop;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Portal.Web.Components.Pages.Launch;
using Xunit;

namespace Portal.Web.Tests.Pages.Launch;

public sealed class LaunchPageTests : PageTest
{
    [Fact]
    public void Open_WhileReading_ShowsThatItLoads()
    {
        Database.Gate = new TaskCompletionSource().Task;

        var page = Render<LaunchPage>(p => p.Add(l => l.Slug, "jupyter-notebook"));

        page.Find("[role=status]").GetAttribute("aria-label").Should().Be("Preparing the form");
    }

    [Fact]
    public void Open_OneTeam_IsReadyToLaunchWithNamePriceAndDecision()
    {
        var page = Opened();

        page.Find("#launch-name").GetAttribute("value").Should().Be("jupyter-notebook-01");
        page.Find("#launch-team").TextContent.Should().Be("vision");
        page.Find("#launch-lifetime").GetAttribute("value").Should().Be("PT8H");
        Read(Button(page)).Should().Be("Launch for $0.04/h");
        Button(page).HasAttribute("disabled").Should().BeFalse();
        Read(page).Should().Contain("No approval needed. No policies are set up on this portal").And.Contain("At most $0.32 at this price").And.Contain("Available now");
    }

    [Fact]
    public void Hardware_TooLargeForThePlace_CannotBeChosenAndSaysWhy()
    {
        Host.Target.Description = Host.Target.Description with { Capacity = new(4, 16, 0) };

        var page = Opened();

        var large = page.FindAll("[role=radio]").Single(c => c.TextContent.Contains("CPU large", StringComparison.Ordinal));
        large.GetAttribute("aria-disabled").Should().Be("true");
        large.TextContent.Should().Contain("this target has 4 vCPU and 16 GiB");
    }

    [Fact]
    public void ChooseHardwareAndLifetime_PriceFollowsAndTheAddressHoldsTheHardware()
    {
        var page = Opened();

        page.FindAll("[role=radio]").Single(c => c.TextContent.Contains("CPU medium", StringComparison.Ordinal)).Click();
        page.Find("#launch-lifetime").Change("PT2H");

        page.WaitForAssertion(() => Read(Button(page)).Should().Be("Launch for $0.19/h"));
        page.WaitForAssertion(() => Read(page).Should().Contain("At most $0.39 at this price"));
        Navigation.Uri.Should().EndWith("/launch/jupyter-notebook?hardware=cpu-medium&target=local");
    }

    [Fact]
    public void Replicas_AreQuotedWhileTheyAreTyped()
    {
        Host.Target.Description = Host.Target.Description with { Kind = "kubernetes" };
        var page = Opened("?hardware=cpu-medium", "container-endpoint");
        page.WaitForAssertion(() => Read(page).Should().Contain("$0.19/h"));

        page.Find("#parameter-maxReplicas").Input("3");

        page.WaitForAssertion(() => Read(page).Should().Contain("up to 3 replicas").And.Contain("$0.58/h"));
    }

    [Fact]
    public void Address_WithHardware_IsChosen() => Read(Button(Opened("?hardware=cpu-tiny"))).Should().Be("Launch for $0.01/h");

    [Fact]
    public void Name_NotAllowed_SaysSoWhileTypingAndKeepsTheButtonOffWithTheReason()
    {
        var page = Opened();

        page.Find("#launch-name").Input("Not Allowed");

        page.WaitForAssertion(() => page.Find("#launch-name-help").TextContent.Should().Contain("1 to 40 characters"));
        page.WaitForAssertion(() => Button(page).HasAttribute("disabled").Should().BeTrue());
        page.WaitForAssertion(() => page.Find("#launch-obstacle").TextContent.Should().Contain("First fill in or correct: Name."));
    }

    [Fact]
    public async Task Launch_PressedTwice_LaunchesOneWorkloadAndGoesToIt()
    {
        var page = Opened();
        var gate = new TaskCompletionSource();
        Database.Gate = gate.Task;

        Button(page).Click();
        page.WaitForAssertion(() => Read(Button(page)).Should().Be("Launching…"));
        Button(page).HasAttribute("disabled").Should().BeTrue();
        var second = page.Instance.LaunchByKeyAsync();
        gate.SetResult();
        await second;

        page.WaitForAssertion(() => Navigation.Uri.Should().Contain("/workloads/"));
        await using var db = await Host.OpenAsync();
        var launched = await db.Workloads.SingleAsync();
        Navigation.Uri.Should().EndWith($"/workloads/{launched.Id}");
        page.FindAll("[role=alert]").Should().BeEmpty("the second press was no second request");
        (launched.Name, launched.Hardware, launched.Lifetime, launched.OwnerId).Should().Be(("jupyter-notebook-01", "cpu-small", TimeSpan.FromHours(8), Lena.UserId));
    }

    [Fact]
    public async Task LaunchByKey_WhileInvalid_LaunchesNothing()
    {
        var page = Opened();
        page.Find("#launch-name").Input("");

        await page.Instance.LaunchByKeyAsync();

        await using var db = await Host.OpenAsync();
        (await db.Workloads.CountAsync()).Should().Be(0);
        Navigation.Uri.Should().NotContain("/workloads/");
    }

    [Fact]
    public async Task Launch_NameTakenMeanwhile_SaysSoAtTheNameAndOffersAFreeOne()
    {
        var page = Opened();
        await Host.LaunchAsync(Lena, name: "jupyter-notebook-01");

        Button(page).Click();

        page.WaitForAssertion(() => page.Find("#launch-name-help").TextContent.Should().Contain("already has a workload named 'jupyter-notebook-01'"));
        page.FindAll("button").Single(b => Read(b) == "Use jupyter-notebook-02").Click();
        page.WaitForAssertion(() => page.Find("#launch-name").GetAttribute("value").Should().Be("jupyter-notebook-02"));
        Button(page).HasAttribute("disabled").Should().BeFalse();
    }

    [Fact]
    public void Launch_PlaceWentIll_SaysWhyAndOffersToTryAgain()
    {
        var page = Opened();
        Host.Target.Description = Host.Target.Description with { Healthy = false, Reason = "The disk is full." };

        Button(page).Click();

        page.WaitForAssertion(() => Read(page.Find("[role=alert]")).Should().Contain("It was not launched: the place cannot take it now. The disk is full."));
        Button(page).HasAttribute("disabled").Should().BeTrue("the offers were read anew");
    }

    [Fact]
    public void Launch_TooManyWaiting_SaysWhenToTryAgain()
    {
        var page = Opened();
        Host.Launch.MaxPending = 0;

        Button(page).Click();

        page.WaitForAssertion(() => Read(page.Find("[role=alert]")).Should().Contain("too many launches are waiting").And.Contain("Try again in 10 s"));
    }

    [Fact]
    public async Task Launch_DatabaseAway_TryAgainLaunchesOnce()
    {
        var page = Opened();
        Database.Away = true;
        Button(page).Click();
        page.WaitForAssertion(() => Read(page.Find("[role=alert]")).Should().Contain("The database cannot be reached.").And.Contain("one workload at most"));

        Database.Away = false;
        page.Find("[role=alert] button").Click();

        page.WaitForAssertion(() => Navigation.Uri.Should().Contain("/workloads/"));
        await using var db = await Host.OpenAsync();
        (await db.Workloads.CountAsync()).Should().Be(1);
    }

    [Fact]
    public async Task Open_PlaceFull_ButtonQueuesAndSaysWhatItWaitsFor()
    {
        Host.Target.Description = Host.Target.Description with { Capacity = new(1, 4, 0) };
        await Host.LaunchRunningAsync(Lena, hardware: "cpu-small");

        var page = Opened();

        Read(Button(page)).Should().Be("Queue for $0.04/h");
        Read(page).Should().Contain("It will wait. Full now: it would wait for 1 vCPU (0 of 1 free)");
    }

    [Fact]
    public async Task From_APastLaunch_TakesItsParametersHardwareAndLifetime()
    {
        var id = await Host.LaunchAsync(Lena, name: "before", hardware: "cpu-tiny", lifetime: TimeSpan.FromHours(3), parameters: new { environment = new { GREETING = "hello" } });

        var page = Opened($"?from={id}");

        Read(page).Should().Contain("from before");
        page.Find("input[aria-label='Name 1']").GetAttribute("value").Should().Be("GREETING");
        page.Find("input[aria-label='Value 1']").GetAttribute("value").Should().Be("hello");
        page.Find("#launch-lifetime").GetAttribute("value").Should().Be("PT3H");
        Read(Button(page)).Should().Be("Launch for $0.01/h");

        page.FindAll("button").Single(b => Read(b) == "Reset to defaults").Click();
        page.WaitForAssertion(() => page.FindAll("input[aria-label='Name 1']").Should().BeEmpty());
    }

    [Fact]
    public async Task From_APastLaunchWithTags_LaunchesTheCopyWithThem()
    {
        var id = await Host.LaunchAsync(Lena, name: "tagged");
        await Host.Database.ExecuteAsync("update workloads set tags = '{\"project\":\"churn\"}', idle_timeout = interval '2 hours' where id = $1", id);

        var page = Opened($"?from={id}");
        Button(page).Click();

        page.WaitForAssertion(() => Navigation.Uri.Should().Contain("/workloads/"));
        await using var db = await Host.OpenAsync();
        var copy = await db.Workloads.SingleAsync(w => w.Id != id);
        (copy.TagsJson.Replace(" ", "", StringComparison.Ordinal), copy.IdleTimeout).Should().Be(("""{"project":"churn"}""", TimeSpan.FromHours(2)));
    }

    [Fact]
    public async Task RunParameter_NoneYet_LeadsToTheTrainer_ThenOffersTheNewestFirst()
    {
        var page = Opened(item: "tiny-lm-endpoint");
        page.WaitForAssertion(() => Read(page).Should().Contain("There is none yet."));
        page.Find("a[href='/launch/tiny-lm-training']").Should().NotBeNull();

        var id = await Host.LaunchRunningAsync(Lena, "tiny-lm-training", "trained");
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 0);
        await Host.ObserveAsync();
        await Host.PumpAsync();
        var again = Opened(item: "tiny-lm-endpoint");
        again.WaitForAssertion(() => again.Find("#parameter-run").GetAttribute("value").Should().Be(id.ToString()));
    }

    [Fact]
    public async Task From_AWorkloadNotMineToSee_SaysSoAndShowsDefaults()
    {
        var foreign = await Host.LaunchAsync(await Host.AddPersonAsync("Omar", ["speech"]), parameters: new { environment = new { SECRET_PLAN = "x" } });

        var page = Opened($"?from={foreign}");

        Read(page).Should().Contain("does not exist any more, or is not yours to see").And.NotContain("SECRET_PLAN");
    }

    [Fact]
    public async Task MapRows_AreLaunchedAndANameGivenTwiceIsRefused()
    {
        var page = Opened();
        AddEntry(page, 1, "A", "1=2");
        AddEntry(page, 2, "A", "x");
        page.WaitForAssertion(() => Read(page.Find(".field:has(#parameter-environment) [role=alert]")).Should().Be("“A” is given twice."));

        page.Find("input[aria-label='Name 2']").Input("B");
        Button(page).Click();
        page.WaitForAssertion(() => Navigation.Uri.Should().Contain("/workloads/"));

        await using var db = await Host.OpenAsync();
        (await db.Workloads.SingleAsync()).ParametersJson.Replace(" ", "", StringComparison.Ordinal).Should().Contain("""{"A":"1=2","B":"x"}""");
    }

    [Fact]
    public async Task LongText_StillInTheBrowser_IsHandedOverBeforeTheLaunch()
    {
        var script = "print('ü')\n" + new string('#', 60_000);
        JSInterop.SetupModule(LaunchScript.Module).Setup<IJSStreamReference>("readText", _ => true).SetResult(new BrowserText(script));
        var page = Opened(item: "python-training");

        Button(page).Click();
        page.WaitForAssertion(() => Navigation.Uri.Should().Contain("/workloads/"));

        await using var db = await Host.OpenAsync();
        using var given = System.Text.Json.JsonDocument.Parse((await db.Workloads.SingleAsync()).ParametersJson);
        given.RootElement.GetProperty("script").GetString().Should().Be(script);
    }

    [Fact]
    public async Task Open_NoTeam_SaysWhomToAsk()
    {
        SignIn(await Host.AddPersonAsync("Nora"));

        var page = Render<LaunchPage>(p => p.Add(l => l.Slug, "jupyter-notebook"));

        page.WaitForAssertion(() => Read(page).Should().Contain("You are in no team yet").And.Contain("Ask one to let you in").And.Contain("Join a team"));
        page.FindAll("#launch-name").Should().BeEmpty();
    }

    [Fact]
    public async Task ChooseTeam_OfTwo_ChargesItAndFindsAFreeNameThere()
    {
        await Host.JoinAsync(Lena.UserId, "speech");
        await Host.LaunchAsync(await Host.AddPersonAsync("Omar", ["vision"]), name: "jupyter-notebook-01");
        var page = Opened();
        page.Find("#launch-team").GetAttribute("value").Should().Be("speech");
        page.Find("#launch-name").GetAttribute("value").Should().Be("jupyter-notebook-01");

        page.Find("#launch-team").Change("vision");

        page.WaitForAssertion(() => page.Find("#launch-name").GetAttribute("value").Should().Be("jupyter-notebook-02"));
    }

    [Theory]
    [InlineData("no-such-item", "", "The catalog has no item “no-such-item”.")]
    [InlineData("jupyter-notebook", "?version=9.9", "“jupyter-notebook” has no published version 9.9.")]
    public void Open_NothingToLaunch_SaysWhat(string slug, string query, string words)
    {
        Navigation.NavigateTo($"/launch/{slug}{query}");

        var page = Render<LaunchPage>(p => p.Add(l => l.Slug, slug));

        page.WaitForAssertion(() => Read(page).Should().Contain(words));
    }

    [Fact]
    public void Open_DatabaseAway_SaysSoAndTryAgainShowsTheForm()
    {
        Database.Away = true;
        var page = Render<LaunchPage>(p => p.Add(l => l.Slug, "jupyter-notebook"));
        page.WaitForElement("[role=alert]");

        Database.Away = false;
        page.Find("[role=alert] button").Click();

        page.WaitForElement("#launch-name");
    }

    private static IElement Button(IRenderedComponent<LaunchPage> page) => page.Find("button[aria-describedby=launch-obstacle]");

    private static void AddEntry(IRenderedComponent<LaunchPage> page, int row, string name, string value)
    {
        page.FindAll("button").Single(b => Read(b) == "Add an entry").Click();
        page.WaitForElement($"input[aria-label='Name {row}']").Input(name);
        page.Find($"input[aria-label='Value {row}']").Input(value);
    }

    private IRenderedComponent<LaunchPage> Opened(string query = "", string item = "jupyter-notebook")
    {
        Navigation.NavigateTo($"/launch/{item}{query}");
        var page = Render<LaunchPage>(p => p.Add(l => l.Slug, item));
        page.WaitForElement("#launch-name");
        return page;
    }

    /// <summary>What the browser module hands over: the text behind one space.</summary>
    private sealed class BrowserText(string text) : IJSStreamReference
    {
        public long Length => Encoding.UTF8.GetByteCount(text) + 1;

        public ValueTask<Stream> OpenReadStreamAsync(long maxAllowedSize = 512_000, CancellationToken cancellationToken = default) => new(new MemoryStream(Encoding.UTF8.GetBytes(" " + text)));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
