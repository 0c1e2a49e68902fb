using System.Net;
using System.Text.Json;
using System.Web;
using AwesomeAssertions;
using Portal.Testing.OpenId;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>The whole way through a real OpenID provider, by HTTP.</summary>
public sealed class SingleSignOnTests(SingleSignOnFixture fixture) : IClassFixture<SingleSignOnFixture>
{
    private const string Password = "A password of some length 7";

    private OpenIdProvider Provider => fixture.Provider;

    private HttpClient Admin => fixture.Portal.Client(fixture.Portal.AdminToken);

    [Fact]
    public async Task FirstSignIn_MakesTheAccount_AndTheSecondFindsIt()
    {
        Provider.Person("lena");
        using var browser = Browser();
        (await browser.SignInAsync(Provider, "lena", "/catalog?kind=Notebook")).Should().Be("/catalog?kind=Notebook");
        var me = JsonSerializer.Deserialize<JsonElement>((await browser.MeAsync())!);
        (me.GetProperty("email").GetString(), me.GetProperty("name").GetString()).Should().Be(("lena@example.org", "Lena"));
        var asked = HttpUtility.ParseQueryString(Provider.Asked.Last());
        (asked["response_type"], asked["code_challenge_method"], asked["redirect_uri"]).Should().Be(("code", "S256", "http://localhost:5080/account/oidc/callback"));
        asked["code_challenge"].Should().NotBeNullOrEmpty();
        (asked["nonce"] + asked["state"]).Should().NotBeEmpty();

        // Another browser, another name and e-mail at the provider: the subject is what counts.
        (Provider.People["lena"].Email, Provider.People["lena"].Name) = ("lena.married@example.org", "Lena M.");
        using var second = Browser();
        await second.SignInAsync(Provider, "lena");
        JsonSerializer.Deserialize<JsonElement>((await second.MeAsync())!).GetProperty("id").GetString().Should().Be(me.GetProperty("id").GetString());
        (await AuditAsync("user.create", me.GetProperty("id").GetString()!)).Should().ContainSingle().Which.Should().StartWith("portal ").And.Contain("\"subject\":\"lena\"");
    }

    [Fact]
    public async Task Groups_GiveAndTakeRolesAndTeams_AtEverySignIn_AndLeaveWhatWasGivenByHand()
    {
        Provider.Person("tom", "ml-vision", "cn=finance,ou=groups", "ml-nowhere", "unheard-of");
        using var browser = Browser();
        await browser.SignInAsync(Provider, "tom");
        var me = (await browser.MeAsync())!;
        me.Should().Contain("\"roles\":[\"FinOps\"]").And.Contain("\"slug\":\"vision\",\"name\":\"Vision\",\"role\":\"member\"");
        await Admin.CallAsync(HttpMethod.Put, "/teams/speech/members/tom@example.org", """{"role": "lead"}""");
        await Admin.CallAsync(HttpMethod.Patch, "/users/tom@example.org", """{"roles": ["FinOps", "Auditor"]}""");
        using var elsewhere = Browser();
        await elsewhere.SignInAsync(Provider, "tom");

        Provider.Person("tom", "ml-vision-leads");
        await browser.SignInAsync(Provider, "tom");
        (await browser.MeAsync()).Should().Contain("\"roles\":[\"Auditor\"]").And.Contain("\"slug\":\"vision\",\"name\":\"Vision\",\"role\":\"lead\"").And.Contain("speech");
        (await elsewhere.MeAsync()).Should().BeNull("a role was taken away, so sessions from before end");

        Provider.Person("tom");
        await browser.SignInAsync(Provider, "tom");
        (await browser.MeAsync()).Should().Contain("\"teams\":[{\"slug\":\"speech\",\"name\":\"Speech\",\"role\":\"lead\"}]").And.Contain("\"roles\":[\"Auditor\"]");
        var id = JsonSerializer.Deserialize<JsonElement>((await browser.MeAsync())!).GetProperty("id").GetString()!;
        (await AuditAsync("user.update", id)).Should().Contain(e => e.StartsWith("portal ") && e.Contains("""{"after":["Auditor"],"before":["Auditor","FinOps"]}"""));
        (await AuditAsync("team.member", "vision", "team")).Should().Contain(e => e.Contains("tom@example.org") && e.Contains("\"after\":\"Lead\"") && e.Contains("\"before\":\"Member\""));
        (await AuditAsync("team.member.remove", "vision", "team")).Should().ContainSingle(e => e.Contains("tom@example.org"));
    }

    [Fact]
    public async Task SameSignInTwice_WithoutAnythingTakenAway_LeavesOtherSessions()
    {
        Provider.Person("iris", "ml-vision");
        using var one = Browser();
        using var other = Browser();
        await one.SignInAsync(Provider, "iris");
        await other.SignInAsync(Provider, "iris");
        (await one.MeAsync()).Should().NotBeNull();
    }

    [Fact]
    public async Task LocalAccount_WithTheSameEmail_IsLinkedOnceAndOnlyWhenVerified()
    {
        await Admin.CallAsync(HttpMethod.Post, "/users", JsonSerializer.Serialize(new { email = "nora@example.org", name = "Nora", password = Password }));
        Provider.Person("nora").IsEmailVerified = false;
        using var browser = Browser();
        (await browser.SignInAsync(Provider, "nora")).Should().StartWith("/sign-in?error=EmailTaken");
        browser.Text.Should().Contain("There is already an account with your e-mail address");
        browser.HasSession.Should().BeFalse();

        Provider.Person("nora").IsEmailVerified = true;
        (await browser.SignInAsync(Provider, "nora")).Should().Be("/");
        var id = JsonSerializer.Deserialize<JsonElement>((await browser.MeAsync())!).GetProperty("id").GetString()!;
        (await AuditAsync("user.link", id)).Should().ContainSingle().Which.Should().StartWith("portal ");

        // Somebody else at the provider with the same verified e-mail does not get in by it.
        Provider.Person("intruder").Email = "nora@example.org";
        using var other = Browser();
        (await other.SignInAsync(Provider, "intruder")).Should().StartWith("/sign-in?error=EmailTaken");
    }

    [Fact]
    public async Task DisabledPerson_StaysOut()
    {
        Provider.Person("max");
        using var browser = Browser();
        await browser.SignInAsync(Provider, "max");
        await Admin.CallAsync(HttpMethod.Patch, "/users/max@example.org", """{"disabled": true}""");
        (await browser.SignInAsync(Provider, "max")).Should().StartWith("/sign-in?error=Disabled");
        browser.Text.Should().Contain("Your account in the portal is disabled");
        (await browser.MeAsync()).Should().BeNull();
    }

    [Fact]
    public async Task WithoutEmail_NoAccountIsMade()
    {
        Provider.Person("ghost").Email = null;
        using var browser = Browser();
        (await browser.SignInAsync(Provider, "ghost")).Should().StartWith("/sign-in?error=NoEmail");
        (await fixture.Portal.Database.QueryAsync<int>("select count(*)::int as \"Value\" from \"AspNetUserLogins\" where provider_key = 'ghost'"))[0].Should().Be(0);
    }

    [Theory]
    [InlineData("nonce", "/connect/authorize")]
    [InlineData("state", "/account/oidc/callback")]
    [InlineData("code", "/account/oidc/callback")]
    public async Task Tampered_OnTheWay_IsRefused(string parameter, string where)
    {
        Provider.Person("eve");
        using var browser = Browser();
        browser.OnTheWay = address => address.AbsolutePath == where ? With(address, parameter, v => "x" + v[1..]) : address;
        (await browser.SignInAsync(Provider, "eve")).Should().Be("/sign-in?error=failed");
        browser.HasSession.Should().BeFalse();
        browser.Text.Should().Contain("Signing in with Example Corp did not work.");
    }

    [Fact]
    public async Task AnswerMeantForAnotherBrowser_IsRefused()
    {
        Provider.Person("eve");
        Uri? answer = null;
        using var hers = Browser();
        hers.OnTheWay = address => { if (address.AbsolutePath == "/account/oidc/callback") answer = address; return answer is null ? address : null; };
        await hers.GoAsync(new Uri(Provider.Url, "/be/eve").ToString());
        await hers.GoAsync("/account/oidc/sign-in");
        using var victim = Browser();
        await victim.GoAsync(answer!.ToString());
        (victim.Path, victim.HasSession).Should().Be(("/sign-in?error=failed", false));
    }

    [Theory]
    [InlineData("https://evil.example.org/")]
    [InlineData("//evil.example.org/")]
    [InlineData("/\\evil.example.org")]
    public async Task ForeignReturnUrl_LeadsHome(string returnUrl)
    {
        Provider.Person("lena");
        using var browser = Browser();
        (await browser.SignInAsync(Provider, "lena", returnUrl)).Should().Be("/");
    }

    [Fact]
    public async Task PersonWhoSaysNoAtTheProvider_ReadsThat()
    {
        using var browser = Browser();
        await browser.GoAsync("/account/oidc/sign-in");
        browser.Path.Should().StartWith("/sign-in?error=denied");
        browser.Text.Should().Contain("Example Corp did not let you in");
    }

    [Fact]
    public async Task SignOut_EndsTheSessionAtTheProviderToo()
    {
        Provider.Person("olga");
        using var browser = Browser();
        await browser.SignInAsync(Provider, "olga");
        using (var answer = await browser.PostAsync("/account/sign-out")) answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var next = WebUtility.HtmlDecode(browser.Text.Split("0;url=")[1].Split('"')[0]);
        next.Should().StartWith(new Uri(Provider.Url, "/connect/end").ToString()).And.Contain("id_token_hint=");
        (await browser.MeAsync()).Should().BeNull("here it has ended already");
        await browser.GoAsync(next);
        browser.Path.Should().Be("/sign-in");
        Provider.SignedOut.Should().Contain("olga");
    }

    [Fact]
    public async Task SignOut_OfALocalAccount_StaysHere()
    {
        await Admin.CallAsync(HttpMethod.Post, "/users", JsonSerializer.Serialize(new { email = "paul@example.org", name = "Paul", password = Password }));
        using var browser = Browser();
        using (var signedIn = await browser.PostAsync("/account/sign-in", ("email", "paul@example.org"), ("password", Password))) signedIn.Headers.Location!.ToString().Should().Be("/");
        using var answer = await browser.PostAsync("/account/sign-out");
        answer.Headers.Location!.ToString().Should().Be("/sign-in");
    }

    [Fact]
    public async Task TwoFirstSignInsAtOnce_MakeOneAccount()
    {
        Provider.Person("uma", "ml-vision");
        using var one = Browser();
        using var two = Browser();
        using var three = Browser();
        var paths = await Task.WhenAll(one.SignInAsync(Provider, "uma"), two.SignInAsync(Provider, "uma"), three.SignInAsync(Provider, "uma"));
        paths.Should().AllBe("/");
        new[] { await one.MeAsync(), await two.MeAsync(), await three.MeAsync() }.Distinct().Should().ContainSingle().Which.Should().NotBeNull();
        (await fixture.Portal.Database.QueryAsync<int>("select count(*)::int as \"Value\" from users where normalized_email = 'UMA@EXAMPLE.ORG'"))[0].Should().Be(1);
    }

    [Fact]
    public async Task Session_HoldsTheIdTokenInTheCookieOnly()
    {
        Provider.Person("lena");
        using var browser = Browser();
        await browser.SignInAsync(Provider, "lena");
        (await fixture.Portal.Database.QueryAsync<int>("select count(*)::int as \"Value\" from \"AspNetUserTokens\""))[0].Should().Be(0);
    }

    private ProviderBrowser Browser() => new(fixture.Portal);

    private async Task<IReadOnlyList<string>> AuditAsync(string action, string subject, string kind = "user") =>
        await fixture.Portal.Database.QueryAsync<string>($"select actor_name || ' ' || coalesce(replace(detail::text, ' ', ''), '') as \"Value\" from audit_entries where action = '{action}' and subject_kind = '{kind}' and subject_id = '{subject}' order by at");

    private static Uri With(Uri address, string parameter, Func<string, string> change)
    {
        var query = HttpUtility.ParseQueryString(address.Query);
        query[parameter] = change(query[parameter]!);
        return new UriBuilder(address) { Query = query.ToString() }.Uri;
    }
}
