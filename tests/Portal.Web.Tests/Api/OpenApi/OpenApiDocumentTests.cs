using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Portal.Web.Tests.Api.OpenApi;

/// <summary>The document says all of the API and nothing else. A new endpoint needs no line here: it is found by its route.</summary>
public sealed partial class OpenApiDocumentTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private static readonly string[] Besides = ["GET /healthz", "GET /readyz", "GET /metrics"];

    [Fact]
    public async Task Document_AgainstTheRoutes_NamesExactlyWhatIsMapped()
    {
        var document = await ApiDocument.ReadAsync(portal);
        document.Operations.Select(o => o.Name).Should().BeEquivalentTo(Routes().Select(r => r.Name));
    }

    [Fact]
    public async Task Operation_Each_SaysWhatItIs()
    {
        var document = await ApiDocument.ReadAsync(portal);
        var tags = document.Root["tags"]!.AsArray().Select(t => (string)t!["name"]!).ToList();
        var wrong = new List<string>();
        foreach (var (name, operation) in document.Operations)
        {
            void Must(bool good, string what) => wrong.AddRange(good ? [] : [$"{name}: {what}"]);
            Must(OperationId().IsMatch((string?)operation["operationId"] ?? ""), "operationId");
            Must(!string.IsNullOrEmpty((string?)operation["summary"]), "summary");
            Must(operation["tags"]?.AsArray().Count == 1 && tags.Contains((string)operation["tags"]![0]!), "one known tag");
            foreach (var parameter in operation["parameters"]?.AsArray() ?? []) Must(!string.IsNullOrEmpty((string?)parameter!["description"]) && parameter["schema"] is not null, $"parameter {parameter["name"]}");
            Must(operation["responses"]!.AsObject().All(r => !string.IsNullOrEmpty((string?)r.Value!["description"])), "words of every answer");
        }
        wrong.Should().BeEmpty();
        document.Operations.Select(o => (string)o.Operation["operationId"]!).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Operation_Each_HasAnswersErrorsAndExamples()
    {
        var document = await ApiDocument.ReadAsync(portal);
        var wrong = new List<string>();
        foreach (var (name, operation) in document.Operations)
        {
            void Must(bool good, string what) => wrong.AddRange(good ? [] : [$"{name}: {what}"]);
            var answers = operation["responses"]!.AsObject();
            var good = answers.Where(a => a.Key[0] == '2').ToList();
            Must(good.Count > 0, "a 2xx answer");
            Must(good.All(a => a.Key == "204" ? ApiDocument.Media(a.Value) is null : Complete(ApiDocument.Media(a.Value))), "schema and example of every 2xx answer");
            var errors = answers.Where(a => a.Key[0] is '4' or '5').ToList();
            Must(errors.All(a => Complete(a.Value!["content"]?["application/problem+json"])), "schema and example of every error");
            if (!name.Contains("/api/v1/", StringComparison.Ordinal)) continue;
            Must(new[] { "401", "403", "503" }.All(answers.ContainsKey), "401, 403 and 503");
            Must(!name.Contains("{id}", StringComparison.Ordinal) || answers.ContainsKey("404"), "404, for it names something");
            if (operation["requestBody"] is not { } body) continue;
            Must(Complete(body["content"]?["application/json"]), "schema and example of the request");
            Must(answers.ContainsKey("400") && answers.ContainsKey("415"), "400 and 415, for it has a body");
        }
        wrong.Should().BeEmpty();
    }

    [Fact]
    public async Task Example_Each_FitsItsSchema()
    {
        var document = await ApiDocument.ReadAsync(portal);
        var wrong = new List<string>();
        foreach (var (name, operation) in document.Operations)
        {
            var bodies = operation["responses"]!.AsObject().Select(a => (a.Key, ApiDocument.Media(a.Value))).Append(("request", ApiDocument.Media(operation["requestBody"])));
            foreach (var (what, media) in bodies.Where(b => b.Item2 is not null))
                wrong.AddRange((await document.FaultsAsync(media!["schema"]!, media["example"]!.ToJsonString())).Select(f => $"{name} {what} {f}"));
        }
        wrong.Should().BeEmpty();
    }

    [Fact]
    public async Task Security_OfEachOperation_IsThatOfItsRoute()
    {
        var document = await ApiDocument.ReadAsync(portal);
        document.Root["components"]!["securitySchemes"]!["bearer"]!["scheme"]!.GetValue<string>().Should().Be("bearer");
        foreach (var (name, endpoint) in Routes())
        {
            var schemes = (document.Operation(name)["security"]?.AsArray() ?? []).SelectMany(s => s!.AsObject().Select(p => p.Key)).ToList();
            schemes.Contains("bearer").Should().Be(endpoint.Metadata.OfType<IAuthorizeData>().Any(), name);
        }
        document.Operation("POST /api/v1/tokens")["security"]!.AsArray().Should().HaveCount(2, "a password makes the first token");
    }

    /// <summary>Every mapped operation of the contract, and its endpoint.</summary>
    private IEnumerable<(string Name, RouteEndpoint Endpoint)> Routes() => portal.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(method => ($"{method} {Path(e)}", e)))
        .Where(r => r.Item1.Contains(" /api/v1/", StringComparison.Ordinal) || Besides.Contains(r.Item1));

    private static string Path(RouteEndpoint endpoint) => "/" + Constraint().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "{$1}");

    private static bool Complete(JsonNode? media) => media?["schema"] is JsonObject { Count: > 0 } && media["example"] is not null;

    [GeneratedRegex("^[a-z][A-Za-z0-9]+$")]
    private static partial Regex OperationId();

    [GeneratedRegex(@"\{\**([A-Za-z]+)(:[^}]+)?\??\}")]
    private static partial Regex Constraint();
}
