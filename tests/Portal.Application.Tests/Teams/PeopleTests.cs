using AwesomeAssertions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Teams;
using Portal.Testing.Hosting;
using Xunit;
using static Portal.Application.Teams.PeopleOutcome;

namespace Portal.Application.Tests.Teams;

public sealed class PeopleTests : HostedTests
{
    private Actor _admin = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _admin = await Host.AddPersonAsync("Root", roles: [PortalRoles.Admin]);
    }

    private Task<PeopleOutcome> CreateAsync(string email, Actor? actor = null, string? password = null, params string[] roles) =>
        Host.WithScopedAsync<CreateUser, PeopleOutcome>(use => use.ExecuteAsync(email, "Some Body", password, roles, actor ?? _admin, default));

    private Task<PeopleOutcome> UpdateAsync(string who, bool? disabled = null, IReadOnlyList<string>? roles = null, Actor? actor = null) =>
        Host.WithScopedAsync<UpdateUser, PeopleOutcome>(use => use.ExecuteAsync(who, disabled, roles, actor ?? _admin, default));

    [Fact]
    public async Task CreateUser_ByAdmin_CanSignInWithTheMadeUpPassword()
    {
        var done = (await CreateAsync("eva@example.org", roles: PortalRoles.FinOps)).Should().BeOfType<Done>().Subject;

        var matches = await Host.WithScopedAsync<UserManager<PortalUser>, bool>(async users => await users.CheckPasswordAsync((await users.FindByEmailAsync("EVA@example.org"))!, done.Password!));
        matches.Should().BeTrue();
        (await Host.ActorAsync(Guid.Parse(done.Id))).Roles.Should().Equal(PortalRoles.FinOps);
        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.SingleAsync(e => e.Action == "user.create")).Should().Match<Portal.Domain.Audit.AuditEntry>(e => e.SubjectName == "eva@example.org" && e.ActorName == "root@example.org" && !e.Detail!.Contains(done.Password!));
    }

    [Fact]
    public async Task CreateUser_Refused_LeavesNothing()
    {
        (await CreateAsync("lena@example.org")).Should().BeOfType<Conflict>();
        (await CreateAsync("not an address")).Should().BeOfType<Invalid>().Which.Errors.Should().ContainKey("email");
        (await CreateAsync("a@example.org", roles: "King")).Should().BeOfType<Invalid>().Which.Errors.Should().ContainKey("roles");
        (await CreateAsync("a@example.org", password: "short")).Should().BeOfType<Invalid>().Which.Errors.Should().ContainKey("password");
        (await CreateAsync("a@example.org", Lena)).Should().BeOfType<Forbidden>();
        (await CreateAsync("a@example.org", await Host.ActorAsync(_admin.UserId, TokenScopes.Launch))).Should().BeOfType<Forbidden>("the token lacks the scope 'admin'");

        await using var db = await Host.OpenAsync();
        (await db.Users.CountAsync()).Should().Be(2);
        (await db.AuditEntries.AnyAsync(e => e.Action == "user.create")).Should().BeFalse();
    }

    [Fact]
    public async Task CreateUser_AuditCannotBeWritten_NeitherIsTheAccount()
    {
        await Host.Database.ExecuteAsync("alter table audit_entries add constraint ck_test check (false) not valid");

        await FluentActions.Awaiting(() => CreateAsync("eva@example.org")).Should().ThrowAsync<DbUpdateException>();

        await using var db = await Host.OpenAsync();
        (await db.Users.AnyAsync(u => u.Email == "eva@example.org")).Should().BeFalse();
    }

    [Fact]
    public async Task Disabled_PersonIsNobodyAtOnce()
    {
        var stamp = (await UserAsync(Lena.UserId)).SecurityStamp;
        (await UpdateAsync("lena@example.org", disabled: true)).Should().BeOfType<Done>();

        (await Host.Get<Portal.Application.Access.ActorDirectory>().FindAsync(Lena.UserId, null, default)).Should().BeNull();
        (await UserAsync(Lena.UserId)).SecurityStamp.Should().NotBe(stamp, "open sessions end by it");
        (await UpdateAsync(Lena.UserId.ToString(), disabled: false)).Should().BeOfType<Done>();
        (await Host.ActorAsync(Lena.UserId)).Name.Should().Be("Lena");
        (await UpdateAsync("nobody@example.org", disabled: true)).Should().BeOfType<NotFound>();
        (await UpdateAsync("lena@example.org", disabled: true, actor: Lena)).Should().BeOfType<Forbidden>();
    }

    [Fact]
    public async Task LastAdmin_StaysWhatever()
    {
        (await UpdateAsync("root@example.org", disabled: true)).Should().BeOfType<Conflict>();
        (await UpdateAsync("root@example.org", roles: [])).Should().BeOfType<Conflict>();
        (await UpdateAsync("lena@example.org", roles: [PortalRoles.Admin])).Should().BeOfType<Done>();
        (await UpdateAsync("lena@example.org", disabled: true)).Should().BeOfType<Done>();
        (await UpdateAsync("root@example.org", roles: [])).Should().BeOfType<Conflict>("a disabled administrator is none");
    }

    [Fact]
    public async Task TwoAdmins_DisablingEachOtherAtOnce_OneStays()
    {
        for (var round = 0; round < 5; round++)
        {
            await UpdateAsync("lena@example.org", disabled: false, roles: [PortalRoles.Admin]);
            await UpdateAsync("root@example.org", disabled: false, roles: [PortalRoles.Admin]);

            var outcomes = await Task.WhenAll(Task.Run(() => UpdateAsync("lena@example.org", disabled: true)), Task.Run(() => UpdateAsync("root@example.org", disabled: true)));

            outcomes.Should().ContainSingle(o => o is Done).And.ContainSingle(o => o is Conflict);
        }
    }

    [Fact]
    public async Task Teams_AdminMakesThem_LeadsFillThem()
    {
        var create = Host.Get<CreateTeam>();
        (await create.ExecuteAsync("speech", "Speech", "cc-1", Lena, default)).Should().BeOfType<Forbidden>();
        (await create.ExecuteAsync("speech", "Speech", "cc-1", _admin, default)).Should().BeOfType<Done>();
        (await create.ExecuteAsync("speech", "Again", null, _admin, default)).Should().BeOfType<Conflict>();
        (await create.ExecuteAsync("-bad", "", new string('x', 61), _admin, default)).Should().BeOfType<Invalid>().Which.Errors.Keys.Should().BeEquivalentTo("slug", "name", "costCentre");
        (await create.ExecuteAsync("nul", "Nul", "\0", _admin, default)).Should().BeOfType<Invalid>();
        var (set, remove) = (Host.Get<SetTeamMember>(), Host.Get<RemoveTeamMember>());
        var lee = await Host.AddPersonAsync("Lee");

        (await set.ExecuteAsync("speech", "LEE@example.org", TeamRole.Lead, _admin, default)).Should().BeOfType<Done>();
        lee = await Host.ActorAsync(lee.UserId);
        lee.Teams.Single().Role.Should().Be(TeamRole.Lead);
        (await set.ExecuteAsync("speech", "lena@example.org", TeamRole.Member, lee, default)).Should().BeOfType<Done>();
        (await set.ExecuteAsync("speech", "ghost@example.org", TeamRole.Member, lee, default)).Should().BeOfType<NotFound>();
        (await set.ExecuteAsync("vision", "lee@example.org", TeamRole.Lead, lee, default)).Should().BeOfType<NotFound>("he cannot know of it");
        (await set.ExecuteAsync("speech", "root@example.org", TeamRole.Member, await Host.ActorAsync(Lena.UserId), default)).Should().BeOfType<Forbidden>("a member is no lead");
        (await set.ExecuteAsync("speech", "root@example.org", TeamRole.Member, await Host.ActorAsync(lee.UserId, TokenScopes.Read), default)).Should().BeOfType<Forbidden>();
        (await remove.ExecuteAsync("speech", "lena@example.org", lee, default)).Should().BeOfType<Done>();
        (await remove.ExecuteAsync("speech", "lena@example.org", lee, default)).Should().BeOfType<Done>("again is the same");
        (await Host.ActorAsync(Lena.UserId)).Teams.Select(t => t.Slug).Should().Equal("vision");
        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.Where(e => e.SubjectId == "speech").OrderBy(e => e.Id).Select(e => e.Action).ToListAsync()).Should().BeEquivalentTo("team.create", "team.member", "team.member", "team.member.remove");
    }

    [Fact]
    public async Task Lists_AreForThoseWhoMaySee()
    {
        await Host.AddTeamAsync("speech");
        var people = Host.Get<PeopleQueries>();

        (await people.PeopleAsync(Lena, default)).Should().BeNull();
        (await people.PeopleAsync(_admin, default)).Should().HaveCount(2).And.Contain(p => p.Email == "lena@example.org" && p.Teams.Single() == "vision");
        (await people.TeamsAsync(Lena, default)).Should().ContainSingle().Which.Members.Should().ContainSingle().Which.Email.Should().Be("lena@example.org");
        (await people.TeamsAsync(_admin, default)).Select(t => t.Slug).Should().Equal("speech", "vision");
    }

    private async Task<PortalUser> UserAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return await db.Users.SingleAsync(u => u.Id == id);
    }
}
