using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>Every page, light and dark, wide and narrow: axe finds nothing serious, nothing is wider than the screen, nothing loads from elsewhere; a picture of each is kept.</summary>
public sealed class PageTests(PortalAndBrowser fixture) : IClassFixture<PortalAndBrowser>
{
    private readonly PortalProcess _portal = fixture.Portal;
    private readonly Chromium _chromium = fixture.Chromium;

    [Fact]
    public async Task Pages_InBothThemesAndWidths_AreAccessibleAndFit()
    {
        var notebook = await _portal.Api.LaunchAsync(new { item = "jupyter-notebook", name = "lena-notebook", hardware = "cpu-small", tags = new { project = "demo" }, reason = "Exploring the sales data" });
        var run = await _portal.Api.LaunchAsync(new { item = "python-training", name = "tiny-regression", hardware = "cpu-tiny" });
        var failed = await _portal.Api.LaunchAsync(new { item = "python-training", name = "broken-run", hardware = "cpu-tiny", parameters = new { script = "raise SystemExit('no data found in /data')" } });
        await _portal.Api.WaitForAsync(run, "Succeeded");
        await _portal.Api.WaitForAsync(failed, "Failed");
        await _portal.Api.WaitForAsync(notebook, "Running");
        (string Name, string Path)[] pages =
        [
            ("home", ""), ("catalog", "catalog"), ("item", "catalog/jupyter-notebook"), ("item-parameters", "catalog/python-training?tab=parameters"), ("launch", "launch/python-training"), ("launch-notebook", "launch/jupyter-notebook"),
            ("workloads", "workloads"), ("workload", $"workloads/{notebook}"), ("workload-logs", $"workloads/{run}/logs"), ("workload-metrics", $"workloads/{run}/metrics"), ("workload-cost", $"workloads/{run}/cost"),
            ("workload-timeline", $"workloads/{run}/timeline"), ("workload-artifacts", $"workloads/{run}/artifacts"), ("workload-settings", $"workloads/{notebook}/settings"), ("workload-failed", $"workloads/{failed}"),
            ("costs", "costs"), ("account", "account"), ("account-tokens", "account?tab=tokens"), ("admin-people", "admin/people"), ("admin-teams", "admin/people?tab=teams"), ("admin-targets", "admin/targets"), ("admin-settings", "admin/settings"),
            ("approvals", "approvals"), ("approvals-delegations", "approvals/delegations"), ("access", "access"), ("team", "teams"), ("approvals-times", "approvals/times"), ("access-restrictions", "access/restrictions"), ("admin-policies", "admin/policies"), ("admin-audit", "admin/audit"), ("not-found", "no-such-page"),
        ];
        var wrong = await Task.WhenAll(LookAsync(pages, ColorScheme.Light), LookAsync(pages, ColorScheme.Dark));
        wrong.SelectMany(w => w).Should().BeEmpty();
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

    /// <summary>Every page at both widths in one theme. Axe is slow and does not mind the width: it looks at the wide pages in the dark and at the narrow ones in the light.</summary>
    private async Task<List<string>> LookAsync((string Name, string Path)[] pages, ColorScheme theme)
    {
        var wrong = new List<string>();
        foreach (var width in new[] { 1280, 390 })
        {
            var page = await _chromium.SignInAsync(_portal, width, theme);
            page.Request += (_, request) => { if (!request.Url.StartsWith(_portal.Url.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) wrong.Add($"loads {request.Url}"); };
            page.PageError += (_, error) => wrong.Add($"script error: {error}");
            foreach (var (name, path) in pages)
            {
                var picture = $"{name}-{(theme == ColorScheme.Dark ? "dark" : "light")}-{width}";
                await page.GotoAsync($"{_portal.Url}{path}");
                await page.WaitForSelectorAsync("main h1, main h2");
                // Data and fonts come a moment after the frame.
                await page.WaitForTimeoutAsync(400);
                await Chromium.PictureAsync(page, picture);
                if ((theme == ColorScheme.Dark) == (width == 1280)) wrong.AddRange((await Chromium.FindingsAsync(page)).Select(f => $"{picture}: {f}"));
                var wide = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
                if (wide > width) wrong.Add($"{picture}: {wide} px wide on a screen of {width}");
            }
            await page.Context.CloseAsync();
        }
        return wrong;
    }
}
