using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>From a text to a model that answers: train it, watch it learn, deploy it from the run's page, chat with it.</summary>
public sealed class ModelTests(PortalAndBrowser fixture) : IClassFixture<PortalAndBrowser>
{
    private readonly PortalProcess _portal = fixture.Portal;
    private readonly Chromium _chromium = fixture.Chromium;

    [Fact]
    public async Task TinyModel_TrainedDeployedAndChattedWith()
    {
        var page = await _chromium.SignInAsync(_portal);
        await page.GotoAsync($"{_portal.Url}launch/tiny-lm-training");
        await page.FillAsync("#parameter-steps", "300");
        await page.ClickAsync("button:has-text('Launch for')");
        await page.WaitForURLAsync("**/workloads/*");
        await page.ClickAsync("nav >> text=Metrics");
        var first = await LossAsync(page, 0);
        var run = page.Url.Split('/')[^2];
        await _portal.Api.WaitForAsync(Guid.Parse(run), "Succeeded");
        (await LossAsync(page, 299)).Should().BeLessThan(first, "it learned, live on the page");
        await Chromium.PictureAsync(page, "tiny-lm-metrics-light-1280");

        await page.GetByText("Deploy").First.ClickAsync();
        await page.WaitForURLAsync($"**/launch/tiny-lm-endpoint?run={run}");
        (await page.InputValueAsync("#parameter-run")).Should().Be(run);
        await Chromium.PictureAsync(page, "tiny-lm-deploy-light-1280");
        await page.ClickAsync("button:has-text('Launch for')");
        await page.WaitForURLAsync("**/workloads/*");
        var opened = await page.Context.RunAndWaitForPageAsync(() => page.ClickAsync("a:has-text('Open')"));
        await opened.WaitForSelectorAsync("text=context window 12 characters");
        await opened.FillAsync("#text", "What is a budget?");
        await opened.PressAsync("#text", "Enter");
        await opened.WaitForSelectorAsync("text=characters/s");
        (await opened.InnerTextAsync(".said:last-child span")).Trim().Should().NotBeEmpty();
        await Chromium.PictureAsync(opened, "tiny-lm-chat");
        (await Chromium.FindingsAsync(opened)).Should().BeEmpty();

        for (var i = 0; i < 20 && await page.GetByText("POST v1/chat/completions").CountAsync() == 0; i++)
        {
            await page.WaitForTimeoutAsync(1000);
            await page.ReloadAsync();
            await page.WaitForSelectorAsync("text=Last used");
        }
        (await page.GetByText("POST v1/chat/completions").CountAsync()).Should().Be(1, "what counts as use is shown");

        await page.GotoAsync($"{_portal.Url}costs?group=item");
        await page.Locator("main table").GetByText("tiny-lm-training").First.WaitForAsync();
        await page.Locator("main table").GetByText("tiny-lm-endpoint").First.WaitForAsync();
        await Chromium.PictureAsync(page, "costs-items-light-1280");
    }

    [Fact]
    public async Task TinyModel_StoppedHalfWay_GoesOnFromItsCheckpointAndHasItsMetricsHoweverShort()
    {
        var id = await _portal.Api.LaunchAsync(new { item = "tiny-lm-training", hardware = "cpu-small", parameters = new { steps = 20000 } });
        await _portal.Api.WaitForAsync(id, "Running");
        await Task.Delay(TimeSpan.FromSeconds(8));
        await _portal.Api.PostAsync($"/workloads/{id}/stop");
        await _portal.Api.WaitForAsync(id, "Stopped");
        await _portal.Api.PostAsync($"/workloads/{id}/start");
        await _portal.Api.WaitForAsync(id, "Running");
        for (var i = 0; i < 100 && !(await _portal.Api.LogsAsync(id)).Contains("Resumes at step", StringComparison.Ordinal); i++) await Task.Delay(200);
        (await _portal.Api.LogsAsync(id)).Should().MatchRegex(@"Resumes at step [1-9]\d*");
        await _portal.Api.SendAsync(HttpMethod.Delete, $"/workloads/{id}", null);

        var began = System.Diagnostics.Stopwatch.StartNew();
        var tiny = await _portal.Api.LaunchAsync(new { item = "tiny-lm-training", name = "hundred", hardware = "cpu-tiny", parameters = new { steps = 100 } });
        var few = await _portal.Api.LaunchAsync(new { item = "tiny-lm-training", name = "ten", hardware = "cpu-small", parameters = new { steps = 10, text = string.Concat(Enumerable.Repeat("Grüße aus dem Tal. ", 20)) } });
        await _portal.Api.WaitForAsync(tiny, "Succeeded");
        began.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(60));
        await _portal.Api.WaitForAsync(few, "Succeeded");
        (await _portal.Api.LogsAsync(few)).Split('\n').Count(l => l.Contains("::metric loss=", StringComparison.Ordinal)).Should().BeGreaterThanOrEqualTo(20);
        (await _portal.Api.GetAsync($"/workloads/{few}/artifacts")).Body.ToString().Should().Contain("model.json");
    }

    private static async Task<double> LossAsync(IPage page, long step)
    {
        for (var i = 0; i < 400; i++)
        {
            var facts = await page.EvaluateAsync<string[][]>("() => [...document.querySelectorAll('dl.pairs > div')].map(d => [d.querySelector('dt').innerText, d.querySelector('dd').innerText])");
            if (facts.FirstOrDefault(f => f[0] == "Step")?[1] is { } seen && long.Parse(seen.Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture) > step && facts.FirstOrDefault(f => f[0] == "loss") is { } loss)
                return double.Parse(loss[1], System.Globalization.CultureInfo.InvariantCulture);
            await page.WaitForTimeoutAsync(150);
        }
        throw new TimeoutException($"No loss after step {step}.");
    }
}
