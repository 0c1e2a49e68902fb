using AwesomeAssertions;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Layout;

public class LayoutTests : ComponentTest
{
    private static readonly ShellModel Lena = new("Lena Meyer", "lena@example.org", ["nlp"]) { Health = "All targets healthy" };

    private IRenderedComponent<MainLayout> Draw(ShellModel? shell, RenderFragment? body = null)
    {
        ComponentFactories.AddStub<AntiforgeryToken>();
        return Render<MainLayout>(p =>
        {
            if (shell is not null) p.AddCascadingValue(shell);
            p.Add(l => l.Body, body ?? (b => b.AddMarkupContent(0, "<h1>Page</h1>")));
        });
    }

    [Fact]
    public void MainLayout_SignedIn_HasOneMainAndOnlyPagesThatExist()
    {
        var layout = Draw(Lena);

        layout.FindAll("main").Should().ContainSingle().Which.TextContent.Should().Contain("Page");
        layout.FindAll("nav[aria-label=Main] a").Select(a => a.GetAttribute("href")).Should().Equal("/", "/catalog", "/workloads", "/approvals", "/access", "/teams", "/costs");
        Read(layout.Find(".health").TextContent).Should().Be("All targets healthy");
        layout.FindAll(".skip").Should().ContainSingle();
    }

    [Fact]
    public void MainLayout_Administrator_HasTheAdminGroupToo()
        => Draw(Lena with { May = _ => true }).FindAll("nav[aria-label=Main] a").Select(a => a.GetAttribute("href")).Should().Contain(["/admin/people", "/admin/targets", "/admin/jobs", "/admin/settings"]);

    [Fact]
    public void MainLayout_Announcement_StandsAboveThePage()
        => Draw(Lena with { Announcement = "Maintenance on Friday." }).Find("main .announcement").TextContent.Should().Contain("Maintenance on Friday.");

    [Fact]
    public void MainLayout_OneTeam_NeedsNoSwitcher() => Draw(Lena).FindAll(".team-menu").Should().BeEmpty();

    [Fact]
    public void MainLayout_TwoTeams_ShowTheCurrentOne()
        => Draw(Lena with { Teams = ["nlp", "vision"], CurrentTeam = "vision" }).Find(".team-menu button").GetAttribute("aria-label").Should().Be("vision, change team");

    [Fact]
    public void MainLayout_WithoutShell_StandsAnyway()
    {
        var layout = Draw(null);

        layout.FindAll("main").Should().ContainSingle();
        layout.FindAll(".account-menu").Should().BeEmpty();
    }

    [Fact]
    public void MainLayout_Browser_GivesThemeAndZoneBeforeThePageIsDrawn()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var module = JSInterop.SetupModule("./js/portal.js");
        module.Mode = JSRuntimeMode.Loose;
        var zoneOfPage = "";
        module.Setup<BrowserFacts>("browser").SetResult(new BrowserFacts(true, "Asia/Tokyo", 540));

        var layout = Draw(Lena, b => zoneOfPage = Services.GetRequiredService<BrowserTimeZone>().Zone.Id);

        zoneOfPage.Should().Be("Asia/Tokyo");
        layout.Find("[aria-label='Use the light theme']").Should().NotBeNull();
    }

    [Fact]
    public async Task MainLayout_ThemeChangedElsewhere_Follows()
    {
        var layout = Draw(Lena);

        await layout.Instance.ThemeChanged(true);

        layout.FindAll("[aria-label='Use the light theme']").Should().ContainSingle();
    }

    [Fact]
    public void MainLayout_MenuButton_OpensTheRailAndEscCloses()
    {
        var layout = Draw(Lena);
        layout.Find("[aria-label='Open navigation']").Click();
        layout.Find("[role=dialog]").KeyDown(new KeyboardEventArgs { Key = "Escape" });

        layout.FindAll("[role=dialog]").Should().BeEmpty();
    }

    [Fact]
    public void MainLayout_SignOut_IsAPostedForm()
    {
        var form = Draw(Lena).Find("form#sign-out");

        form.GetAttribute("method").Should().Be("post");
        form.GetAttribute("action").Should().Be("/account/sign-out");
    }

    [Fact]
    public void MainLayout_FailingPage_ShowsTraceIdAndRetries()
    {
        var fails = true;
        var layout = Draw(Lena, b => Page(b, () => fails));
        layout.Find("h1").TextContent.Should().Be("This page stopped working");
        layout.Find("code").TextContent.Should().MatchRegex("^[0-9a-f]{32}$");
        layout.FindAll("nav[aria-label=Main] a").Should().NotBeEmpty();

        fails = false;
        layout.FindAll("button").Single(b => b.TextContent.Contains("Try again", StringComparison.Ordinal)).Click();

        layout.Find("main").TextContent.Should().Contain("works");
    }

    [Fact]
    public void MainLayout_AfterAFailingPage_TheNextOneIsShown()
    {
        var fails = true;
        var layout = Draw(Lena, b => Page(b, () => fails));
        fails = false;

        Services.GetRequiredService<NavigationManager>().NavigateTo("/catalog");

        layout.WaitForAssertion(() => layout.Find("main").TextContent.Should().Contain("works"));
    }

    private static void Page(RenderTreeBuilder builder, Func<bool> fails)
    {
        builder.OpenComponent<Fragile>(0);
        builder.AddComponentParameter(1, nameof(Fragile.Fails), fails);
        builder.CloseComponent();
    }

    private sealed class Fragile : ComponentBase
    {
        [Parameter] public Func<bool> Fails { get; set; } = () => false;

        protected override void BuildRenderTree(RenderTreeBuilder builder)
        {
            if (Fails()) throw new InvalidOperationException("broken on purpose");
            builder.AddContent(0, "works");
        }
    }
}
