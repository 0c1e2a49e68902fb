using System.Net;
using System.Text;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>Settings, passwords, discovery and figures by API.</summary>
public sealed class AdministrationApiTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private HttpClient Admin => portal.Client(portal.AdminToken);

    [Fact]
    public async Task Settings_ChangeOne_IsInForceAndNamesWhoDidIt()
    {
        var (status, changed) = await Admin.CallAsync(HttpMethod.Put, "/settings/idle.warning", """{"value":"PT20M"}""");
        status.Should().Be(HttpStatusCode.OK);
        changed.GetProperty("value").GetString().Should().Be("PT20M");
        changed.GetProperty("changedBy").GetString().Should().Be("Administrator");
        (await Admin.CallAsync(HttpMethod.Get, "/settings")).Body.GetProperty("items").EnumerateArray().Single(s => s.GetProperty("key").GetString() == "idle.warning").GetProperty("value").GetString().Should().Be("PT20M");
    }

    [Theory]
    [InlineData("idle.warning", "soon", HttpStatusCode.BadRequest)]
    [InlineData("no.such", "x", HttpStatusCode.NotFound)]
    public async Task Settings_Wrong_SaysWhatIsAllowed(string key, string value, HttpStatusCode expected) =>
        (await Admin.CallAsync(HttpMethod.Put, $"/settings/{key}", $$"""{"value":"{{value}}"}""")).Status.Should().Be(expected);

    [Fact]
    public async Task Settings_AndPasswords_AreNotForOthers()
    {
        var member = await TokenOfAsync("mia@example.org", await MakeAsync("mia@example.org"));
        var client = portal.Client(member);
        (await client.CallAsync(HttpMethod.Get, "/settings")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await client.CallAsync(HttpMethod.Put, "/settings/announcement", """{"value":"x"}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await client.CallAsync(HttpMethod.Post, "/users/admin@portal.local/password")).Status.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task ResetPassword_OldOneStopsNewOneWorks()
    {
        var old = await MakeAsync("nora@example.org");
        var (status, answer) = await Admin.CallAsync(HttpMethod.Post, "/users/nora@example.org/password");
        status.Should().Be(HttpStatusCode.OK);
        var fresh = answer.GetProperty("password").GetString()!;
        fresh.Should().NotBe(old);
        (await TokenOfAsync("nora@example.org", fresh)).Should().StartWith("ptl_");
        var refused = () => TokenOfAsync("nora@example.org", old);
        await refused.Should().ThrowAsync<InvalidOperationException>();
        (await Admin.CallAsync(HttpMethod.Post, "/users/nobody@example.org/password")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Metrics_AreFiguresWithoutNames()
    {
        using var response = await portal.Client(null).GetAsync("/metrics");
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/plain");
        (await response.Content.ReadAsStringAsync()).Should().Contain("# TYPE portal_workloads gauge").And.Contain("portal_target_healthy{target=\"local\"} 1").And.NotContain("@");
    }

    [Fact]
    public async Task Discovery_NamesRunningEndpointsAndServicesOnly()
    {
        await Admin.CallAsync(HttpMethod.Post, "/workloads", """{"item":"jupyter-notebook","name":"not-scraped"}""");
        var (status, groups) = await Admin.CallAsync(HttpMethod.Get, "/discovery/prometheus");
        status.Should().Be(HttpStatusCode.OK);
        groups.GetArrayLength().Should().Be(0, "a notebook has no metrics");
    }

    private async Task<string> MakeAsync(string email)
    {
        var (status, made) = await Admin.CallAsync(HttpMethod.Post, "/users", $$"""{"email":"{{email}}","name":"{{email[..4]}}"}""");
        status.Should().Be(HttpStatusCode.Created);
        return made.GetProperty("password").GetString()!;
    }

    private async Task<string> TokenOfAsync(string email, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name":"t","scopes":["read","launch"]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{password}")));
        using var response = await portal.Client(null).SendAsync(request);
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"{response.StatusCode}");
        return System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("token").GetString()!;
    }
}
