using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Portal.Testing.Hosting;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>The distribution's Chromium, driven by Playwright.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    private readonly IPlaywright _playwright;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, Browser) = (playwright, browser);

    public IBrowser Browser { get; }

    /// <summary>Where pictures of pages are kept.</summary>
    public static string Pictures { get; } = Directory.CreateDirectory(Path.Combine(RepositoryFolder.Root, "TestResults", "screens")).FullName;

    public static async Task<Chromium> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return new Chromium(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Arguments }));
    }

    /// <summary>A browser profile of its own, signed in as the first administrator unless told otherwise.</summary>
    public async Task<IPage> SignInAsync(PortalProcess portal, int width = 1280, ColorScheme theme = ColorScheme.Light, string email = "admin@portal.local", string? password = null)
    {
        var context = await Browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = width < 500 ? 844 : 900 }, ColorScheme = theme });
        context.SetDefaultTimeout(60_000);
        var page = await context.NewPageAsync();
        await page.GotoAsync($"{portal.Url}sign-in");
        await page.FillAsync("#email", email);
        await page.FillAsync("#password", password ?? portal.AdminPassword);
        await page.ClickAsync("button[type=submit]");
        // The form's own page has a heading too: a journey that went on from there would cut its own sign-in off.
        await page.WaitForURLAsync(url => !url.Contains("/sign-in", StringComparison.Ordinal));
        await page.WaitForSelectorAsync("main h1");
        return page;
    }

    /// <summary>Serious and critical findings of axe, in words.</summary>
    public static async Task<IReadOnlyList<string>> FindingsAsync(IPage page)
    {
        await SettleAsync(page);
        // Passes are not looked at; leaving them out spares most of the answer.
        var result = await page.RunAxe(new AxeRunOptions { ResultTypes = [ResultType.Violations] });
        return [.. result.Violations.Where(v => v.Impact is "serious" or "critical").Select(v => $"{v.Impact} {v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Take(4).Select(n => n.Html))}")];
    }

    /// <summary>Waits until nothing fades any more, two seconds at most: words that are half there have no contrast.</summary>
    private static Task SettleAsync(IPage page) => page.EvaluateAsync(
        """
        () => Promise.race([
          new Promise(late => setTimeout(late, 2000)),
          Promise.all(document.getAnimations().filter(a => a.effect?.getComputedTiming().endTime !== Infinity).map(a => a.finished.catch(() => {})))])
        """);

    public static Task PictureAsync(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, name + ".png") });

    /// <summary>Pictures of a page in both themes and widths. Answers what is wrong there: too wide for the screen, or found by axe, which is slow and looks at one width of each theme.</summary>
    public static async Task<IReadOnlyList<string>> LookAsync(IPage page, string name)
    {
        List<string> wrong = [];
        foreach (var (theme, width) in new[] { (ColorScheme.Light, 1280), (ColorScheme.Dark, 1280), (ColorScheme.Dark, 390), (ColorScheme.Light, 390) })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = theme });
            await page.SetViewportSizeAsync(width, width < 500 ? 844 : 900);
            await page.WaitForTimeoutAsync(300);
            var picture = $"{name}-{(theme == ColorScheme.Dark ? "dark" : "light")}-{width}";
            await page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, picture + ".png"), FullPage = width < 500 });
            var wide = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
            if (wide > width) wrong.Add($"{picture}: {wide} px wide");
            if ((theme == ColorScheme.Dark) == (width == 1280)) wrong.AddRange((await FindingsAsync(page)).Select(f => $"{picture}: {f}"));
        }
        await page.SetViewportSizeAsync(1280, 900);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        return wrong;
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.CloseAsync();
        _playwright.Dispose();
    }
}
