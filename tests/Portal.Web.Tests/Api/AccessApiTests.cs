using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>Policies, approvals, grants and the trail by API.</summary>
public sealed class AccessApiTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private const string Password = "A password of some length 7";

    private HttpClient Admin => portal.Client(portal.AdminToken);

    [Fact]
    public async Task LaunchAskedForByApi_IsApprovedByAnother_AndEverythingIsOnRecord()
    {
        var (lena, max) = (await PersonAsync("lena", "member"), await PersonAsync("max", "lead"));
        (await PublishAsync("""{"rules": [{"name": "Notebooks are asked for", "when": {"all": [{"field": "kind", "op": "eq", "value": "Notebook"}, {"field": "team", "op": "eq", "value": "vision"}]}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}, {"name": "No runs of risk", "when": {"field": "team", "op": "eq", "value": "risk"}, "effect": "deny", "message": "Not this month."}], "default": {"effect": "allow"}}""")).Should().Be(HttpStatusCode.OK);

        var (_, estimate) = await lena.CallAsync(HttpMethod.Post, "/estimates", """{"item": "jupyter-notebook", "hardware": "cpu-tiny"}""");
        estimate.GetProperty("decision").GetRawText().Should().Contain("requireApproval").And.Contain("their lead").And.Contain("Notebooks are asked for");
        var (status, workload) = await lena.CallAsync(HttpMethod.Post, "/workloads", """{"item": "jupyter-notebook", "name": "by-api", "hardware": "cpu-tiny", "reason": "Demo"}""");
        (status, workload.GetProperty("phase").GetString()).Should().Be((HttpStatusCode.Created, "PendingApproval"));

        var request = (await max.CallAsync(HttpMethod.Get, "/approvals")).Body.GetProperty("items")[0];
        var id = request.GetProperty("id").GetString();
        (request.GetProperty("requester").GetString(), request.GetProperty("reason").GetString(), request.GetProperty("policy").GetProperty("rule").GetString()).Should().Be(("lena@example.org", "Demo", "Notebooks are asked for"));
        (await lena.CallAsync(HttpMethod.Post, $"/approvals/{id}/decisions", """{"decision": "approve"}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await max.CallAsync(HttpMethod.Post, $"/approvals/{id}/decisions", """{"decision": "perhaps"}""")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await max.CallAsync(HttpMethod.Post, $"/approvals/{id}/decisions", """{"decision": "deny"}""")).Status.Should().Be(HttpStatusCode.BadRequest, "a denial needs a comment");
        (await max.CallAsync(HttpMethod.Post, $"/approvals/{id}/decisions", """{"decision": "approve", "revision": 9}""")).Status.Should().Be(HttpStatusCode.Conflict);
        (await max.CallAsync(HttpMethod.Post, $"/approvals/{id}/decisions", """{"decision": "approve", "revision": 1}""")).Body.GetProperty("state").GetString().Should().Be("Approved");
        (await lena.CallAsync(HttpMethod.Get, $"/workloads/{workload.GetProperty("id").GetString()}")).Body.GetProperty("phase").GetString().Should().NotBe("PendingApproval");
        (await lena.CallAsync(HttpMethod.Get, "/approvals?mine=true")).Body.GetProperty("items")[0].GetProperty("steps")[0].GetProperty("decisions")[0].GetProperty("by").GetString().Should().Be("max");

        var (found, trail) = await Admin.CallAsync(HttpMethod.Get, $"/audit?subject=approval:{id}");
        found.Should().Be(HttpStatusCode.OK);
        trail.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("action").GetString()).Should().Equal("approval.approve", "approval.ask");
        trail.GetProperty("items")[0].GetProperty("actor").GetProperty("kind").GetString().Should().Be("token");
        (await Admin.CallAsync(HttpMethod.Get, "/audit/verify")).Body.GetProperty("ok").GetBoolean().Should().BeTrue();
        var lines = (await Admin.GetStringAsync($"{Admin.BaseAddress}api/v1/audit/export?format=jsonl&subject=approval:{id}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Should().HaveCount(2).And.OnlyContain(l => JsonSerializer.Deserialize<JsonElement>(l).ValueKind == JsonValueKind.Object);
        (await Admin.GetStringAsync($"{Admin.BaseAddress}api/v1/audit/export?subject=approval:{id}")).Should().StartWith("seq,at,actorKind").And.Contain("max@example.org");
        foreach (var path in new[] { "/audit", "/audit/verify", "/audit/export", "/policies" }) (await lena.CallAsync(HttpMethod.Get, path)).Status.Should().Be(HttpStatusCode.Forbidden, path);
    }

    [Fact]
    public async Task Policies_NeedIfMatch_AndNameWhatIsWrong()
    {
        var (_, before) = await Admin.CallAsync(HttpMethod.Get, "/policies");
        (await PutAsync("""{"rules": [], "default": {"effect": "allow"}}""", null)).Status.Should().Be((HttpStatusCode)428);
        (await PutAsync("""{"rules": [], "default": {"effect": "allow"}}""", "\"9999\"")).Status.Should().Be(HttpStatusCode.PreconditionFailed);
        var (status, wrong) = await PutAsync("""{"rules": [{"name": "x", "when": {"field": "price", "op": "gt", "value": 1}, "effect": "allow"}], "default": {"effect": "allow"}}""", $"\"{before.GetProperty("number").GetInt32()}\"");
        status.Should().Be(HttpStatusCode.BadRequest);
        wrong.GetRawText().Should().Contain("rules[0].when.field");
        var (simulated, verdict) = await Admin.CallAsync(HttpMethod.Post, "/policies/simulate", """{"request": {"item": "jupyter-notebook", "team": "platform", "hourlyPrice": 7}, "policies": {"rules": [{"name": "Dear", "when": {"field": "hourlyPrice", "op": "gt", "value": 5}, "effect": "deny", "message": "Too dear."}], "default": {"effect": "allow"}}}""");
        simulated.Should().Be(HttpStatusCode.OK);
        verdict.GetRawText().Should().Contain("\"effect\":\"deny\"").And.Contain("price $7/h is above $5/h");
        (await Admin.CallAsync(HttpMethod.Post, "/policies/simulate", """{"request": {"item": "nothing", "team": "nobody"}}""")).Body.GetRawText().Should().Contain("request.item").And.Contain("request.team");
    }

    [Fact]
    public async Task Access_RestrictedAskedGivenRevoked()
    {
        var nora = await PersonAsync("nora", "member");
        (await Admin.CallAsync(HttpMethod.Put, "/restrictions/item/prefect", """{"reason": "Pilot", "longestGrant": "P7D", "steps": [{"approvers": {"role": "Admin"}}]}""")).Body.GetProperty("who").GetString().Should().Be("an Admin");
        (await nora.CallAsync(HttpMethod.Put, "/restrictions/item/mlflow", "{}")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await nora.CallAsync(HttpMethod.Get, "/catalog/items/prefect")).Body.GetProperty("access").GetRawText().Should().Contain("\"granted\":false").And.Contain("\"restricted\":true");
        (await nora.CallAsync(HttpMethod.Post, "/access-requests", """{"subject": {"item": "prefect"}, "duration": "P30D", "reason": "x"}""")).Status.Should().Be(HttpStatusCode.BadRequest, "a week at most");
        var (asked, request) = await nora.CallAsync(HttpMethod.Post, "/access-requests", """{"subject": {"item": "prefect"}, "duration": "P2D", "reason": "To try it"}""");
        asked.Should().Be(HttpStatusCode.Created);
        (await Admin.CallAsync(HttpMethod.Post, $"/approvals/{request.GetProperty("id").GetString()}/decisions", """{"decision": "approve"}""")).Status.Should().Be(HttpStatusCode.OK);
        var grant = (await nora.CallAsync(HttpMethod.Get, "/grants?mine=true")).Body.GetProperty("items")[0];
        grant.GetProperty("holds").GetBoolean().Should().BeTrue();
        (await Admin.CallAsync(HttpMethod.Delete, $"/grants/{grant.GetProperty("id").GetString()}?reason=over")).Status.Should().Be(HttpStatusCode.NoContent);
        (await nora.CallAsync(HttpMethod.Get, "/grants?mine=true")).Body.GetProperty("items")[0].GetProperty("revokeReason").GetString().Should().Be("over");
        (await Admin.CallAsync(HttpMethod.Delete, "/restrictions/item/prefect")).Status.Should().Be(HttpStatusCode.NoContent);
        (await Admin.CallAsync(HttpMethod.Put, "/restrictions/planet/mars", "{}")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("POST", "/access-requests", """{"subject": {"item": "a\u0000b"}, "duration": "P1D", "reason": "x"}""")]
    [InlineData("POST", "/delegations", """{"to": "a\u0000@b.c", "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2030-01-02T00:00:00Z"}""")]
    [InlineData("POST", "/delegations", """{"to": "\ud800@b.c", "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2030-01-02T00:00:00Z"}""")]
    [InlineData("POST", "/grants", """{"subject": {"item": "mlflow"}, "to": "\u0000", "duration": "P1D"}""")]
    [InlineData("POST", "/policies/simulate", """{"request": {"item": "\u0000", "team": "\u0000"}}""")]
    [InlineData("POST", "/policies/simulate", """{"request": {"item": "mlflow", "team": "platform"}, "policies": {"rules": [{"name": "\ud800", "when": {"all": []}, "effect": "allow"}], "default": {"effect": "allow"}}}""")]
    [InlineData("PUT", "/limits/team:platform", """{"vcpu": 10000000000}""")]
    [InlineData("PUT", "/limits/team:platform", """{"gpus": {"a\u0000": 1}}""")]
    [InlineData("GET", "/audit?q=%00", null)]
    [InlineData("GET", "/audit?subject=a:%00", null)]
    [InlineData("GET", "/audit?after=9999999999999999999_x", null)]
    public async Task HostileText_IsAnErrorOfTheRequest(string method, string path, string? body) =>
        (await Admin.CallAsync(new HttpMethod(method), path, body)).Status.Should().Be(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Delegation_InAnyTimeZone_IsTaken() =>
        (await Admin.CallAsync(HttpMethod.Post, "/delegations", JsonSerializer.Serialize(new { to = await MailAsync("tom"), startsAt = "2030-01-01T08:00:00+02:00", endsAt = "2030-01-05T08:00:00+02:00" }))).Status.Should().Be(HttpStatusCode.Created);

    private async Task<string> MailAsync(string name)
    {
        await PersonAsync(name, "member");
        return $"{name}@example.org";
    }

    private async Task<HttpClient> PersonAsync(string name, string role)
    {
        var email = $"{name}@example.org";
        await Admin.CallAsync(HttpMethod.Post, "/users", JsonSerializer.Serialize(new { email, name, password = Password }));
        await Admin.CallAsync(HttpMethod.Post, "/teams", """{"slug": "vision", "name": "Vision"}""");
        (await Admin.CallAsync(HttpMethod.Put, $"/teams/vision/members/{email}", JsonSerializer.Serialize(new { role }))).Status.Should().Be(HttpStatusCode.OK);
        using var ask = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name": "t", "scopes": ["read", "launch", "approve"]}""", Encoding.UTF8, "application/json") };
        ask.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{Password}")));
        using var answer = await portal.Client(null).SendAsync(ask);
        return portal.Client(JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("token").GetString());
    }

    private async Task<HttpStatusCode> PublishAsync(string policies) => (await PutAsync(policies, $"\"{(await Admin.CallAsync(HttpMethod.Get, "/policies")).Body.GetProperty("number").GetInt32()}\"")).Status;

    private async Task<(HttpStatusCode Status, JsonElement Body)> PutAsync(string body, string? ifMatch)
    {
        using var put = new HttpRequestMessage(HttpMethod.Put, "/api/v1/policies") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (ifMatch is not null) put.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var answer = await Admin.SendAsync(put);
        return (answer.StatusCode, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()));
    }
}
