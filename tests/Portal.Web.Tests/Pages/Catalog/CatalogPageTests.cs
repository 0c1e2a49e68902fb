using AngleSharp.Dom;
using AwesomeAssertions;
using Bunit;
using Portal.Web.Components.Pages.Catalog;
using Xunit;

namespace Portal.Web.Tests.Pages.Catalog;

public sealed class CatalogPageTests : PageTest
{
    /// <summary>Two items are enough to see what the page does; the rest of the catalog comes and goes.</summary>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Host.Database.ExecuteAsync("update catalog_items set lifecycle = 'retired' where slug not in ('jupyter-notebook', 'python-training')");
    }

    [Fact]
    public void Open_WhileReading_ShowsThatItLoads()
    {
        var gate = new TaskCompletionSource();
        Database.Gate = gate.Task;

        var page = Render<CatalogPage>();

        page.Find("[role=status]").GetAttribute("aria-label").Should().Be("Loading the catalog");
        gate.SetResult();
        page.WaitForElement("a.item-card");
        page.FindAll("[aria-label='Loading the catalog']").Should().BeEmpty();
    }

    [Fact]
    public void Open_TwoItems_ShowsThemUnderTheirCategoriesAsLinksWithPriceAndTarget()
    {
        var page = Opened("/catalog");

        page.FindAll("h2").Select(h => h.TextContent).Should().Equal("Notebooks", "Training");
        page.Find(".sub").TextContent.Should().Be("2 items in 2 categories");
        var card = Cards(page)[0];
        card.GetAttribute("href").Should().Be("/catalog/jupyter-notebook");
        Read(card).Should().Contain("Jupyter Notebook Notebook").And.Contain("local").And.Contain("from $0.01/h");
        Read(page).Should().Contain("Without items yet: Model serving, Experiment tracking");
    }

    [Fact]
    public void Search_WordsOfOneItem_NarrowsWhileTypingAndKeepsThemInTheAddress()
    {
        var page = Opened("/catalog");

        page.Find("input[type=search]").Input("PYTHON checkpoints");

        page.WaitForAssertion(() => Cards(page).Should().ContainSingle().Which.GetAttribute("href").Should().Be("/catalog/python-training"));
        Navigation.Uri.Should().EndWith("/catalog?q=PYTHON%20checkpoints");
        page.Find(".sub").TextContent.Should().Be("1 item in 1 category, of 2");
        Read(page).Should().NotContain("Without items yet", "what is planned is no answer to a search");
    }

    [Theory]
    [InlineData("/catalog?kind=TrainingRun", "python-training")]
    [InlineData("/catalog?category=notebooks", "jupyter-notebook")]
    [InlineData("/catalog?tag=jupyter", "jupyter-notebook")]
    [InlineData("/catalog?q=terminal", "jupyter-notebook")]
    public void Open_AddressWithFilter_ShowsOnlyWhatMatches(string address, string slug)
    {
        var page = Opened(address);

        Cards(page).Should().ContainSingle().Which.GetAttribute("href").Should().Be("/catalog/" + slug);
    }

    [Fact]
    public void Open_AddressWithUnknownKind_ShowsEverything() => Cards(Opened("/catalog?kind=99")).Should().HaveCount(2);

    [Fact]
    public void ChooseKind_FromTheFilter_GoesToItsAddressAndBack()
    {
        var page = Opened("/catalog");

        page.Find("select[aria-label=Kind]").Change("Notebook");
        page.WaitForAssertion(() => Cards(page).Should().ContainSingle());
        Navigation.Uri.Should().EndWith("/catalog?kind=Notebook");

        page.Find("select[aria-label=Kind]").Change("");
        page.WaitForAssertion(() => Cards(page).Should().HaveCount(2));
        Navigation.Uri.Should().EndWith("/catalog");
    }

    [Fact]
    public void Categories_WithASearch_CountWhatMatches()
    {
        var page = Opened("/catalog?q=checkpoints");

        page.FindAll("nav[aria-label=Categories] a").Select(a => Read(a)).Should().Equal("All 1", "Notebooks 0", "Training 1");
        page.Find("nav[aria-label=Categories] a[aria-current]").TextContent.Should().Contain("All");
    }

    [Fact]
    public void Search_NothingMatches_SaysSoAndClears()
    {
        var page = Opened("/catalog?q=quantum&kind=Service", "h2");

        Read(page).Should().Contain("Nothing in the catalog matches").And.Contain("None of the 2 items");
        page.FindAll("a").Single(a => a.TextContent.Contains("Clear search and filters", StringComparison.Ordinal)).GetAttribute("href").Should().Be("/catalog");
    }

    [Fact]
    public void TargetIll_CardSaysItIsNotAvailableAndTheToggleHidesIt()
    {
        Host.Target.Description = Host.Target.Description with { Healthy = false, Reason = "The launcher is not installed." };

        var page = Opened("/catalog");
        Cards(page).Should().AllSatisfy(card => card.TextContent.Should().Contain("Not available now"));
        page.Find(".item-card .chip").GetAttribute("title").Should().Be("local: The launcher is not installed.");

        page.Find("input[role=switch]").Change(true);

        page.WaitForAssertion(() => Cards(page).Should().BeEmpty());
        Navigation.Uri.Should().EndWith("/catalog?now=1");
        Read(page).Should().Contain("and can be launched at this moment");
    }

    [Fact]
    public void DatabaseAway_SaysSoAndTryAgainShowsTheCatalog()
    {
        Database.Away = true;
        var page = Render<CatalogPage>();
        page.WaitForElement("[role=alert]").TextContent.Should().Contain("The database cannot be reached.");

        Database.Away = false;
        page.Find("[role=alert] button").Click();

        page.WaitForElement("a.item-card");
        page.FindAll("[role=alert]").Should().BeEmpty();
    }

    [Fact]
    public async Task NoItems_TeachesWhatACatalogIs()
    {
        await Host.Database.ExecuteAsync("update catalog_items set lifecycle = 'retired'");

        var page = Opened("/catalog", "h2");

        Read(page).Should().Contain("The catalog is empty").And.Contain("its administrator puts item files there");
    }

    [Fact]
    public void SignedOut_GoesToSignIn()
    {
        SignOut();

        var page = Render<CatalogPage>();

        page.WaitForAssertion(() => Navigation.Uri.Should().EndWith("/sign-in"));
    }

    private static IReadOnlyList<IElement> Cards(IRenderedComponent<CatalogPage> page) => page.FindAll("a.item-card");

    private IRenderedComponent<CatalogPage> Opened(string address, string until = "a.item-card")
    {
        Navigation.NavigateTo(address);
        var page = Render<CatalogPage>();
        page.WaitForElement(until);
        return page;
    }
}
