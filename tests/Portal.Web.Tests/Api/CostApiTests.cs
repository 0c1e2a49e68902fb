using System.Net;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Portal.Web.Api;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>Costs as scripts read them.</summary>
public sealed class CostApiTests(PortalFactory portal) : IClassFixture<PortalFactory>, IAsyncLifetime
{
    private static readonly DateTimeOffset March = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private HttpClient Admin => portal.Client(portal.AdminToken);

    // Once for the class: two hours at $1 (list $3) over midnight of the 1st for "apollo, phase: 1", an hour at $5 on the 20th without a tag.
    public async ValueTask InitializeAsync()
    {
        if ((await portal.Database.QueryAsync<long>("select count(*) from usage_records where period_start < '2026-04-01Z'"))[0] > 0) return;
        await using var host = ApplicationHost.On(portal.Database);
        await UseAsync(host, """{"item":"python-training","name":"tagged","tags":{"project":"apollo, phase: 1"}}""", March.AddHours(23), 2, 1, 3);
        await UseAsync(host, """{"item":"jupyter-notebook","name":"plain"}""", March.AddDays(19), 1, 5, 5);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async Task UseAsync(ApplicationHost host, string launch, DateTimeOffset start, int hours, decimal price, decimal list)
    {
        var (status, made) = await Admin.CallAsync(HttpMethod.Post, "/workloads", launch);
        status.Should().Be(HttpStatusCode.Created);
        await host.AddUsageAsync(made.GetProperty("id").GetGuid(), 99, start, start.AddHours(hours), start.AddHours(hours), price, list);
    }

    private async Task<List<string>> RowsAsync(string query, decimal total)
    {
        var (status, body) = await Admin.CallAsync(HttpMethod.Get, "/costs?" + query);
        status.Should().Be(HttpStatusCode.OK, body.ToString());
        body.GetProperty("currency").GetString().Should().Be("USD");
        body.GetProperty("total").GetDecimal().Should().Be(total);
        return [.. body.GetProperty("rows").EnumerateArray().Select(r => $"{string.Join('|', r.GetProperty("keys").EnumerateObject().Select(k => $"{k.Name}={k.Value.GetString()}"))} {Number(r, "cost")} {Number(r, "listCost")} {Number(r, "saving")} {Number(r, "hours")}")];
    }

    private static string Number(JsonElement row, string name) => row.GetProperty(name).GetDecimal().ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Costs_ByGroups_HaveKeysByName()
    {
        (await RowsAsync("from=2026-03-01&to=2026-04-01&groupBy=item,day", 7)).Should().Equal(
            "item=jupyter-notebook|day=2026-03-20 5 5 0 1", "item=python-training|day=2026-03-01 1 3 2 1", "item=python-training|day=2026-03-02 1 3 2 1");
        (await RowsAsync("from=2026-03-01&to=2026-04-01&groupBy=tag:project&groupBy=month", 7)).Should().Equal("tag:project=|month=2026-03 5 5 0 1", "tag:project=apollo, phase: 1|month=2026-03 2 6 4 2");
        (await RowsAsync("from=2026-03-01&to=2026-04-01", 7)).Should().Equal(" 7 11 4 3");
        (await RowsAsync("from=2026-03-02T00:00:00Z&to=2026-03-02T03:00:00%2B02:00&groupBy=team", 1)).Should().Equal("team=platform 1 3 2 1");
        (await RowsAsync("from=2026-01-01&to=2026-02-01&groupBy=team", 0)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("filter=item:python-training", 2)]
    [InlineData("filter=item:python-training,jupyter-notebook", 7)]
    [InlineData("filter=item%3Apython-training%2Cjupyter-notebook", 7)]
    [InlineData("filter=kind:Notebook&filter=team:platform", 5)]
    [InlineData("filter=kind:notebook&filter=team:other", 0)]
    [InlineData("filter=tag:project:apollo%2C%20phase%3A%201", 2)]
    [InlineData("filter=tag:project:apollo%2C+phase%3A+1,", 7)]
    [InlineData("filter=tag%3Aproject%3Aapollo%252C%20phase%3A%201", 2)]
    [InlineData("filter=tag:project:", 5)]
    [InlineData("filter=workload:plain", 5)]
    [InlineData("filter=owner:ADMIN@portal.local&filter=capacity:on-demand&filter=target:local&filter=category:training", 2)]
    public async Task Costs_Filtered_CountWhatPasses(string filter, int total) => (await RowsAsync($"from=2026-03-01&to=2026-04-01&{filter}", total)).Should().HaveCount(total == 0 ? 0 : 1);

    [Theory]
    [InlineData("groupBy=potato", "groupBy", "team, owner, category, item, kind, target, capacity, workload, day, week, month, tag:NAME")]
    [InlineData("groupBy=tag:", "groupBy", "tag:NAME")]
    [InlineData("filter=potato:x", "filter", "team, owner, category, item, kind, target, capacity, workload, tag:NAME")]
    [InlineData("filter=team", "filter", "dimension:value")]
    [InlineData("filter=day:2026-03-01", "filter", "'from' and 'to'")]
    [InlineData("filter=kind:Potato", "filter", "TrainingRun")]
    [InlineData("filter=capacity:free", "filter", "on-demand, spot")]
    [InlineData("filter=team:a%00b", "filter", "NUL")]
    [InlineData("from=yesterday", "from", "2026-11-01")]
    [InlineData("to=2026-02-31", "to", "2026-11-01")]
    [InlineData("to=2026-03-01T00:00:00", "to", "2026-11-01")]
    [InlineData("from=2026-03-01&to=2026-03-01", "to", "later")]
    [InlineData("groupBy=team,owner,category,item,kind,target", "groupBy", "At most 5")]
    public async Task Costs_WithAWrongWord_SayWhatIsAllowed(string query, string field, string allowed)
    {
        foreach (var path in new[] { "/costs?", "/costs/export?format=csv&" })
        {
            var (status, problem) = await Admin.CallAsync(HttpMethod.Get, path + query);
            status.Should().Be(HttpStatusCode.BadRequest);
            problem.GetProperty("errors").GetProperty(field)[0].GetString().Should().Contain(allowed);
        }
    }

    [Fact]
    public async Task Export_Csv_IsWhatTheApiAnswers()
    {
        var id = (await portal.Database.QueryAsync<Guid>("select id from workloads where name = 'tagged'"))[0];
        using var response = await Admin.GetAsync("/api/v1/costs/export?format=csv&from=2026-03-01&to=2026-04-01&groupBy=tag:project,workload&filter=workload:tagged");
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/csv");
        response.Content.Headers.ContentDisposition!.FileName.Should().Be("costs-2026-03-01-to-2026-03-31.csv");
        (await response.Content.ReadAsStringAsync()).Should().Be($"tag:project,workload,workloadName,cost,listCost,saving,hours,currency\r\n\"apollo, phase: 1\",{id},tagged,2,6,4,2,USD\r\n");
        (await Admin.GetStringAsync("/api/v1/costs/export?from=2026-01-01&to=2026-02-01&groupBy=team")).Should().Be("team,cost,listCost,saving,hours,currency\r\n");
        (await Admin.CallAsync(HttpMethod.Get, "/costs/export?format=focus")).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Costs_WithoutToken_AreRefused()
    {
        (await portal.Client(null).CallAsync(HttpMethod.Get, "/costs")).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await portal.Client(null).CallAsync(HttpMethod.Get, "/costs/export")).Status.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Costs_OfAnotherTeam_AreNotInTheAnswer()
    {
        (await Admin.CallAsync(HttpMethod.Post, "/users", """{"email":"outsider@example.org","name":"Outsider","password":"a long enough password"}""")).Status.Should().Be(HttpStatusCode.Created);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name":"t","scopes":["read"]}""", System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Basic " + Convert.ToBase64String("outsider@example.org:a long enough password"u8));
        var token = JsonSerializer.Deserialize<JsonElement>(await (await portal.Client(null).SendAsync(request)).Content.ReadAsStringAsync()).GetProperty("token").GetString();
        var (status, body) = await portal.Client(token).CallAsync(HttpMethod.Get, "/costs?from=2026-03-01&to=2026-04-01&groupBy=workload");
        (status, body.GetProperty("rows").GetArrayLength(), body.GetProperty("total").GetDecimal()).Should().Be((HttpStatusCode.OK, 0, 0m));
        (await portal.Client(token).GetStringAsync("/api/v1/costs/export?from=2026-03-01&to=2026-04-01&groupBy=team")).Should().NotContain("platform");
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@cmd", "'@cmd")]
    [InlineData("-1,\"", "\"'-1,\"\"\"")]
    [InlineData("", "")]
    public void Csv_Text_IsQuotedAndNeverAFormula(string text, string written) => CsvText.Line([text, -1.50m, null]).Should().Be(written + ",-1.5,\r\n");
}
