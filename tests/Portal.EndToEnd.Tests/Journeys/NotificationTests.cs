using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.Application.Notifications;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Notifications;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>A run fails: its owner's open page hears of it by itself, her mail server and her webhook too, and what does not arrive is listed.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private readonly SmtpServerProcess _mail = new();
    private WebhookReceiver _hook = null!;
    private PortalProcess _portal = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        await _mail.StartAsync();
        _hook = await WebhookReceiver.StartAsync();
        _portal = await PortalProcess.StartAsync(new Dictionary<string, string>
        {
            ["Mail__Host"] = "127.0.0.1", ["Mail__Port"] = $"{_mail.Port}", ["Mail__Security"] = "none", ["Mail__From"] = "portal@example.org", ["Webhooks__AllowPrivate"] = "true",
        });
        _chromium = await Chromium.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _portal.DisposeAsync();
        await _hook.DisposeAsync();
        await _mail.DisposeAsync();
    }

    [Fact]
    public async Task FailedRun_ReachesTheOpenPageTheMailAndTheWebhook()
    {
        var token = await _portal.Api.PersonAsync("lena@example.org", "vision");
        var lena = await _chromium.SignInAsync(_portal, email: "lena@example.org", password: "correct horse battery staple");
        await lena.GotoAsync($"{_portal.Url}account?tab=notifications");
        await lena.FillAsync("#webhook-url", _hook.Url + "/lena");
        await lena.ClickAsync("main button:has-text('Save')");
        var secret = (await lena.InnerTextAsync("main pre")).Trim();
        await lena.CheckAsync("input[aria-label='A workload failed: webhook']");
        await lena.ClickAsync("text=Send a test e-mail");
        await lena.WaitForSelectorAsync("text=The mail server has taken a test to lena@example.org");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();
        await Chromium.PictureAsync(lena, "account-notifications-light-1280");
        await lena.WaitForSelectorAsync("[aria-label='Notifications']");

        var id = await _portal.Api.LaunchAsync(new { item = "python-training", name = "will-fail", hardware = "cpu-tiny", parameters = new { script = "raise SystemExit(3)" } }, token);
        await _portal.Api.WaitForAsync(id, "Failed");

        await lena.WaitForSelectorAsync("[aria-label='Notifications, 1']", new() { Timeout = 5_000 });
        await UntilAsync(() => _mail.Messages().Count == 2 && !_hook.Calls.IsEmpty);
        _mail.Messages()[1].Subject.Should().Be("“will-fail” failed");
        var call = _hook.Calls.Should().ContainSingle().Subject;
        call.Headers["X-Portal-Signature"].Should().Be(WebhookSecrets.Sign(secret, call.Headers["X-Portal-Timestamp"], call.Body));
        call.Json.GetProperty("link").GetString().Should().EndWith($"/workloads/{id}");

        await lena.ClickAsync("[aria-label='Notifications, 1']");
        await lena.WaitForSelectorAsync("text=“will-fail” failed");
        await Chromium.PictureAsync(lena, "bell-light-1280");
        (await Chromium.FindingsAsync(lena)).Should().BeEmpty();
        await OpenFromBellAsync(lena, id);
        await lena.WaitForSelectorAsync("[aria-label='Notifications']");

        await _portal.Database.ExecuteAsync("update notification_deliveries set state = 'Failed', attempts = 8, last_error = 'The mail server refused the recipient: 550 5.1.1 There is no such person here' where channel = 'Email'");
        await PicturesAsync();
    }

    // The list may be drawn anew between pressing and letting go; a person would press again.
    private static async Task OpenFromBellAsync(IPage page, Guid id)
    {
        for (var i = 0; i < 4 && !page.Url.EndsWith($"/workloads/{id}", StringComparison.Ordinal); i++)
        {
            var entry = page.Locator(".mud-menu-item:has-text('“will-fail” failed')");
            if (!await entry.IsVisibleAsync()) await page.ClickAsync("[aria-label^='Notifications']");
            await entry.ClickAsync();
            await page.WaitForTimeoutAsync(3_000);
        }
        page.Url.Should().EndWith($"/workloads/{id}");
    }

    private async Task PicturesAsync()
    {
        foreach (var (width, theme) in new[] { (1280, ColorScheme.Dark), (390, ColorScheme.Light) })
        {
            var name = $"{theme.ToString().ToLowerInvariant()}-{width}";
            var lena = await _chromium.SignInAsync(_portal, width, theme, "lena@example.org", "correct horse battery staple");
            foreach (var (path, picture) in new[] { ("notifications", "notifications"), ("account?tab=notifications", "account-notifications") })
            {
                await lena.GotoAsync(_portal.Url + path);
                await lena.WaitForSelectorAsync(picture == "notifications" ? "main >> text=“will-fail” failed" : "text=Given up after 8 attempts");
                await Chromium.PictureAsync(lena, $"{picture}-{name}");
                (await Chromium.FindingsAsync(lena)).Should().BeEmpty(picture + name);
                (await lena.EvaluateAsync<int>("document.documentElement.scrollWidth - window.innerWidth")).Should().BeLessThanOrEqualTo(0, $"{picture} at {width} px does not scroll sideways");
            }
            await lena.ClickAsync("[aria-label='Notifications']");
            await lena.WaitForSelectorAsync("text=All notifications");
            await lena.WaitForTimeoutAsync(400);
            await Chromium.PictureAsync(lena, $"bell-{name}");
            var admin = await _chromium.SignInAsync(_portal, width, theme);
            await admin.GotoAsync(_portal.Url + "admin/deliveries");
            await admin.WaitForSelectorAsync("text=There is no such person here >> visible=true");
            await Chromium.PictureAsync(admin, $"deliveries-{name}");
            (await Chromium.FindingsAsync(admin)).Should().BeEmpty("deliveries" + name);
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 300 && !holds(); i++) await Task.Delay(100);
        holds().Should().BeTrue();
    }
}
