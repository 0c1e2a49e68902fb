using AwesomeAssertions;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using Portal.Web.Components.Surfaces;
using Xunit;

namespace Portal.Web.Tests.Components.Surfaces;

public class SurfaceTests : ComponentTest
{
    [Fact]
    public void PageHeader_Crumbs_LinkAllButTheLast()
    {
        var header = Render<PageHeader>(p => p.Add(h => h.Title, "tiny-lm").Add(h => h.Crumbs, [new Crumb("Workloads", "/workloads"), new Crumb("tiny-lm")]));

        header.Find("h1").TextContent.Should().Be("tiny-lm");
        header.FindAll("nav a").Select(a => a.GetAttribute("href")).Should().Equal("/workloads");
        header.Find("nav [aria-current=page]").TextContent.Should().Be("tiny-lm");
    }

    [Fact]
    public void Card_WithTitle_IsARegionNamedByIt()
    {
        var card = Render<Card>(p => p.Add(c => c.Title, "Facts").Add(c => c.Sub, "as billed").Add(c => c.Count, 1204).AddChildContent("body"));

        card.Find("section").GetAttribute("aria-labelledby").Should().Be(card.Find("h2").Id);
        card.Find(".count").TextContent.Should().Be("1,204");
        card.Find(".body").TextContent.Should().Be("body");
    }

    [Fact]
    public void Card_WithoutTitle_HasNoHead() => Render<Card>(p => p.AddChildContent("x")).FindAll(".head").Should().BeEmpty();

    [Fact]
    public void Tabs_Active_IsTheCurrentPage()
    {
        var tabs = Render<Tabs>(p => p.Add(t => t.Items, [new TabItem("a", "Overview", "?tab=a"), new TabItem("b", "Metrics", "?tab=b", 9)]).Add(t => t.Active, "b"));

        tabs.FindAll("a").Should().HaveCount(2);
        Words(tabs.Find("[aria-current=page]")).Should().Be("Metrics 9");
    }

    [Fact]
    public void Tabs_ArrowKeys_MoveTheFocusAround()
    {
        var tabs = Render<Tabs>(p => p.Add(t => t.Items, [new TabItem("a", "A", "?tab=a"), new TabItem("b", "B", "?tab=b")]).Add(t => t.Active, "a"));

        tabs.FindAll("a")[1].Focus();
        tabs.Find("nav").KeyDown(new KeyboardEventArgs { Key = "ArrowRight" });

        JSInterop.Invocations.Count(i => i.Identifier == "Blazor._internal.domWrapper.focus").Should().Be(1);
    }

    [Fact]
    public void Fact_WithoutValue_IsADash() => Render<Fact>(p => p.Add(f => f.Label, "Instance")).Find("dd").TextContent.Should().Be("—");

    [Fact]
    public void EmptyState_All_IsShownInOrder()
    {
        var empty = Render<EmptyState>(p => p.Add(e => e.Title, "You have nothing running").AddChildContent("A workload is …").Add(e => e.Action, "<button>Open the catalog</button>").Add(e => e.StartingPoints, "<p>one</p>"));

        empty.Find("h2").TextContent.Should().Be("You have nothing running");
        empty.Find(".action button").TextContent.Should().Be("Open the catalog");
        empty.Find(".points").TextContent.Should().Be("one");
    }

    [Fact]
    public void Notice_WithChoices_IsACardWithHeading()
    {
        var notice = Render<Notice>(p => p.Add(n => n.Tone, Portal.Web.Components.Values.Tone.Waiting).Add(n => n.Title, "Nobody has room").Add(n => n.Choices, "<p>wait</p>"));

        notice.Find("h2").TextContent.Should().Be("Nobody has room");
        notice.Find(".choices").TextContent.Should().Be("wait");
    }

    [Fact]
    public void Notice_Alone_IsABoxAndAlertOnlyWhenAsked()
    {
        Render<Notice>(p => p.Add(n => n.Title, "Taken.")).Find("section").HasAttribute("role").Should().BeFalse();
        Render<Notice>(p => p.Add(n => n.Title, "Taken.").Add(n => n.Alert, true)).Find("section.box").GetAttribute("role").Should().Be("alert");
    }

    [Theory]
    [InlineData(0.684, "68.4")]
    [InlineData(1.7, "100")]
    [InlineData(-1, "0")]
    [InlineData(double.NaN, "0")]
    public void Meter_AnyShare_StaysWithinItsEnds(double share, string now)
        => Render<Meter>(p => p.Add(m => m.Value, share).Add(m => m.Label, "Budget")).Find("[role=meter]").GetAttribute("aria-valuenow").Should().Be(now);

    [Fact]
    public async Task ConfirmDialog_Asked_FocusesTheSafeButtonAndCancelMeansNo()
    {
        var provider = Render<MudDialogProvider>();
        var asked = provider.InvokeAsync(() => Services.GetRequiredService<IDialogService>().ConfirmAsync(new Confirmation("Delete tiny-lm?", "It is gone then.", "Delete") { Lost = ["its folder"] }));
        provider.WaitForElement(".mud-dialog h2").TextContent.Should().Be("Delete tiny-lm?");
        provider.Find(".dialog-lost").TextContent.Should().Contain("its folder");

        var buttons = provider.FindAll(".mud-dialog-actions button");
        buttons.Select(b => Read(b.TextContent)).Should().Equal("Cancel", "Delete");
        var focused = JSInterop.Invocations.Where(i => i.Identifier == "Blazor._internal.domWrapper.focus").Select(i => ((ElementReference)i.Arguments[0]!).Id);
        focused.Last().Should().Be(buttons[0].GetAttribute("blazor:elementReference"));
        await buttons[0].ClickAsync(new MouseEventArgs());

        (await asked).Should().BeFalse();
    }

    [Fact]
    public async Task ConfirmDialog_Confirmed_MeansYes()
    {
        var provider = Render<MudDialogProvider>();
        var asked = provider.InvokeAsync(() => Services.GetRequiredService<IDialogService>().ConfirmAsync(new Confirmation("Delete tiny-lm?", "It is gone then.", "Delete")));
        provider.WaitForElement(".mud-dialog");

        await provider.FindAll(".mud-dialog-actions button")[1].ClickAsync(new MouseEventArgs());

        (await asked).Should().BeTrue();
    }

    [Fact]
    public void CopyButton_Refused_SaysSo()
    {
        var module = JSInterop.SetupModule("./js/portal.js");
        module.Setup<bool>("copy", "secret").SetResult(false);
        var button = Render<CopyButton>(p => p.Add(b => b.Text, "secret"));

        button.Find("button").Click();

        button.Find("[role=status]").TextContent.Should().Contain("did not allow");
    }

    [Fact]
    public void CopyButton_Copied_SaysSo()
    {
        var module = JSInterop.SetupModule("./js/portal.js");
        module.Setup<bool>("copy", "text").SetResult(true);
        var button = Render<CopyButton>(p => p.Add(b => b.Text, "text"));

        button.Find("button").Click();

        button.Find("[role=status]").TextContent.Should().Be("Copied");
    }

    [Fact]
    public void CodeBlock_Markup_IsTextOnly() => Render<CodeBlock>(p => p.Add(c => c.Text, "<script>alert(1)</script>")).FindAll("code script").Should().BeEmpty();

    [Fact]
    public void SkeletonRows_Loading_IsNamed() => Render<SkeletonRows>(p => p.Add(s => s.Count, 3)).FindAll("[role=status] .skeleton").Should().HaveCount(3);
}
