using System.Globalization;
using System.Net;
using System.Text.Json;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api.OpenApi;

/// <summary>
/// Every operation of the document with requests that nobody means well: each gets a clear answer, and none a failure of the portal's.
/// <c>PORTAL_FUZZ_ROUNDS</c> asks for more of them, <c>PORTAL_FUZZ_SEED</c> for those of a run that failed.
/// </summary>
public sealed class OpenApiFuzzTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Operation_Each_IsNeverTheReasonOfA500()
    {
        var (seed, rounds) = (Asked("PORTAL_FUZZ_SEED", Random.Shared.Next()), Asked("PORTAL_FUZZ_ROUNDS", 25));
        var document = await ApiDocument.ReadAsync(portal);
        using var client = portal.Client(portal.AdminToken);
        (await client.CallAsync(HttpMethod.Post, "/workloads", """{"item":"jupyter-notebook","name":"fuzzed","lifetime":"PT2H"}""")).Status.Should().Be(HttpStatusCode.Created);
        (await client.CallAsync(HttpMethod.Post, "/users", """{"email":"fuzzed@example.org"}""")).Status.Should().Be(HttpStatusCode.Created);
        var known = await KnownAsync(document, client);
        var (wrong, answered) = (new List<string>(), new SortedDictionary<int, int>());

        foreach (var (name, operation) in document.Operations)
        {
            // The same for an operation whatever others there are.
            var requests = new HostileRequests(new Random(name.Aggregate(seed, (sum, c) => unchecked((sum * 31) + c))), known);
            for (var round = 0; round < rounds; round++)
            {
                using var request = requests.Of(name, operation);
                var (status, fault) = await SendAsync(client, request);
                answered[status] = answered.GetValueOrDefault(status) + 1;
                if (fault is not null) wrong.Add($"{request.Method} {request.RequestUri} {await BodyAsync(request)}: {fault}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", answered.Select(a => $"{a.Key}: {a.Value}")));
        string.Join(Environment.NewLine, wrong).Should().BeEmpty($"PORTAL_FUZZ_SEED={seed}");
        answered.Keys.Should().Contain([200, 400, 404], "otherwise it has looked at nothing");
    }

    private static async Task<(int Status, string? Fault)> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(LongestAnswer);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            var (status, type) = ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType);
            // What is followed has no end.
            if (type == "text/event-stream") return (status, null);
            var text = await answer.Content.ReadAsStringAsync(end.Token);
            return (status, status >= 500 ? $"{status} {Short(text)}"
                : status >= 400 && request.RequestUri!.ToString().Contains("/api/v1/", StringComparison.Ordinal) && type != "application/problem+json" ? $"{status} is no problem but {type}: {Short(text)}"
                : text.Contains("Exception", StringComparison.Ordinal) && text.Contains("   at ", StringComparison.Ordinal) ? $"tells how the portal is made: {Short(text)}" : null);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return (0, $"no answer within {LongestAnswer}");
        }
    }

    /// <summary>What exists, of all that can be listed; not whoever asks, who is to stay what he is.</summary>
    private static async Task<IReadOnlyList<string>> KnownAsync(ApiDocument document, HttpClient client)
    {
        var me = (await client.CallAsync(HttpMethod.Get, "/me")).Body;
        HashSet<string> found = [];
        foreach (var (name, _) in document.Operations.Where(o => o.Name.StartsWith("GET /api/v1/", StringComparison.Ordinal) && !o.Name.Contains('{', StringComparison.Ordinal)))
        {
            using var answer = await client.GetAsync(name.Split(' ')[1], HttpCompletionOption.ResponseHeadersRead);
            if (answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType == "application/json") Collect(JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()), found);
        }
        found.ExceptWith([me.GetProperty("id").GetString()!, me.GetProperty("email").GetString()!]);
        foreach (var token in (await client.CallAsync(HttpMethod.Get, "/tokens")).Body.GetProperty("items").EnumerateArray()) found.Remove(token.GetProperty("id").GetString()!);
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static void Collect(JsonElement json, HashSet<string> found)
    {
        if (json.ValueKind == JsonValueKind.Array) foreach (var part in json.EnumerateArray()) Collect(part, found);
        if (json.ValueKind != JsonValueKind.Object) return;
        foreach (var part in json.EnumerateObject())
        {
            if (part.Value.ValueKind == JsonValueKind.String && part.Name is "id" or "slug" or "email" or "name") found.Add(part.Value.GetString()!);
            Collect(part.Value, found);
        }
    }

    private static async Task<string> BodyAsync(HttpRequestMessage request) => request.Content is { } content ? $"{content.Headers.ContentType} {Short(await content.ReadAsStringAsync())}" : "";

    private static string Short(string text) => text.Length <= 400 ? text : $"{text[..400]}… ({text.Length})";

    private static int Asked(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var given) ? given : otherwise;
}
