using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>The API reference in a browser that nobody has signed in with: accessible, nothing from elsewhere, no script refused, and its commands can be copied.</summary>
public sealed class ApiDocsTests
{
    [Fact]
    public async Task Reference_InBothThemesAndWidths_IsAccessibleFitsAndCopies()
    {
        await using var portal = await PortalProcess.StartAsync();
        await using var chromium = await Chromium.StartAsync();
        var wrong = new List<string>();
        foreach (var (theme, width) in new[] { (ColorScheme.Light, 390), (ColorScheme.Dark, 1280), (ColorScheme.Light, 1280) })
        {
            var context = await chromium.Browser.NewContextAsync(new() { ColorScheme = theme, ViewportSize = new() { Width = width, Height = 900 }, Permissions = ["clipboard-read", "clipboard-write"] });
            var page = await context.NewPageAsync();
            page.Request += (_, request) => { if (!request.Url.StartsWith(portal.Url.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) wrong.Add($"loads {request.Url}"); };
            page.Console += (_, message) => { if (message.Type == "error") wrong.Add($"{theme} {width}: {message.Text}"); };
            page.PageError += (_, error) => wrong.Add($"script error: {error}");
            await page.GotoAsync($"{portal.Url}api-docs");
            await page.WaitForSelectorAsync("#launchWorkload");
            await Chromium.PictureAsync(page, $"api-docs-{theme}-{width}");
            wrong.AddRange((await Chromium.FindingsAsync(page)).Select(f => $"{theme} {width}: {f}"));
            var wide = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
            if (wide > width) wrong.Add($"{wide} px wide on a screen of {width}");
            await page.ClickAsync("#launchWorkload button[data-copy] >> nth=0");
            await page.WaitForSelectorAsync("#launchWorkload button:has-text('Copied')");
            (await page.EvaluateAsync<string>("() => navigator.clipboard.readText()")).Should().StartWith("curl -X POST").And.Contain("$PORTAL_URL/api/v1/workloads");
            await page.ClickAsync("nav >> text=Stops a workload >> nth=0");
            page.Url.Should().EndWith("/api-docs#stopWorkload");
            await Chromium.PictureAsync(page, $"api-docs-operation-{theme}-{width}");
            await context.CloseAsync();
        }
        wrong.Should().BeEmpty();
    }
}
