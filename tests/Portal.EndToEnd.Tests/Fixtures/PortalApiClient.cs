using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>The API as a script uses it: a bearer token and JSON.</summary>
public sealed class PortalApiClient(PortalProcess portal)
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(30) };

    public Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path, string? token = null) => SendAsync(HttpMethod.Get, path, null, token);

    public Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, object? body = null, string? token = null, string? key = null) => SendAsync(HttpMethod.Post, path, body, token, key);

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, object? body, string? token = null, string? key = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{portal.Port}/api/v1{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? portal.AdminToken);
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 || response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) != true ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }

    /// <summary>Launches and answers the id.</summary>
    public async Task<Guid> LaunchAsync(object request, string? token = null, string? key = null)
    {
        var (status, body) = await PostAsync("/workloads", request, token, key);
        return status == HttpStatusCode.Created ? body.GetProperty("id").GetGuid() : throw new InvalidOperationException($"{status}: {body}");
    }

    public async Task<string> PhaseAsync(Guid id) => (await GetAsync($"/workloads/{id}")).Body.GetProperty("phase").GetString()!;

    /// <summary>Waits for one of the phases; the message of a time-out says what it saw instead.</summary>
    public async Task<JsonElement> WaitForAsync(Guid id, params string[] phases)
    {
        var limit = Stopwatch.StartNew();
        JsonElement seen = default;
        while (limit.Elapsed < TimeSpan.FromSeconds(120))
        {
            try
            {
                (_, seen) = await GetAsync($"/workloads/{id}");
                if (seen.ValueKind == JsonValueKind.Object && seen.TryGetProperty("phase", out var phase) && phases.Contains(phase.GetString())) return seen;
            }
            catch (HttpRequestException) when (portal.HasEnded)
            {
                throw new InvalidOperationException($"The portal is gone:\n{portal.Output}");
            }
            catch (HttpRequestException)
            {
                // Between two lives.
            }
            await Task.Delay(200);
        }
        throw new TimeoutException($"{id} did not become {string.Join(" or ", phases)}; it is {seen}\n{portal.Output}");
    }

    public async Task<string> LogsAsync(Guid id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{portal.Port}/api/v1/workloads/{id}/logs?tail=2000");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", portal.AdminToken);
        return await (await Client.SendAsync(request)).Content.ReadAsStringAsync();
    }

    /// <summary>Makes a person in a team and answers a token of theirs.</summary>
    public async Task<string> PersonAsync(string email, string team, string role = "member")
    {
        const string password = "correct horse battery staple";
        await PostAsync("/users", new { email, name = email.Split('@')[0], password, roles = Array.Empty<string>() });
        await PostAsync("/teams", new { slug = team, name = team });
        await SendAsync(HttpMethod.Put, $"/teams/{team}/members/{email}", new { role });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{portal.Port}/api/v1/tokens");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{password}")));
        request.Content = new StringContent("""{"name":"test","scopes":["read","launch"]}""", Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request);
        return JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("token").GetString()!;
    }
}
