using System.Text.Json.Nodes;
using AwesomeAssertions;
using Portal.Web.Api.Reference;
using Xunit;

namespace Portal.Web.Tests.Api.OpenApi;

/// <summary>The reference page shows all of the document and needs nothing from elsewhere.</summary>
public sealed class OpenApiReferenceTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    [Fact]
    public async Task Page_WithoutSignIn_ShowsEveryOperationAndShape()
    {
        var page = await portal.Client(null).GetStringAsync("/api-docs");
        var document = await ApiDocument.ReadAsync(portal);
        var missing = document.Operations.Select(o => (string)o.Operation["operationId"]!).Where(id => !page.Contains($"<article id=\"{id}\"", StringComparison.Ordinal)).ToList();
        missing.Should().BeEmpty();
        var targets = System.Text.RegularExpressions.Regex.Matches(page, "href=\"/api-docs#([^\"]+)\"").Select(m => m.Groups[1].Value).Distinct();
        targets.Where(t => !page.Contains($"id=\"{t}\"", StringComparison.Ordinal)).Should().BeEmpty("every link on the page leads somewhere");
    }

    [Fact]
    public async Task Page_UnderThePolicy_HasNoInlineScriptAndNothingFromElsewhere()
    {
        using var response = await portal.Client(null).GetAsync("/api-docs");
        response.Headers.GetValues("Content-Security-Policy").Should().Contain(policy => policy.Contains("script-src 'self';"), "and further policies only take away");
        var page = await response.Content.ReadAsStringAsync();
        System.Text.RegularExpressions.Regex.Matches(page, "<script(?![^>]*\\ssrc=)[^>]*>").Should().BeEmpty();
        System.Text.RegularExpressions.Regex.Matches(page, "\\s(src|action)=\"https?:|<link[^>]*href=\"https?:|\\son[a-z]+=\"").Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"type":"string"}""", "text")]
    [InlineData("""{"type":["null","string"],"format":"uuid"}""", "text (uuid) or null")]
    [InlineData("""{"type":"array","items":{"$ref":"#/components/schemas/Row"}}""", "list of Row")]
    [InlineData("""{"oneOf":[{"type":"null"},{"$ref":"#/components/schemas/Row"}]}""", "Row or null")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", "map to whole number")]
    [InlineData("{}", "any JSON")]
    public void TypeOf_Schema_IsInFewWords(string schema, string words) => ApiReferenceReader.TypeOf(JsonNode.Parse(schema)).Words.Should().Be(words);

    [Fact]
    public async Task Command_OfALaunch_IsReadyToBePasted()
    {
        var page = System.Net.WebUtility.HtmlDecode(await portal.Client(null).GetStringAsync("/api-docs"));
        page.Should().Contain("curl -X POST -H \"Authorization: Bearer $PORTAL_TOKEN\" -H \"Idempotency-Key: $KEY\" -H 'Content-Type: application/json' \\\n  -d '{\"name\":\"tiny-regression\"")
            .And.Contain("\"$PORTAL_URL/api/v1/workloads/$ID/stop\"");
    }
}
