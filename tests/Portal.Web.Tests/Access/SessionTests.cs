using System.Net;
using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Access;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>A browser session is over for every copy of its cookie and every page that is open, and no other session with it.</summary>
public sealed class SessionTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private const string Password = "A password of some length 7";

    [Fact]
    public async Task SignOut_EndsEveryCopyOfTheSession_AndNoOther()
    {
        var email = await PersonAsync();
        using var browser = await SignedInAsync(email);
        using var elsewhere = await SignedInAsync(email);
        using var copy = browser.CopyTo(portal);
        (await copy.MeAsync()).Should().Contain(email);
        var open = await ActorAsync(email);

        using (var answer = await browser.PostAsync("/account/sign-out")) answer.StatusCode.Should().Be(HttpStatusCode.Found);

        (await copy.MeAsync()).Should().BeNull("what was copied from the browser is worth nothing");
        (await elsewhere.MeAsync()).Should().Contain(email);
        (await AgainAsync(open)).Should().BeNull("a page that is open is signed out too");
    }

    [Fact]
    public async Task Session_AtItsEnd_IsOver()
    {
        var email = await PersonAsync();
        using var browser = await SignedInAsync(email);
        var open = await ActorAsync(email);
        (await AgainAsync(open)).Should().NotBeNull();

        await using (var db = await OpenAsync()) await db.BrowserSessions.Where(s => s.UserId == open.UserId).ExecuteUpdateAsync(set => set.SetProperty(s => s.EndsAt, s => s.StartedAt));

        (await browser.MeAsync()).Should().BeNull();
        (await AgainAsync(open)).Should().BeNull();
    }

    [Fact]
    public async Task Password_Replaced_EndsAllSessions()
    {
        var email = await PersonAsync();
        using var browser = await SignedInAsync(email);
        var open = await ActorAsync(email);

        (await portal.Client(portal.AdminToken).CallAsync(HttpMethod.Post, $"/users/{email}/password")).Status.Should().Be(HttpStatusCode.OK);

        (await browser.MeAsync()).Should().BeNull();
        (await AgainAsync(open)).Should().BeNull();
    }

    [Fact]
    public async Task SignIn_ForgetsSessionsThatAreLongOver()
    {
        var email = await PersonAsync();
        using var first = await SignedInAsync(email);
        await using var db = await OpenAsync();
        var id = await db.Users.Where(u => u.Email == email).Select(u => u.Id).SingleAsync();
        await db.BrowserSessions.Where(s => s.UserId == id).ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, s => s.StartedAt.AddDays(-2)));

        using var second = await SignedInAsync(email);

        (await db.BrowserSessions.CountAsync(s => s.UserId == id)).Should().Be(1);
        (await second.MeAsync()).Should().Contain(email);
    }

    private async Task<string> PersonAsync()
    {
        var email = $"s{Guid.NewGuid():N}@example.org";
        (await portal.Client(portal.AdminToken).CallAsync(HttpMethod.Post, "/users", $$"""{"email": "{{email}}", "name": "S", "password": "{{Password}}"}""")).Status.Should().Be(HttpStatusCode.Created);
        return email;
    }

    private async Task<ProviderBrowser> SignedInAsync(string email)
    {
        var browser = new ProviderBrowser(portal);
        using var answer = await browser.PostAsync("/account/sign-in", ("email", email), ("password", Password));
        answer.Headers.Location!.ToString().Should().Be("/");
        return browser;
    }

    // As a page has it that was opened in the person's oldest session.
    private async Task<Actor> ActorAsync(string email)
    {
        await using var db = await OpenAsync();
        var session = await db.BrowserSessions.Where(s => db.Users.Any(u => u.Id == s.UserId && u.Email == email)).OrderBy(s => s.Id).FirstAsync();
        return (await portal.Services.GetRequiredService<ActorDirectory>().InSessionAsync(session.UserId, session.Id, default))!;
    }

    private Task<Actor?> AgainAsync(Actor actor) => portal.Services.GetRequiredService<ActorDirectory>().AgainAsync(actor, default);

    private Task<PortalDbContext> OpenAsync() => portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync();
}
