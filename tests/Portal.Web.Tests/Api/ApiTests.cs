using System.Net;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>What clients may rely on.</summary>
public sealed class ApiTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private HttpClient Admin => portal.Client(portal.AdminToken);

    [Fact]
    public async Task Me_WithTheFirstToken_NamesRolesTeamsAndScopes()
    {
        var (status, me) = await Admin.CallAsync(HttpMethod.Get, "/me");
        status.Should().Be(HttpStatusCode.OK);
        me.GetProperty("roles")[0].GetString().Should().Be("Admin");
        me.GetProperty("teams")[0].GetProperty("slug").GetString().Should().Be("platform");
        me.GetProperty("teams")[0].GetProperty("role").GetString().Should().Be("lead");
        me.GetProperty("scopes").GetArrayLength().Should().Be(4);
    }

    [Fact]
    public async Task AnyCall_WithoutToken_IsProblem401()
    {
        using var response = await portal.Client(null).GetAsync("/api/v1/me");
        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("traceId").GetString().Should().NotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("""{"item":"python-training","hardwear":"cpu-tiny"}""", "hardwear", "hardware")]
    [InlineData("""{"item":"python-training","hardware":"gpu-h100x8"}""", "hardware", "cpu-small")]
    [InlineData("""{"item":"nothing-like-this"}""", "item", "no item")]
    [InlineData("""{"item":"python-training","name":"Not Good"}""", "name", "1 to 40")]
    [InlineData("""{"item":"python-training","lifetime":"8h"}""", "lifetime", "ISO 8601")]
    [InlineData("""{"item":"python-training","capacity":"spot"}""", "capacity", "on-demand")]
    [InlineData("""{"item":"python-training","parameters":{"scrip":"x"}}""", "parameters.scrip", "script")]
    [InlineData("""{"item":"python-training","team":"vision"}""", "team", "platform")]
    [InlineData("""{"item":"python-training","target":"mars"}""", "target", "local")]
    public async Task Launch_WithAWrongField_NamesItAndWhatIsAllowed(string body, string field, string allowed)
    {
        var (status, problem) = await Admin.CallAsync(HttpMethod.Post, "/workloads", body);
        status.Should().Be(HttpStatusCode.BadRequest);
        problem.GetProperty("errors").GetProperty(field)[0].GetString().Should().Contain(allowed);
    }

    [Fact]
    public async Task Launch_WithTheSameKey_AnswersTheFirstAndRefusesAnotherBody()
    {
        const string body = """{"item":"python-training","name":"keyed"}""";
        var first = await Admin.CallAsync(HttpMethod.Post, "/workloads", body, "key-1");
        var again = await Admin.CallAsync(HttpMethod.Post, "/workloads", body, "key-1");
        var other = await Admin.CallAsync(HttpMethod.Post, "/workloads", """{"item":"python-training","name":"other"}""", "key-1");
        first.Status.Should().Be(HttpStatusCode.Created);
        again.Status.Should().Be(HttpStatusCode.Created);
        again.Body.GetProperty("id").GetGuid().Should().Be(first.Body.GetProperty("id").GetGuid());
        other.Status.Should().Be(HttpStatusCode.Conflict);
        (await Admin.CallAsync(HttpMethod.Post, "/workloads", body)).Status.Should().Be(HttpStatusCode.Conflict, "the name is taken");
    }

    [Fact]
    public async Task Workload_OverItsLife_IsReadableAndChangeable()
    {
        var (_, made) = await Admin.CallAsync(HttpMethod.Post, "/workloads", """{"item":"jupyter-notebook","name":"life","lifetime":"PT2H","tags":{"a":"b"},"reason":"why not"}""");
        var id = made.GetProperty("id").GetGuid();
        await PhaseAsync(id, "Running");
        var (_, one) = await Admin.CallAsync(HttpMethod.Get, $"/workloads/{id}");
        one.GetProperty("lifetime").GetString().Should().Be("PT2H");
        one.GetProperty("currency").GetString().Should().Be("USD");
        one.GetProperty("url").GetString().Should().Be($"http://{id}.localhost:5081/w/{id}/");
        one.GetProperty("allocation").GetProperty("attempt").GetInt32().Should().Be(1);
        (await Admin.CallAsync(HttpMethod.Post, $"/workloads/{id}/extend", """{"by":"PT4H"}""")).Status.Should().Be(HttpStatusCode.Accepted);
        (await Admin.CallAsync(HttpMethod.Post, $"/workloads/{id}/extend", """{"by":"P2M"}""")).Status.Should().Be(HttpStatusCode.BadRequest);
        foreach (var _ in Enumerable.Range(0, 2)) (await Admin.CallAsync(HttpMethod.Post, $"/workloads/{id}/stop")).Status.Should().Be(HttpStatusCode.Accepted, "safe to repeat");
        await PhaseAsync(id, "Stopped");
        (await Admin.CallAsync(HttpMethod.Post, $"/workloads/{id}/start")).Status.Should().Be(HttpStatusCode.Accepted);
        await PhaseAsync(id, "Running");
        (await Admin.CallAsync(HttpMethod.Delete, $"/workloads/{id}")).Status.Should().Be(HttpStatusCode.Accepted);
        await PhaseAsync(id, "Deleted");
        (await Admin.CallAsync(HttpMethod.Get, $"/workloads/{id}/events")).Body.GetProperty("items").GetArrayLength().Should().BeGreaterThan(8);
        var usage = (await Admin.CallAsync(HttpMethod.Get, $"/workloads/{id}/usage")).Body;
        usage.GetProperty("items").GetArrayLength().Should().BeGreaterThanOrEqualTo(2);
        usage.GetProperty("total").GetDecimal().Should().Be(usage.GetProperty("items").EnumerateArray().Sum(r => r.GetProperty("cost").GetDecimal()));
        (await Admin.CallAsync(HttpMethod.Get, "/workloads")).Body.GetProperty("items").EnumerateArray().Should().NotContain(w => w.GetProperty("id").GetGuid() == id, "deleted ones are outside lists");
    }

    [Fact]
    public async Task Tokens_CarryTheirScopesAndEndAtOnce()
    {
        var (status, made) = await Admin.CallAsync(HttpMethod.Post, "/tokens", """{"name":"reader","scopes":["read"]}""");
        status.Should().Be(HttpStatusCode.Created);
        var reader = portal.Client(made.GetProperty("token").GetString());
        (await reader.CallAsync(HttpMethod.Get, "/workloads")).Status.Should().Be(HttpStatusCode.OK);
        (await reader.CallAsync(HttpMethod.Post, "/workloads", """{"item":"python-training"}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await reader.CallAsync(HttpMethod.Post, "/tokens", """{"name":"more","scopes":["admin"]}""")).Status.Should().Be(HttpStatusCode.BadRequest, "no token makes a stronger one");
        (await reader.CallAsync(HttpMethod.Post, "/users", """{"email":"x@example.org","name":"x"}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await Admin.CallAsync(HttpMethod.Delete, $"/tokens/{made.GetProperty("id").GetGuid()}")).Status.Should().Be(HttpStatusCode.NoContent);
        (await reader.CallAsync(HttpMethod.Get, "/workloads")).Status.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Basic_WithPassword_MakesATokenAndLocksOutGuessing()
    {
        (await Admin.CallAsync(HttpMethod.Post, "/users", """{"email":"basic@example.org","name":"Basic","password":"a long enough password"}""")).Status.Should().Be(HttpStatusCode.Created);
        (await BasicAsync("basic@example.org", "a long enough password")).Should().Be(HttpStatusCode.Created);
        for (var i = 0; i < 5; i++) (await BasicAsync("basic@example.org", "wrong")).Should().Be(HttpStatusCode.Unauthorized);
        (await BasicAsync("basic@example.org", "a long enough password")).Should().Be(HttpStatusCode.Unauthorized, "locked out");
    }

    [Theory]
    [InlineData("/workloads?kind=Potato", "kind")]
    [InlineData("/workloads?phase=Potato", "phase")]
    [InlineData("/workloads?sort=potato", "sort")]
    [InlineData("/workloads?pageSize=201", "pageSize")]
    public async Task List_WithAWrongWord_SaysWhatIsAllowed(string path, string field)
    {
        var (status, problem) = await Admin.CallAsync(HttpMethod.Get, path);
        status.Should().Be(HttpStatusCode.BadRequest);
        problem.GetProperty("errors").TryGetProperty(field, out _).Should().BeTrue();
    }

    [Fact]
    public async Task Stylesheet_UnderTheTestHost_HasBytes()
    {
        var css = await portal.Client(null).GetStringAsync("/css/portal.css");
        css.Should().Contain("--primary");
        (await portal.Client(null).GetAsync("/healthz")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await portal.Client(null).GetAsync("/schemas/catalog-item-v1.json")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private async Task<HttpStatusCode> BasicAsync(string email, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name":"t","scopes":["read"]}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{password}")));
        return (await portal.Client(null).SendAsync(request)).StatusCode;
    }

    private async Task PhaseAsync(Guid id, string phase)
    {
        var seen = "";
        for (var i = 0; i < 300 && seen != phase; i++)
        {
            seen = (await Admin.CallAsync(HttpMethod.Get, $"/workloads/{id}")).Body.GetProperty("phase").GetString()!;
            if (seen != phase) await Task.Delay(100);
        }
        seen.Should().Be(phase);
    }
}
