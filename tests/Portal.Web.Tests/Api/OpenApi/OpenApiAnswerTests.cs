using System.Net;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api.OpenApi;

/// <summary>What the portal really answers is what the document says.</summary>
public sealed class OpenApiAnswerTests(PortalFactory portal) : IClassFixture<PortalFactory>, IAsyncLifetime
{
    private ApiDocument _document = null!;

    public async ValueTask InitializeAsync() => _document = await ApiDocument.ReadAsync(portal);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("GET /api/v1/me", "/api/v1/me", 200)]
    [InlineData("GET /api/v1/catalog/categories", "/api/v1/catalog/categories", 200)]
    [InlineData("GET /api/v1/catalog/items", "/api/v1/catalog/items", 200)]
    [InlineData("GET /api/v1/catalog/items/{slug}", "/api/v1/catalog/items/jupyter-notebook", 200)]
    [InlineData("GET /api/v1/catalog/items/{slug}", "/api/v1/catalog/items/python-training", 200)]
    [InlineData("GET /api/v1/catalog/items/{slug}", "/api/v1/catalog/items/none", 404)]
    [InlineData("GET /api/v1/hardware", "/api/v1/hardware", 200)]
    [InlineData("GET /api/v1/targets", "/api/v1/targets", 200)]
    [InlineData("GET /api/v1/tokens", "/api/v1/tokens", 200)]
    [InlineData("GET /api/v1/users", "/api/v1/users", 200)]
    [InlineData("GET /api/v1/teams", "/api/v1/teams", 200)]
    [InlineData("GET /api/v1/workloads", "/api/v1/workloads?kind=Potato", 400)]
    [InlineData("GET /healthz", "/healthz", 200)]
    [InlineData("GET /readyz", "/readyz", 200)]
    public Task Read_Answers_WhatTheDocumentSays(string operation, string path, int status) => CallAsync(operation, path, status);

    [Fact]
    public async Task Read_WithoutToken_AnswersTheProblemOfTheDocument() => await CallAsync("GET /api/v1/me", "/api/v1/me", 401, anonymous: true);

    [Theory]
    [InlineData("POST /api/v1/estimates", "/api/v1/estimates", """{"item":"python-training"}""", 200)]
    [InlineData("POST /api/v1/estimates", "/api/v1/estimates", """{"item":"nothing"}""", 400)]
    [InlineData("POST /api/v1/workloads", "/api/v1/workloads", """{"item":"python-training","hardwear":"x"}""", 400)]
    [InlineData("POST /api/v1/tokens", "/api/v1/tokens", """{"name":"t","scopes":["read"]}""", 201)]
    [InlineData("POST /api/v1/users", "/api/v1/users", """{"email":"schema@example.org","roles":["FinOps"]}""", 201)]
    [InlineData("POST /api/v1/teams", "/api/v1/teams", """{"slug":"schema"}""", 201)]
    [InlineData("PUT /api/v1/teams/{slug}/members/{email}", "/api/v1/teams/platform/members/admin@portal.local", """{"role":"lead"}""", 200)]
    public Task Write_Answers_WhatTheDocumentSays(string operation, string path, string body, int status) => CallAsync(operation, path, status, body);

    [Fact]
    public async Task Workload_OverItsLife_AnswersWhatTheDocumentSays()
    {
        const string launch = """{"item":"jupyter-notebook","name":"documented","lifetime":"PT2H","tags":{"a":"b"},"reason":"why not"}""";
        var id = (await CallAsync("POST /api/v1/workloads", "/api/v1/workloads", 201, launch)).GetProperty("id").GetGuid();
        var one = $"/api/v1/workloads/{id}";
        for (var i = 0; i < 300 && (await CallAsync("GET /api/v1/workloads/{id}", one, 200)).GetProperty("phase").GetString() != "Running"; i++) await Task.Delay(100);
        await CallAsync("GET /api/v1/workloads", "/api/v1/workloads", 200);
        foreach (var part in new[] { "events", "allocations", "metrics", "usage", "artifacts", "access" }) await CallAsync($"GET /api/v1/workloads/{{id}}/{part}", $"{one}/{part}", 200);
        await CallAsync("POST /api/v1/workloads/{id}/extend", one + "/extend", 202, """{"by":"PT1H"}""");
        await CallAsync("POST /api/v1/workloads/{id}/extend", one + "/extend", 400, "{}");
        await CallAsync("POST /api/v1/workloads", "/api/v1/workloads", 409, launch);
        await CallAsync("POST /api/v1/workloads/{id}/stop", one + "/stop", 202, "");
        await CallAsync("DELETE /api/v1/workloads/{id}", one, 202);
    }

    [Fact]
    public async Task Faults_OfWrongJson_AreFound()
    {
        var schema = ApiDocument.AnswerSchema(_document.Operation("GET /api/v1/me"), 200)!;
        (await _document.FaultsAsync(schema, """{"id":"0197a1b0-0a1b-7c2d-8e3f-4a5b6c7d8e9f","email":"a@b.c","name":"A","roles":[],"teams":[],"scopes":[]}""")).Should().BeEmpty();
        (await _document.FaultsAsync(schema, """{"id":"0197a1b0-0a1b-7c2d-8e3f-4a5b6c7d8e9f","email":"a@b.c","name":"A","roles":[],"teams":[{}],"scopes":[]}""")).Should().NotBeEmpty();
        (await _document.FaultsAsync(schema, """{"id":"0197a1b0-0a1b-7c2d-8e3f-4a5b6c7d8e9f","email":"a@b.c","name":7,"roles":[],"teams":[],"scopes":[]}""")).Should().NotBeEmpty();
        (await _document.FaultsAsync(schema, """{"id":"0197a1b0-0a1b-7c2d-8e3f-4a5b6c7d8e9f","email":"a@b.c","name":"A","roles":[],"teams":[],"scopes":[],"more":1}""")).Should().NotBeEmpty();
    }

    private async Task<JsonElement> CallAsync(string operation, string path, int status, string? body = null, bool anonymous = false)
    {
        using var request = new HttpRequestMessage(new HttpMethod(operation.Split(' ')[0]), path);
        if (body is { Length: > 0 }) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await portal.Client(anonymous ? null : portal.AdminToken).SendAsync(request);
        var json = await response.Content.ReadAsStringAsync();
        response.StatusCode.Should().Be((HttpStatusCode)status, json);
        var schema = ApiDocument.AnswerSchema(_document.Operation(operation), status);
        schema.Should().NotBeNull($"{operation} answers {status}");
        (await _document.FaultsAsync(schema!, json)).Should().BeEmpty($"{operation} answered {json}");
        return JsonSerializer.Deserialize<JsonElement>(json);
    }
}
