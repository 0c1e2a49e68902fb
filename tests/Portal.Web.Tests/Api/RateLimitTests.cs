using System.Net;
using System.Text;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Api;

/// <summary>Nobody calls or guesses at any pace, and whoever is stopped learns when to go on.</summary>
public sealed class RateLimitTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_FasterThanAllowed_AreToldWhenToGoOn()
    {
        await using var portal = new PortalFactory { Settings = new Dictionary<string, string> { ["Limits:ApiCallsPerSecond"] = "1", ["Limits:ApiBurst"] = "5" } };
        await portal.InitializeAsync();
        using var client = portal.Client(portal.AdminToken);
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 12; i++) answers.Add(await client.GetAsync("/api/v1/me", Ct));
        answers[0].StatusCode.Should().Be(HttpStatusCode.OK);
        var refused = answers.First(a => a.StatusCode != HttpStatusCode.OK);
        refused.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        refused.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        refused.Headers.RetryAfter!.Delta.Should().BeGreaterThan(TimeSpan.Zero).And.BeLessThanOrEqualTo(TimeSpan.FromSeconds(2));
        (await refused.Content.ReadAsStringAsync(Ct)).Should().Contain("Too many requests");
        // Somebody else is not held up by it, and what is not the API answers as ever.
        (await portal.Client(null).GetAsync("/api/v1/me", Ct)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await client.GetAsync("/readyz", Ct)).StatusCode.Should().Be(HttpStatusCode.OK);
        for (var i = 0; i < 50 && (await client.GetAsync("/api/v1/me", Ct)).StatusCode != HttpStatusCode.OK; i++) await Task.Delay(200, Ct);
        await Task.Delay(1500, Ct);
        (await client.GetAsync("/api/v1/me", Ct)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Passwords_TriedFasterThanAllowed_AreRefusedByApiAndForm()
    {
        await using var portal = new PortalFactory { Settings = new Dictionary<string, string> { ["Limits:PasswordTriesPerMinute"] = "3" } };
        await portal.InitializeAsync();
        using var client = portal.Client(null);
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 4; i++) answers.Add(await BasicAsync(client, $"nobody{i}@portal.local"));
        answers.Select(a => (int)a.StatusCode).Should().Equal(401, 401, 401, 429);
        answers[3].Headers.RetryAfter!.Delta.Should().BeGreaterThan(TimeSpan.Zero).And.BeLessThanOrEqualTo(TimeSpan.FromMinutes(1));
        (await answers[3].Content.ReadAsStringAsync(Ct)).Should().Contain("Try again in");
        // The right password is not tried either, by the form, and the words do not tell whether it was right.
        using var form = await SignInAsync(client, portal);
        form.Headers.Location!.ToString().Should().Contain("error=many");
        (await client.GetStringAsync(form.Headers.Location, Ct)).Should().Contain("Too many tries from your network");
    }

    [Theory]
    [InlineData("Limits:ApiBurst", "0")]
    [InlineData("Limits:PasswordTriesPerMinute", "-1")]
    public async Task Limits_ThatLetNothingThrough_AreRefusedAtStart(string key, string value)
    {
        await using var portal = new PortalFactory { Settings = new Dictionary<string, string> { [key] = value } };
        await portal.Invoking(p => p.InitializeAsync().AsTask()).Should().ThrowAsync<Microsoft.Extensions.Options.OptionsValidationException>();
    }

    private static Task<HttpResponseMessage> BasicAsync(HttpClient client, string email)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:wrong password here")));
        return client.SendAsync(request, Ct);
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient client, PortalFactory portal)
    {
        using var page = await client.GetAsync("/sign-in", Ct);
        var html = await page.Content.ReadAsStringAsync(Ct);
        var token = System.Text.RegularExpressions.Regex.Match(html, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        var password = await File.ReadAllTextAsync(Path.Combine(portal.KeyFolder, "admin-password"), Ct);
        var request = new HttpRequestMessage(HttpMethod.Post, "/account/sign-in")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["email"] = "admin@portal.local", ["password"] = password.Trim(), ["__RequestVerificationToken"] = token }),
        };
        request.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
        request.Headers.Add("Origin", "http://localhost:5080");
        return await client.SendAsync(request, Ct);
    }
}
