using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Teams;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Teams;

/// <summary>Nina is in no team and asks team vision; Max leads it; Ada administers.</summary>
public sealed class MembershipTests : HostedTests
{
    private Actor _nina = null!, _max = null!, _ada = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _nina = await Host.AddPersonAsync("Nina");
        _max = await Host.AddPersonAsync("Max", ["vision!"]);
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        await Host.AddTeamAsync("speech");
    }

    private Task<ApprovalOutcome> AskAsync(string team = "vision", string reason = "I work on defects.", Actor? by = null) => Host.Get<RequestMembership>().ExecuteAsync(team, reason, by ?? _nina, default);

    private async Task<Guid> AskedAsync(string team = "vision") => (await AskAsync(team)).Should().BeOfType<ApprovalOutcome.Done>().Subject.RequestId;

    private Task<ApprovalOutcome> DecideAsync(Guid request, Actor by, Verdict verdict) => Host.Get<DecideApproval>().ExecuteAsync(request, verdict, "Because.", null, by, default);

    private Task<JoinView> ViewAsync() => Host.Get<JoinQueries>().ReadAsync(_nina, default);

    [Fact]
    public async Task Request_ApprovedByALead_MakesAMember()
    {
        var request = await AskedAsync();
        var waiting = (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, _max, default)).Should().ContainSingle().Subject;
        (waiting.Kind, waiting.Requester, waiting.Subject, waiting.MayDecide).Should().Be((ApprovalKind.Membership, "Nina", "vision", true));
        (waiting.ExpiresAt - waiting.CreatedAt).Should().Be(TimeSpan.FromDays(7));
        (await DecideAsync(request, Lena, Verdict.Approve)).Should().NotBeOfType<ApprovalOutcome.Done>("she does not lead the team");
        (await DecideAsync(request, _max, Verdict.Approve)).Should().BeOfType<ApprovalOutcome.Done>();
        (await Host.ActorAsync(_nina.UserId)).Teams.Should().ContainSingle().Which.Should().Match<ActorTeam>(t => t.Slug == "vision" && t.Role == TeamRole.Member);
        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.Where(a => a.SubjectId == "vision" && a.Action == "team.member").Select(a => a.ActorName).SingleAsync()).Should().Be("max@example.org");
    }

    [Fact]
    public async Task Request_Denied_ChangesNothingAndSaysWhy()
    {
        await DecideAsync(await AskedAsync(), _max, Verdict.Deny);
        (await Host.ActorAsync(_nina.UserId)).Teams.Should().BeEmpty();
        var view = await ViewAsync();
        view.Waiting.Should().BeEmpty();
        view.Refused!.EndReason.Should().Contain("Denied by Max.").And.Contain("Because.");
    }

    [Fact]
    public async Task PersonWhoBecameLeadMeanwhile_StaysLead()
    {
        var request = await AskedAsync();
        await Host.JoinAsync(_nina.UserId, "vision", TeamRole.Lead);
        (await DecideAsync(request, _max, Verdict.Approve)).Should().BeOfType<ApprovalOutcome.Done>();
        (await Host.ActorAsync(_nina.UserId)).Teams.Should().ContainSingle().Which.Role.Should().Be(TeamRole.Lead);
    }

    [Fact]
    public async Task TeamWithoutLead_IsDecidedByAnAdministrator()
    {
        var request = await AskedAsync("speech");
        (await DecideAsync(request, _ada, Verdict.Approve)).Should().BeOfType<ApprovalOutcome.Done>();
        (await Host.ActorAsync(_nina.UserId)).Teams.Should().ContainSingle().Which.Slug.Should().Be("speech");
    }

    [Fact]
    public async Task Asking_Twice_OrWithoutReason_OrWhereOneIs_IsRefused()
    {
        await AskedAsync();
        (await AskAsync()).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("already");
        (await AskAsync("speech", " ")).Should().BeOfType<ApprovalOutcome.Invalid>();
        (await AskAsync("nowhere")).Should().BeOfType<ApprovalOutcome.NotFound>();
        (await AskAsync(by: Lena)).Should().BeOfType<ApprovalOutcome.Conflict>();
        (await AskAsync("speech", by: await Host.ActorAsync(_nina.UserId, TokenScopes.Read))).Should().BeOfType<ApprovalOutcome.Forbidden>();
        (await ViewAsync()).Waiting.Should().ContainSingle();
    }

    [Fact]
    public async Task View_TellsAPersonWithoutTeam_NamesOnly()
    {
        var view = await ViewAsync();
        view.Teams.Should().BeEquivalentTo([new TeamName("speech", "Speech"), new TeamName("vision", "Vision")]);
        view.Administrators.Should().Equal("Ada");
        (JoinQueries.NeedsTeam(_nina), JoinQueries.NeedsTeam(Lena), JoinQueries.NeedsTeam(_ada)).Should().Be((true, false, false));
        var request = await AskedAsync();
        await Host.Get<WithdrawApproval>().ExecuteAsync(request, _nina, default);
        (await ViewAsync()).Should().Match<JoinView>(v => v.Waiting.Count == 0 && v.Refused == null);
    }
}
