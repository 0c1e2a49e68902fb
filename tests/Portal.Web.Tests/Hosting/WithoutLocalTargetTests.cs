using System.Net;
using System.Text;
using AwesomeAssertions;
using Microsoft.Extensions.Options;
using Portal.Testing.Kubernetes;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Hosting;

/// <summary>A portal that runs nothing on its own machine, as in a cluster, and whose first administrator's password was given.</summary>
public sealed class WithoutLocalTargetTests
{
    private const string Password = "a password that was given";

    [Fact]
    public async Task LocalTarget_OffWithoutACluster_IsRefused()
    {
        await using var portal = new PortalFactory { OwnTargets = true, Settings = new Dictionary<string, string> { ["Local:Enabled"] = "false" } };
        await portal.Invoking(p => p.InitializeAsync().AsTask()).Should().ThrowAsync<OptionsValidationException>().WithMessage("*Local:Enabled*Kubernetes:Clusters*");
    }

    [Fact]
    public async Task Cluster_WithAValueThatCannotBeRead_IsRefusedByItsKey()
    {
        await using var portal = new PortalFactory { OwnTargets = true, Settings = new Dictionary<string, string> { ["Kubernetes:Clusters:here:Kubeconfig"] = "/dev/null", ["Kubernetes:Clusters:here:Reach"] = "Straight" } };
        await portal.Invoking(p => p.InitializeAsync().AsTask()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*Kubernetes:Clusters:here:Reach*");
    }

    [Fact]
    public async Task AdminPassword_TooShort_IsRefused()
    {
        await using var portal = new PortalFactory { Settings = new Dictionary<string, string> { ["Portal:AdminPassword"] = "short" } };
        await portal.Invoking(p => p.InitializeAsync().AsTask()).Should().ThrowAsync<OptionsValidationException>().WithMessage("*Portal:AdminPassword*").Where(e => !e.Message.Contains("short.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Portal_WithAClusterOnly_ServesPagesAndLaunchesThere()
    {
        await using var cluster = await TestCluster.StartAsync();
        var kubeconfig = Path.Combine(Directory.CreateTempSubdirectory("portal-kubeconfig-").FullName, "config");
        await File.WriteAllTextAsync(kubeconfig, cluster.AdminKubeconfig, TestContext.Current.CancellationToken);
        await using var portal = new PortalFactory
        {
            OwnTargets = true,
            Settings = new Dictionary<string, string> { ["Local:Enabled"] = "false", ["Kubernetes:Clusters:here:Kubeconfig"] = kubeconfig, ["Portal:AdminPassword"] = Password },
        };
        await portal.InitializeAsync();
        Directory.GetFiles(portal.KeyFolder, "admin-*").Should().BeEmpty("the password was given, and whoever gave it makes tokens with it");

        using var admin = portal.Client(await TokenAsync(portal));
        var (status, targets) = await admin.CallAsync(HttpMethod.Get, "/targets");
        status.Should().Be(HttpStatusCode.OK);
        targets.GetRawText().Should().Contain("\"here\"").And.NotContain("\"local\"");
        (status, var refusal) = await admin.CallAsync(HttpMethod.Post, "/workloads", """{"item": "jupyter-notebook", "name": "one", "target": "local"}""", key: "one");
        (status, refusal.GetRawText()).Should().Match<(HttpStatusCode Status, string Body)>(a => a.Status == HttpStatusCode.BadRequest && a.Body.Contains("'local' is not a target of 'jupyter-notebook'; allowed: here"));
        (status, var launched) = await admin.CallAsync(HttpMethod.Post, "/workloads", """{"item": "jupyter-notebook", "name": "two"}""", key: "two");
        (status, launched.GetProperty("target").GetString()).Should().Be((HttpStatusCode.Created, "here"));
        foreach (var path in new[] { "/catalog/items", "/workloads" }) (await admin.CallAsync(HttpMethod.Get, path)).Status.Should().Be(HttpStatusCode.OK, path);
    }

    private static async Task<string> TokenAsync(PortalFactory portal)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name": "t", "scopes": ["read", "launch", "admin"]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("admin@portal.local:" + Password)));
        using var client = portal.Client(null);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.StatusCode.Should().Be(HttpStatusCode.Created, text);
        return System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(text).GetProperty("token").GetString()!;
    }
}
