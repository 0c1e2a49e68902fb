using AwesomeAssertions;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Portal.Web.Components.Forms;
using Xunit;

namespace Portal.Web.Tests.Components.Forms;

public class FormTests : ComponentTest
{
    private static readonly IReadOnlyList<Choice<string>> Places = [new("ec2", "ec2"), new("local", "local", true) { Reason = "local has no GPU" }, new("k8s", "k8s-frankfurt")];

    [Fact]
    public void SegmentedChoice_ArrowRight_SkipsWhatCannotBeChosen()
    {
        string? chosen = null;
        var choice = Render<SegmentedChoice<string>>(p => p.Add(c => c.Items, Places).Add(c => c.Value, "ec2").Add(c => c.Label, "Where").Add(c => c.ValueChanged, v => chosen = v));

        choice.Find("[role=radiogroup]").KeyDown(new KeyboardEventArgs { Key = "ArrowRight" });

        chosen.Should().Be("k8s");
    }

    [Fact]
    public void SegmentedChoice_Chosen_IsTheOnlyTabStop()
    {
        var choice = Render<SegmentedChoice<string>>(p => p.Add(c => c.Items, Places).Add(c => c.Value, "k8s"));

        choice.FindAll("[tabindex='0']").Should().ContainSingle().Which.TextContent.Should().Be("k8s-frankfurt");
        choice.Find("[aria-checked=true]").TextContent.Should().Be("k8s-frankfurt");
    }

    [Fact]
    public void SegmentedChoice_Disabled_SaysWhyAndCannotBeChosen()
    {
        string? chosen = null;
        var choice = Render<SegmentedChoice<string>>(p => p.Add(c => c.Items, Places).Add(c => c.Value, "ec2").Add(c => c.ValueChanged, v => chosen = v));
        var local = choice.FindAll("[role=radio]")[1];

        local.Click();

        chosen.Should().BeNull();
        local.GetAttribute("title").Should().Be("local has no GPU");
    }

    [Theory]
    [InlineData("ArrowDown", 0, 2)]
    [InlineData("ArrowUp", 0, 2)]
    [InlineData("Home", 2, 0)]
    [InlineData("End", 0, 2)]
    [InlineData("a", 0, null)]
    public void RadioGroup_Key_GoesToTheNextEnabled(string key, int from, int? to) => RadioGroup.Next(key, from, 3, i => i != 1).Should().Be(to);

    [Fact]
    public void RadioGroup_NothingEnabled_GoesNowhere() => RadioGroup.Next("ArrowRight", 0, 3, _ => false).Should().BeNull();

    [Fact]
    public void ChoiceCards_Click_ChoosesUnlessDisabled()
    {
        string? chosen = null;
        var cards = Render<ChoiceCards<string>>(p => p
            .Add(c => c.Items, [new ChoiceCard<string>("t4", "1×T4", "4 vCPU"), new ChoiceCard<string>("h100", "8×H100") { Disabled = true, Reason = "No target has it" }])
            .Add(c => c.ValueChanged, v => chosen = v));

        cards.FindAll("[role=radio]")[1].Click();
        chosen.Should().BeNull();
        cards.FindAll("[role=radio]")[0].Click();
        chosen.Should().Be("t4");
        cards.Markup.Should().Contain("No target has it");
    }

    [Fact]
    public void Field_Error_ReplacesHelpAndIsAnnounced()
    {
        var field = Render<Field>(p => p.Add(f => f.Label, "Steps").Add(f => f.For, "steps").Add(f => f.Help, "100 to 200,000").Add(f => f.Error, "Too many."));

        field.Find("label").GetAttribute("for").Should().Be("steps");
        field.Find("[role=alert]").TextContent.Should().Be("Too many.");
        field.Markup.Should().NotContain("100 to 200,000");
    }

    [Fact]
    public void FilterChip_Remove_IsNamedByItsFilter()
    {
        var removed = false;
        var chip = Render<FilterChip>(p => p.Add(c => c.Text, "Team: nlp").Add(c => c.OnRemove, () => removed = true));

        chip.Find("button[aria-label='Remove filter Team: nlp']").Click();

        removed.Should().BeTrue();
    }

    [Theory]
    [InlineData(1, 15, 46, "1–15 of 46", false, true)]
    [InlineData(4, 15, 46, "46–46 of 46", true, false)]
    [InlineData(1, 15, 0, "None", false, false)]
    [InlineData(2, 5000, 10000, "5,001–10,000 of 10,000", true, false)]
    public void Pager_AnyPage_SaysWhereOneIs(int page, int size, long total, string range, bool previous, bool next)
    {
        var pager = Render<Pager>(p => p.Add(x => x.Page, page).Add(x => x.PageSize, size).Add(x => x.Total, total));

        pager.Find(".range").TextContent.Should().Be(range);
        pager.FindAll("a[rel=prev]").Should().HaveCount(previous ? 1 : 0);
        pager.FindAll("a[rel=next]").Should().HaveCount(next ? 1 : 0);
    }

    [Fact]
    public void Pager_Links_KeepTheOtherQuery()
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo("/workloads?kind=Notebook&page=2");

        var pager = Render<Pager>(p => p.Add(x => x.Page, 2).Add(x => x.PageSize, 15).Add(x => x.Total, 100));

        pager.Find("a[rel=next]").GetAttribute("href").Should().EndWith("/workloads?kind=Notebook&page=3");
        pager.Find("a[rel=prev]").GetAttribute("href").Should().EndWith("/workloads?kind=Notebook");
    }

    [Fact]
    public void Pager_OtherSize_StartsOver()
    {
        var navigation = Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/workloads?page=2");
        var pager = Render<Pager>(p => p.Add(x => x.Page, 2).Add(x => x.PageSize, 15).Add(x => x.Total, 100));

        pager.Find("select").Change("50");

        navigation.Uri.Should().EndWith("/workloads?pageSize=50");
    }

    [Fact]
    public void SideSheet_Opened_IsADialogThatEscCloses()
    {
        var sheet = Render<SideSheet>(p => p.Add(s => s.Count, 2).AddChildContent("<p>filters</p>"));
        sheet.Find("button").Click();

        sheet.Find("[role=dialog]").KeyDown(new KeyboardEventArgs { Key = "Escape" });

        sheet.FindAll("[role=dialog]").Should().BeEmpty();
    }

    [Fact]
    public void SignInForm_Refused_KeepsTheAddressAndSaysWhy()
    {
        var form = Render<SignInForm>(p => p.Add(f => f.Email, "lena@example.org").Add(f => f.Error, "Not right.").Add(f => f.ReturnUrl, "/workloads"));

        form.Find("form").GetAttribute("method").Should().Be("post");
        form.Find("[role=alert]").TextContent.Should().Be("Not right.");
        form.Find("input[name=email]").GetAttribute("value").Should().Be("lena@example.org");
        form.Find("input[name=password]").GetAttribute("value").Should().BeNull();
        form.Find("input[name=returnUrl]").GetAttribute("value").Should().Be("/workloads");
    }
}
