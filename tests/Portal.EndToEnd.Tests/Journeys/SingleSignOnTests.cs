using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.OpenId;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>Somebody new comes in with the organisation's account, is in no team, asks, and is let in.</summary>
public sealed class SingleSignOnTests : IAsyncLifetime
{
    private PortalProcess _portal = null!;
    private Chromium _chromium = null!;
    private OpenIdProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _chromium = await Chromium.StartAsync();
        // The provider must know the portal's address and the portal the provider's.
        _portal = await PortalProcess.StartAsync();
        _provider = await OpenIdProvider.StartAsync(_portal.Url);
        await _portal.KillAsync();
        await _portal.RunAsync(_provider.Settings.ToDictionary(s => s.Key.Replace(":", "__", StringComparison.Ordinal), s => s.Value));
        await _portal.WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _portal.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task NewPerson_SignsInWithTheProvider_AsksATeam_AndIsLetIn()
    {
        await _portal.Api.AddPersonAsync("Max", ["vision!"]);
        _provider.Person("lena").Name = "Lena Winter";
        foreach (var (width, theme) in new[] { (1280, ColorScheme.Light), (1280, ColorScheme.Dark), (390, ColorScheme.Light), (390, ColorScheme.Dark) }) await PicturesAsync(width, theme);

        var lena = await PageAsync(1280, ColorScheme.Light);
        await lena.GotoAsync(new Uri(_provider.Url, "/be/lena").ToString());
        await lena.GotoAsync($"{_portal.Url}sign-in");
        await lena.ClickAsync("text=Sign in with Example Corp");
        await lena.WaitForSelectorAsync("text=You are signed in, but in no team yet.");
        await lena.WaitForSelectorAsync("text=Administrators of this portal");
        await lena.GotoAsync($"{_portal.Url}launch/python-training");
        await lena.ClickAsync("main a:has-text('Join a team')");
        await lena.SelectOptionAsync("#join-team", "vision");
        await lena.FillAsync("#join-reason", "I work on defect detection with Max.");
        await lena.ClickAsync("button:has-text('Ask to join')");
        await lena.WaitForSelectorAsync("text=You asked to join vision");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();
        await Chromium.PictureAsync(lena, "join-waiting-light-1280");

        var max = await _chromium.SignInAsync(_portal, email: "max@example.org", password: PortalPeople.Password);
        await max.GotoAsync($"{_portal.Url}approvals");
        await max.WaitForSelectorAsync("h2:has-text('Lena asks to join vision')");
        await Chromium.PictureAsync(max, "approvals-join-light-1280");
        await max.ClickAsync("main button:has-text('Approve')");
        await lena.WaitForSelectorAsync("text=You are in vision now.");
        await lena.ClickAsync("main a:has-text('Open the catalog')");
        await lena.WaitForURLAsync("**/catalog");
        await lena.GotoAsync($"{_portal.Url}launch/python-training?hardware=cpu-tiny");
        await lena.WaitForSelectorAsync("button:has-text('Launch for')");

        await lena.ClickAsync("button.account-menu, .account-menu button");
        await lena.ClickAsync("text=Sign out");
        await lena.WaitForSelectorAsync("text=Sign in with Example Corp");
        _provider.SignedOut.Should().Equal("lena");
    }

    private async Task PicturesAsync(int width, ColorScheme theme)
    {
        var name = $"{theme.ToString().ToLowerInvariant()}-{width}";
        var page = await PageAsync(width, theme);
        await page.GotoAsync($"{_portal.Url}sign-in");
        await page.WaitForSelectorAsync("text=Sign in with Example Corp");
        (await Chromium.FindingsAsync(page)).Should().BeEmpty();
        await Chromium.PictureAsync(page, $"sign-in-provider-{name}");
        await page.GotoAsync(new Uri(_provider.Url, "/be/lena").ToString());
        await page.GotoAsync($"{_portal.Url}account/oidc/sign-in");
        await page.WaitForSelectorAsync("text=Administrators of this portal");
        (await Chromium.FindingsAsync(page)).Should().BeEmpty();
        (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth")).Should().BeTrue("nothing is cut off at the side");
        await Chromium.PictureAsync(page, $"no-team-{name}");
        await page.Context.CloseAsync();
    }

    private async Task<IPage> PageAsync(int width, ColorScheme theme)
    {
        var context = await _chromium.Browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = width < 500 ? 844 : 900 }, ColorScheme = theme });
        context.SetDefaultTimeout(60_000);
        return await context.NewPageAsync();
    }
}
