using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>A portal that keeps no passwords: everything that needs one refuses in words.</summary>
public sealed class WithoutLocalAccountsTests(WithoutLocalAccountsFixture fixture) : IClassFixture<WithoutLocalAccountsFixture>
{
    private HttpClient Admin => fixture.Portal.Client(fixture.Portal.AdminToken);

    [Fact]
    public async Task SignInPage_OffersTheProviderOnly()
    {
        using var browser = new ProviderBrowser(fixture.Portal);
        await browser.GoAsync("/sign-in?returnUrl=%2Fcatalog");
        browser.Text.Should().Contain("Sign in with Example Corp").And.Contain("/account/oidc/sign-in?returnUrl=%2Fcatalog").And.NotContain("password");
    }

    [Fact]
    public async Task EverythingWithAPassword_Refuses_AndTokensGoOn()
    {
        using (var form = new FormUrlEncodedContent([new("email", "admin@portal.local"), new("password", "x")]))
        using (var answer = await fixture.Portal.Client(null).PostAsync("/account/sign-in", form)) answer.StatusCode.Should().Be(HttpStatusCode.BadRequest, "the form is not there, so there is no antiforgery token either");
        using var basic = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name": "t", "scopes": ["read"]}""", Encoding.UTF8, "application/json") };
        basic.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("admin@portal.local:x"u8));
        using (var answer = await fixture.Portal.Client(null).SendAsync(basic))
            (answer.StatusCode, await answer.Content.ReadAsStringAsync()).Should().Match<(HttpStatusCode Status, string Body)>(a => a.Status == HttpStatusCode.Forbidden && a.Body.Contains("Local accounts are switched off"));
        var (status, problem) = await Admin.CallAsync(HttpMethod.Post, "/users", """{"email": "a@example.org", "password": "A password of some length 7"}""");
        (status, problem.GetRawText()).Should().Match<(HttpStatusCode Status, string Body)>(a => a.Status == HttpStatusCode.BadRequest && a.Body.Contains("Local accounts are switched off"));
        (status, problem) = await Admin.CallAsync(HttpMethod.Post, "/users/admin@portal.local/password");
        (status, problem.GetRawText()).Should().Match<(HttpStatusCode Status, string Body)>(a => a.Status == HttpStatusCode.Conflict && a.Body.Contains("Local accounts are switched off"));
        (await Admin.CallAsync(HttpMethod.Get, "/me")).Status.Should().Be(HttpStatusCode.OK, "access tokens go on working");
    }

    [Fact]
    public async Task PersonMadeByAnAdministrator_HasNoPassword_AndComesInWithTheProvider()
    {
        var (status, made) = await Admin.CallAsync(HttpMethod.Post, "/users", """{"email": "wanda@example.org", "name": "Wanda", "roles": ["Auditor"]}""");
        (status, made.GetProperty("password").ValueKind).Should().Be((HttpStatusCode.Created, JsonValueKind.Null));
        fixture.Provider.Person("wanda");
        using var browser = new ProviderBrowser(fixture.Portal);
        await browser.SignInAsync(fixture.Provider, "wanda");
        (await browser.MeAsync()).Should().Contain(made.GetProperty("id").GetString()!).And.Contain("Auditor", "no group is mapped, so nothing is taken away");
    }
}
