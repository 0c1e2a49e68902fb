using System.Diagnostics;
using System.Net;
using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Access;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Teams;
using Portal.Web.Apps;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>A right that is taken away counts from the next action on, and what is open ends within seconds.</summary>
public sealed class RightsLostTests(PortalFactory portal) : IClassFixture<PortalFactory>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private HttpClient Admin => portal.Client(portal.AdminToken);

    [Fact]
    public async Task Api_AfterEachLoss_RefusesTheNextCall()
    {
        var (id, _) = await RunningAsync();
        foreach (var (loss, status) in new[] { (Loss.Token, HttpStatusCode.Unauthorized), (Loss.Account, HttpStatusCode.Unauthorized), (Loss.Membership, HttpStatusCode.NotFound) })
        {
            var person = await PersonAsync();
            using var client = portal.Client(person.Token);
            (await client.CallAsync(HttpMethod.Get, $"/workloads/{id}")).Status.Should().Be(HttpStatusCode.OK);
            await LoseAsync(person, loss);
            (await client.CallAsync(HttpMethod.Get, $"/workloads/{id}")).Status.Should().Be(status, "{0}", loss);
        }
        var auditor = await PersonAsync(PortalRoles.Auditor);
        using var reader = portal.Client(auditor.Token);
        (await reader.CallAsync(HttpMethod.Get, "/audit")).Status.Should().Be(HttpStatusCode.OK);
        await LoseAsync(auditor, Loss.Role);
        (await reader.CallAsync(HttpMethod.Get, "/audit")).Status.Should().Be(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData(Loss.Token)]
    [InlineData(Loss.Account)]
    [InlineData(Loss.Membership)]
    public async Task Log_BeingFollowed_EndsWithinSeconds(Loss loss)
    {
        var (id, _) = await RunningAsync();
        var person = await PersonAsync();
        using var client = portal.Client(person.Token);
        using var answer = await client.GetAsync($"/api/v1/workloads/{id}/logs?follow=true", HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var end = answer.Content.ReadAsStringAsync();
        await Task.Delay(TimeSpan.FromSeconds(3));
        end.IsCompleted.Should().BeFalse("it is followed for as long as it runs");
        await LoseAsync(person, loss);

        (await end.WaitAsync(Patience)).Should().EndWith("event: end\ndata: \n\n");
    }

    [Theory]
    [InlineData(Loss.Token)]
    [InlineData(Loss.Account)]
    [InlineData(Loss.Membership)]
    public async Task Stream_ThroughTheProxy_IsClosedWithinSeconds_AndOnlyThatOne(Loss loss)
    {
        var (id, allocation) = await RunningAsync(open: true);
        var (person, other) = (await PersonAsync(), await PersonAsync());
        var streams = portal.Services.GetRequiredService<OpenStreams>();
        using var his = streams.Register(id, (await ActorAsync(person))!, allocation, CancellationToken.None);
        // The same person in a browser: a revoked token is not theirs.
        using var browser = streams.Register(id, (await portal.Services.GetRequiredService<ActorDirectory>().FindAsync(person.Id, null, default))!, allocation, CancellationToken.None);
        using var others = streams.Register(id, (await ActorAsync(other))!, allocation, CancellationToken.None);
        await LoseAsync(person, loss);

        await EndAsync(his.Token);
        if (loss == Loss.Token) browser.Token.IsCancellationRequested.Should().BeFalse("only the token was revoked");
        else await EndAsync(browser.Token);
        others.Token.IsCancellationRequested.Should().BeFalse();
    }

    [Fact]
    public async Task Proxy_AfterEachLoss_RefusesTheNextRequest()
    {
        var (id, _) = await RunningAsync(open: true);
        foreach (var (loss, status) in new[] { (Loss.Token, HttpStatusCode.Unauthorized), (Loss.Account, HttpStatusCode.Unauthorized), (Loss.Membership, HttpStatusCode.NotFound) })
        {
            var person = await PersonAsync();
            using var client = portal.Client(person.Token);
            var address = $"http://{id}.localhost:5081/w/{id}/";
            (await client.GetAsync(address)).StatusCode.Should().Be(HttpStatusCode.BadGateway, "the way is open; no program stands behind it in this test");
            await LoseAsync(person, loss);
            (await client.GetAsync(address)).StatusCode.Should().Be(status, "{0}", loss);
        }
    }

    public enum Loss { Token, Account, Membership, Role }

    private sealed record Person(Guid Id, string Token);

    private Task<Actor?> ActorAsync(Person person) => portal.Services.GetRequiredService<TokenQueries>().AuthenticateAsync(person.Token, default);

    private static async Task EndAsync(CancellationToken token)
    {
        var limit = Stopwatch.StartNew();
        while (!token.IsCancellationRequested && limit.Elapsed < Patience) await Task.Delay(50, CancellationToken.None);
        token.IsCancellationRequested.Should().BeTrue("it ends within seconds");
    }

    // A workload of the first administrator in team platform.
    private async Task<(Guid Id, Guid Allocation)> RunningAsync(bool open = false)
    {
        var (status, made) = await Admin.CallAsync(HttpMethod.Post, "/workloads", """{"item": "jupyter-notebook", "hardware": "cpu-tiny"}""");
        status.Should().Be(HttpStatusCode.Created, made.ToString());
        var id = made.GetProperty("id").GetGuid();
        for (var i = 0; i < 600 && (await Admin.CallAsync(HttpMethod.Get, $"/workloads/{id}")).Body.GetProperty("phase").GetString() != "Running"; i++) await Task.Delay(100);
        if (open) (await Admin.CallAsync(HttpMethod.Put, $"/workloads/{id}/access", """{"audience": "team", "people": []}""")).Status.Should().Be(HttpStatusCode.Accepted);
        await using var db = await OpenAsync();
        return (id, await db.Allocations.Where(a => a.WorkloadId == id && a.EndedAt == null).Select(a => a.Id).SingleAsync());
    }

    private async Task<Person> PersonAsync(string? role = null)
    {
        var email = $"p{Guid.NewGuid():N}@example.org";
        var (_, made) = await Admin.CallAsync(HttpMethod.Post, "/users", $$"""{"email": "{{email}}", "name": "P", "roles": [{{(role is null ? "" : $"\"{role}\"")}}]}""");
        var id = Guid.Parse(made.GetProperty("id").GetString()!);
        await using var db = await OpenAsync();
        db.TeamMembers.Add(new TeamMember { TeamId = await db.Teams.Select(t => t.Id).FirstAsync(), UserId = id, Role = TeamRole.Member });
        await db.SaveChangesAsync();
        var actor = await portal.Services.GetRequiredService<ActorDirectory>().FindAsync(id, null, default);
        var token = await portal.Services.GetRequiredService<CreateToken>().ExecuteAsync("test", [TokenScopes.Read, TokenScopes.Launch], null, actor!, default);
        return new Person(id, ((CreateToken.Outcome.Created)token).Token);
    }

    private async Task LoseAsync(Person person, Loss loss)
    {
        await using var db = await OpenAsync();
        switch (loss)
        {
            case Loss.Token: await db.AccessTokens.Where(t => t.UserId == person.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedAt, TimeProvider.System.GetUtcNow())); break;
            case Loss.Account: await db.Users.Where(u => u.Id == person.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.Disabled, true)); break;
            case Loss.Membership: await db.TeamMembers.Where(m => m.UserId == person.Id).ExecuteDeleteAsync(); break;
            default: await db.UserRoles.Where(r => r.UserId == person.Id).ExecuteDeleteAsync(); break;
        }
    }

    private Task<PortalDbContext> OpenAsync() => portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync();
}
