using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access;
using Portal.Domain.Access;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

public sealed class AccessTokenTests : HostedTests
{
    private async Task<(string Token, Guid Id)> TokenAsync(Actor? actor = null, DateTimeOffset? expires = null, params string[] scopes)
    {
        var outcome = await Host.Get<CreateToken>().ExecuteAsync("laptop", scopes.Length == 0 ? ["read"] : scopes, expires, actor ?? Lena, default);
        var created = outcome.Should().BeOfType<CreateToken.Outcome.Created>().Subject;
        return (created.Token, created.Row.Id);
    }

    private Task<Actor?> WhoAsync(string token) => Host.Get<TokenQueries>().AuthenticateAsync(token, default);

    [Fact]
    public async Task Token_Presented_IsItsPersonWithItsScopes()
    {
        var (token, id) = await TokenAsync(scopes: ["read", "launch"]);

        var actor = await WhoAsync(token);

        (actor!.UserId, actor.Name).Should().Be((Lena.UserId, "Lena"));
        actor.Scopes.Should().BeEquivalentTo("read", "launch");
        actor.Teams.Select(t => t.Slug).Should().Equal("vision");
        var row = (await Host.Get<TokenQueries>().ListAsync(Lena, default)).Should().ContainSingle().Subject;
        (row.Id, row.Name, row.Prefix, row.LastUsedAt is not null).Should().Be((id, "laptop", token[..10], true));
        foreach (var wrong in new[] { token[..^1], token + "x", token.ToUpperInvariant(), "ptl_", "", "Bearer " + token, TokenText.New() }) (await WhoAsync(wrong)).Should().BeNull(wrong);
    }

    [Fact]
    public async Task Token_ItselfIsStoredNowhere()
    {
        var (token, _) = await TokenAsync();

        (await Host.Database.QueryAsync<long>("select count(*) from access_tokens t where strpos(t::text, $1) > 0", token[10..])).Should().Equal(0);
        (await Host.Database.QueryAsync<long>("select count(*) from audit_entries t where strpos(t::text, $1) > 0", token[10..])).Should().Equal(0);
        (await Host.Database.QueryAsync<byte[]>("select hash from access_tokens"))[0].Should().Equal(TokenText.Hash(token));
    }

    [Fact]
    public async Task Revoked_WorksNoMore_AndOnlyItsOwnerMayRevoke()
    {
        var (token, id) = await TokenAsync();
        var ben = await Host.AddPersonAsync("Ben", ["vision!"], [PortalRoles.Admin]);
        (await Host.Get<RevokeToken>().ExecuteAsync(id, ben, default)).Should().BeFalse();
        (await WhoAsync(token)).Should().NotBeNull();

        (await Host.Get<RevokeToken>().ExecuteAsync(id, Lena, default)).Should().BeTrue();
        (await Host.Get<RevokeToken>().ExecuteAsync(id, Lena, default)).Should().BeTrue("again is the same");

        (await WhoAsync(token)).Should().BeNull();
        (await Host.Get<TokenQueries>().ListAsync(Lena, default)).Should().BeEmpty();
        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.Where(e => e.SubjectId == id.ToString()).Select(e => e.Action).ToListAsync()).Should().BeEquivalentTo("token.create", "token.revoke");
    }

    [Fact]
    public async Task Expired_WorksNoMore()
    {
        var (token, _) = await TokenAsync(expires: TimeProvider.System.GetUtcNow().AddDays(1));
        (await WhoAsync(token)).Should().NotBeNull();
        await Host.Database.ExecuteAsync("update access_tokens set expires_at = now() - interval '1 microsecond'");

        (await WhoAsync(token)).Should().BeNull();
    }

    [Fact]
    public async Task Disabled_PersonsTokens_WorkNoMore()
    {
        var (token, _) = await TokenAsync();
        await Host.Database.ExecuteAsync("update users set disabled = true where id = $1", Lena.UserId);

        (await WhoAsync(token)).Should().BeNull();
    }

    [Fact]
    public async Task Create_Wrong_IsRefusedByField()
    {
        var now = TimeProvider.System.GetUtcNow();
        var reader = await Host.ActorAsync(Lena.UserId, "read");
        (await ErrorsAsync("", ["read"], null, Lena)).Should().Equal("name");
        (await ErrorsAsync("nul\0", ["read"], null, Lena)).Should().Equal("name");
        (await ErrorsAsync("x", [], null, Lena)).Should().Equal("scopes");
        (await ErrorsAsync("x", ["all"], null, Lena)).Should().Equal("scopes");
        (await ErrorsAsync("x", ["launch"], null, reader)).Should().Equal(["scopes"], "a token cannot make one with more rights");
        (await ErrorsAsync("x", ["read"], now.AddSeconds(-1), Lena)).Should().Equal("expiresAt");
        (await ErrorsAsync("x", ["read"], now.AddDays(400), Lena)).Should().Equal("expiresAt");
        (await Host.Get<TokenQueries>().ListAsync(Lena, default)).Should().BeEmpty();
    }

    private async Task<IEnumerable<string>> ErrorsAsync(string name, string[] scopes, DateTimeOffset? expires, Actor actor) =>
        (await Host.Get<CreateToken>().ExecuteAsync(name, scopes, expires, actor, default)).Should().BeOfType<CreateToken.Outcome.Invalid>().Which.Errors.Keys;
}
