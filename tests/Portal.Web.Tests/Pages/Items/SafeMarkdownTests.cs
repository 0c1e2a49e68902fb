using AwesomeAssertions;
using Portal.Web.Components.Pages.Items;
using Xunit;

namespace Portal.Web.Tests.Pages.Items;

public sealed class SafeMarkdownTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "<script")]
    [InlineData("a <img src=x onerror=alert(1)> b", "<img")]
    [InlineData("[x](javascript:alert(1))", "javascript:")]
    [InlineData("[x](JaVaScRiPt:alert(1))", "cript:alert")]
    [InlineData("[x][r]\n\n[r]: javascript:alert(1)", "javascript:")]
    [InlineData("[x](data:text/html;base64,AAAA)", "data:")]
    [InlineData("[x](//elsewhere.example/a)", "elsewhere")]
    [InlineData("[x](/\\elsewhere.example)", "elsewhere")]
    [InlineData("<javascript:alert(1)>", "href")]
    [InlineData("![pixel](https://elsewhere.example/p.png)", "<img")]
    [InlineData("# Title", "<h1")]
    [InlineData("text {onclick=alert(1)}\n{onclick=alert(1)}", " onclick=")]
    public void ToHtml_Dangerous_IsNotInThePage(string markdown, string never)
    {
        var html = SafeMarkdown.ToHtml(markdown);

        if (never == " onclick=") html.Should().NotContain("<p onclick").And.Contain("{onclick");
        else html.Should().NotContainEquivalentOf(never);
    }

    [Fact]
    public void ToHtml_LinkOutside_OpensBesideThePortalWithoutTellingWhereFrom() =>
        SafeMarkdown.ToHtml("[Docs](https://docs.example/a?b=1)").Should().Contain("<a href=\"https://docs.example/a?b=1\"").And.Contain("rel=\"noopener noreferrer\"").And.Contain("target=\"_blank\"");

    [Fact]
    public void ToHtml_LinkInside_StaysInThePage() =>
        SafeMarkdown.ToHtml("[Other](/catalog/python-training)").Should().Contain("href=\"/catalog/python-training\"").And.NotContain("target=");

    [Fact]
    public void ToHtml_HeadingListTableCode_AreDrawnBelowThePagesHeadings()
    {
        var html = SafeMarkdown.ToHtml("# A\n\n- one\n\n| a | b |\n| --- | --- |\n| 1 | `x < y` |\n");

        html.Should().Contain("<h3").And.Contain("<li>one</li>").And.Contain("<td><code>x &lt; y</code></td>");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("  \n")]
    public void ToHtml_Nothing_IsNothing(string? markdown) => SafeMarkdown.ToHtml(markdown).Should().BeEmpty();
}
