using AwesomeAssertions;
using k8s;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Data;
using Xunit;

namespace Portal.EndToEnd.Tests.Journeys;

/// <summary>The same catalog on a cluster: a model is trained and served there, by nodes that are told of and paid for, and talked to through the portal.</summary>
public sealed class ClusterTests(PortalAndCluster fixture) : IClassFixture<PortalAndCluster>
{
    private readonly PortalProcess _portal = fixture.Portal;

    [Fact]
    public async Task Model_TrainedAndServedOnTheCluster_AnswersThroughThePortal()
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.SignInAsync(_portal);
        await page.GotoAsync($"{_portal.Url}launch/tiny-lm-training");
        await page.FillAsync("#parameter-steps", "300");
        await page.Locator("label.offer", new() { HasText = "m6i.xlarge" }).ClickAsync();
        List<string> wrong = [.. await Chromium.LookAsync(page, "cluster-launch")];
        await page.ClickAsync("button:has-text('Launch for')");
        await page.WaitForURLAsync("**/workloads/*");
        var run = Guid.Parse(page.Url.Split('/')[^1]);
        await _portal.Api.WaitForAsync(run, "Succeeded");

        // Where it was, and what it was billed by.
        var allocation = (await _portal.Api.GetAsync($"/workloads/{run}/allocations")).Body.GetProperty("items")[0];
        allocation.GetProperty("node").GetString().Should().Be("spot-1");
        allocation.GetProperty("instanceType").GetString().Should().Be("m6i.xlarge");
        allocation.GetProperty("capacityType").GetString().Should().Be("spot");
        allocation.GetProperty("hourlyPrice").GetDecimal().Should().BePositive().And.BeLessThan(allocation.GetProperty("listHourlyPrice").GetDecimal());
        (await _portal.Api.LogsAsync(run)).Should().Contain("::metric loss=");
        await page.ClickAsync("nav >> text=Timeline");
        await page.GetByText("Placed on spot-1 (m6i.xlarge, eu-west-1a, spot)").First.WaitForAsync();
        wrong.AddRange(await Chromium.LookAsync(page, "cluster-timeline"));

        // Two replicas cost twice as much, and both answer.
        await page.GotoAsync($"{_portal.Url}launch/tiny-lm-endpoint?run={run}&hardware=cpu-tiny&target={PortalAndCluster.Name}");
        await page.FillAsync("#parameter-replicas", "2");
        await page.GetByText("up to 2 replicas").First.WaitForAsync();
        wrong.AddRange(await Chromium.LookAsync(page, "cluster-replicas-launch"));
        await page.ClickAsync("button:has-text('Launch for')");
        await page.WaitForURLAsync("**/workloads/*");
        var endpoint = Guid.Parse(page.Url.Split('/')[^1]);
        await _portal.Api.WaitForAsync(endpoint, "Running");
        await page.GetByText("2 of 2 replicas answer.").WaitForAsync();
        wrong.AddRange(await Chromium.LookAsync(page, "cluster-replicas"));
        var opened = await page.Context.RunAndWaitForPageAsync(() => page.ClickAsync("a:has-text('Open')"));
        await opened.FillAsync("#text", "What is a budget?");
        await opened.PressAsync("#text", "Enter");
        await opened.WaitForSelectorAsync("text=characters/s");
        await Chromium.PictureAsync(page, "cluster-endpoint-light-1280");

        await page.GotoAsync($"{_portal.Url}catalog/vllm-endpoint");
        await page.GetByText("no node has a GPU").First.WaitForAsync();
        wrong.AddRange(await Chromium.LookAsync(page, "cluster-item"));
        await page.GotoAsync($"{_portal.Url}launch/container-endpoint");
        await page.WaitForSelectorAsync("#parameter-image");
        wrong.AddRange(await Chromium.LookAsync(page, "cluster-launch-container"));
        wrong.Should().BeEmpty();

        await _portal.Api.PostAsync($"/workloads/{endpoint}/stop");
        await _portal.Api.WaitForAsync(endpoint, "Stopped");
        foreach (var id in new[] { endpoint, run })
        {
            await _portal.Api.SendAsync(HttpMethod.Delete, $"/workloads/{id}", null);
            await _portal.Api.WaitForAsync(id, "Deleted");
        }
        (await ObjectsAsync()).Should().BeEmpty("nothing is left of what was deleted");
        (await LedgerInvariants.ViolationsAsync(_portal.Database)).Should().BeEmpty();
    }

    /// <summary>Pods, claims and main objects of the portal's in the teams' namespaces.</summary>
    private async Task<IReadOnlyList<string>> ObjectsAsync()
    {
        const string ours = "portal.internal/workload-id";
        var client = fixture.Cluster.Client;
        return
        [
            .. (await client.CoreV1.ListPodForAllNamespacesAsync(labelSelector: ours)).Items.Select(o => $"pod/{o.Metadata.Name}"),
            .. (await client.CoreV1.ListPersistentVolumeClaimForAllNamespacesAsync(labelSelector: ours)).Items.Select(o => $"claim/{o.Metadata.Name}"),
            .. (await client.CoreV1.ListSecretForAllNamespacesAsync(labelSelector: ours)).Items.Select(o => $"secret/{o.Metadata.Name}"),
            .. (await client.AppsV1.ListDeploymentForAllNamespacesAsync(labelSelector: ours)).Items.Select(o => $"deployment/{o.Metadata.Name}"),
            .. (await client.BatchV1.ListJobForAllNamespacesAsync(labelSelector: ours)).Items.Select(o => $"job/{o.Metadata.Name}"),
        ];
    }
}
