using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>Notifications, choices and webhooks by API, for their own person only.</summary>
public sealed class NotificationApiTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private const string Password = "A password of some length 7";

    private HttpClient Admin => portal.Client(portal.AdminToken);

    [Fact]
    public async Task Notifications_AreListedMarkedAndChosen()
    {
        var nora = await PersonAsync("nora", "\"read\", \"launch\"");
        await Admin.CallAsync(HttpMethod.Put, "/restrictions/item/prefect", """{"longestGrant": "P7D"}""");
        await Admin.CallAsync(HttpMethod.Post, "/grants", """{"subject": {"item": "prefect"}, "to": "nora@example.org", "duration": "P2D"}""");
        var grant = (await nora.CallAsync(HttpMethod.Get, "/grants?mine=true")).Body.GetProperty("items")[0].GetProperty("id").GetString();
        await Admin.CallAsync(HttpMethod.Delete, $"/grants/{grant}?reason=over");

        var (_, list) = await nora.CallAsync(HttpMethod.Get, "/me/notifications?unread=true");
        (list.GetProperty("total").GetInt32(), list.GetProperty("items")[0].GetProperty("kind").GetString(), list.GetProperty("items")[0].GetProperty("text").GetString()).Should().Be((1, "AccessEnding", "over"));
        var id = list.GetProperty("items")[0].GetProperty("id").GetString();
        (await Admin.CallAsync(HttpMethod.Post, "/me/notifications/read", $$"""{"ids": ["{{id}}"]}""")).Body.GetProperty("marked").GetInt32().Should().Be(0, "it is nora's");
        (await nora.CallAsync(HttpMethod.Post, "/me/notifications/read", """{"ids": [], "all": true}""")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await nora.CallAsync(HttpMethod.Post, "/me/notifications/read", $$"""{"ids": ["{{id}}"]}""")).Body.GetProperty("marked").GetInt32().Should().Be(1);
        (await nora.CallAsync(HttpMethod.Get, "/me/notifications?unread=true")).Body.GetProperty("total").GetInt32().Should().Be(0);
        (await nora.CallAsync(HttpMethod.Get, "/me/notifications?page=0")).Status.Should().Be(HttpStatusCode.BadRequest);

        var (_, choices) = await nora.CallAsync(HttpMethod.Put, "/me/notification-choices", """{"choices": [{"kind": "AccessEnding", "inApp": false, "email": false, "webhook": false}]}""");
        choices.GetProperty("choices").EnumerateArray().Single(c => c.GetProperty("kind").GetString() == "AccessEnding").GetProperty("inApp").GetBoolean().Should().BeFalse();
        choices.GetProperty("choices").EnumerateArray().Single(c => c.GetProperty("kind").GetString() == "WorkloadFailed").GetProperty("inApp").GetBoolean().Should().BeTrue();
        foreach (var wrong in new[] { """{"choices": []}""", """{"choices": [null]}""", """{"choices": [{"kind": "Nothing", "inApp": true, "email": true, "webhook": true}]}""", """{"choices": [{"kind": "AccessEnding", "inApp": true}]}""" })
            (await nora.CallAsync(HttpMethod.Put, "/me/notification-choices", wrong)).Status.Should().Be(HttpStatusCode.BadRequest, wrong);
    }

    [Fact]
    public async Task Webhook_SecretIsAnsweredOnce_AndAReadingTokenChangesNothing()
    {
        var (tom, reader) = (await PersonAsync("tom", "\"read\", \"launch\""), await PersonAsync("rea", "\"read\""));
        var (status, set) = await tom.CallAsync(HttpMethod.Put, "/me/webhook", """{"url": "https://hooks.example.org/services/hidden"}""");
        (status, set.GetProperty("host").GetString(), set.GetProperty("secret").GetString()![..4]).Should().Be((HttpStatusCode.OK, "hooks.example.org", "whk_"));
        (await tom.CallAsync(HttpMethod.Put, "/me/webhook", """{"url": "https://hooks.example.org/services/other"}""")).Body.GetProperty("secret").ValueKind.Should().Be(JsonValueKind.Null);
        (await tom.CallAsync(HttpMethod.Put, "/me/webhook", """{"rotateSecret": true}""")).Body.GetProperty("secret").GetString().Should().StartWith("whk_").And.NotBe(set.GetProperty("secret").GetString());
        (await tom.CallAsync(HttpMethod.Get, "/me/notification-choices")).Body.GetRawText().Should().Contain("hooks.example.org").And.NotContain("services").And.NotContain("whk_");
        foreach (var url in new[] { "http://hooks.example.org/", "https://127.0.0.1/", "https://169.254.169.254/", "nothing" })
            (await tom.CallAsync(HttpMethod.Put, "/me/webhook", JsonSerializer.Serialize(new { url }))).Status.Should().Be(HttpStatusCode.BadRequest, url);
        (await tom.CallAsync(HttpMethod.Delete, "/me/webhook")).Status.Should().Be(HttpStatusCode.NoContent);
        (await tom.CallAsync(HttpMethod.Get, "/me/notification-choices")).Body.GetProperty("webhookHost").ValueKind.Should().Be(JsonValueKind.Null);

        (await reader.CallAsync(HttpMethod.Put, "/me/webhook", """{"url": "https://hooks.example.org/x"}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await reader.CallAsync(HttpMethod.Put, "/me/notification-choices", """{"choices": [{"kind": "AccessEnding", "inApp": true, "email": true, "webhook": true}]}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await reader.CallAsync(HttpMethod.Get, "/notification-deliveries")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await Admin.CallAsync(HttpMethod.Get, "/notification-deliveries?state=failed")).Body.GetProperty("total").GetInt32().Should().Be(0);
        (await Admin.CallAsync(HttpMethod.Get, "/notification-deliveries?state=lost")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await Admin.CallAsync(HttpMethod.Post, $"/notification-deliveries/{Guid.NewGuid()}/retry")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    private async Task<HttpClient> PersonAsync(string name, string scopes)
    {
        var email = $"{name}@example.org";
        await Admin.CallAsync(HttpMethod.Post, "/users", JsonSerializer.Serialize(new { email, name, password = Password }));
        using var ask = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent($$"""{"name": "t", "scopes": [{{scopes}}]}""", Encoding.UTF8, "application/json") };
        ask.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{Password}")));
        using var answer = await portal.Client(null).SendAsync(ask);
        return portal.Client(JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("token").GetString());
    }
}
