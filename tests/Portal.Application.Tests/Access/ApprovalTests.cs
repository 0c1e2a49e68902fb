using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Policies;
using Portal.Application.Settings;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Settings;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>Requests and decisions, one person after the other, on a real database. Lena asks; Max leads her team; Ada administers.</summary>
public sealed class ApprovalTests : HostedTests
{
    private Actor _max = null!, _ada = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _max = await Host.AddPersonAsync("Max", ["vision!"]);
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
    }

    private async Task<(Guid Workload, Guid Request)> AskAsync(Actor? by = null, string? name = null, TimeSpan? lifetime = null)
    {
        var outcome = await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = name, Hardware = "cpu-tiny", Reason = "For Friday.", Lifetime = lifetime }, by ?? Lena, default);
        var asked = outcome.Should().BeOfType<LaunchWorkload.Outcome.ApprovalRequired>().Subject;
        return (asked.WorkloadId, asked.RequestId);
    }

    private Task<ApprovalOutcome> DecideAsync(Guid request, Actor by, Verdict verdict = Verdict.Approve, string? comment = null, int? revision = null) =>
        Host.Get<DecideApproval>().ExecuteAsync(request, verdict, comment ?? (verdict == Verdict.Deny ? "No." : null), revision, by, default);

    private async Task<ApprovalState> ApproveAsync(Guid request, Actor by) => (await DecideAsync(request, by)).Should().BeOfType<ApprovalOutcome.Done>().Subject.State;

    [Fact]
    public async Task Launch_ThatNeedsApproval_WaitsWithoutAnythingRunning_AndStartsWithTheAnswer()
    {
        await Host.AskForEverythingAsync(_ada);
        var (workload, request) = await AskAsync(name: "for-friday");
        await Host.PumpAsync();
        (await Host.RowAsync(workload)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.PendingApproval && w.ExpiresAt == null && w.PhaseReason!.Contains("their lead") && w.PhaseReason.Contains("Everything"));
        Host.Target.Starts.Should().BeEmpty();
        var inbox = await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, _max, default);
        inbox.Should().ContainSingle().Which.Should().Match<ApprovalRow>(r => r.Id == request && r.MayDecide && r.Reason == "For Friday." && r.Requester == "Lena" && r.HourlyPrice > 0 && r.InAll > 0 && r.StepNumber == 1);
        (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, _ada, default)).Should().BeEmpty("the team has a lead");

        (await ApproveAsync(request, _max)).Should().Be(ApprovalState.Approved);
        await Host.PumpAsync();

        (await PhaseAsync(workload)).Should().Be(WorkloadPhase.Running);
        (await Host.PhasesAsync(workload)).Should().Equal(WorkloadPhase.PendingApproval, WorkloadPhase.Queued, WorkloadPhase.Placing, WorkloadPhase.Starting, WorkloadPhase.Running);
        (await TimelineAsync(workload)).Should().Contain("Approved by Max.");
        await AllHoldsAsync();
    }

    [Fact]
    public async Task OwnRequest_IsDecidedByNobody_NotEvenAnAdministratorOrLead()
    {
        await Host.AskForEverythingAsync(_ada, """[{"approvers": {"role": "Admin"}}]""");
        var bea = await Host.AddPersonAsync("Bea", ["vision!"], [PortalRoles.Admin]);
        var (_, request) = await AskAsync(bea);
        (await DecideAsync(request, bea)).Should().BeOfType<ApprovalOutcome.Forbidden>().Which.Reason.Should().Contain("own request");
        (await ApproveAsync(request, _ada)).Should().Be(ApprovalState.Approved);
    }

    [Fact]
    public async Task OwnWorkload_AskedAboutByAnother_IsNotDecidedByItsOwner()
    {
        var bea = await Host.AddPersonAsync("Bea", ["vision!"]);
        var id = await Host.LaunchRunningAsync(bea, name: "beas");
        await Host.Get<ShareWorkload>().ExecuteAsync(id, WorkloadAudience.Owner, [], ["lena@example.org"], bea, default);
        await Host.AskForEverythingAsync(_ada);
        var request = (await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(4), Lena, default)).Should().BeOfType<WorkloadOutcome.ApprovalRequired>().Subject.RequestId;
        (await DecideAsync(request, bea)).Should().BeOfType<ApprovalOutcome.Forbidden>().Which.Reason.Should().Contain("own workload");
        (await Host.Get<ApprovalQueries>().CountForMeAsync(bea, default)).Should().Be(0);
        (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, bea, default)).Should().BeEmpty();
        (await ApproveAsync(request, _max)).Should().Be(ApprovalState.Approved);
    }

    [Fact]
    public async Task OnlyLeadAsking_AdministratorsStandIn_AndWithoutAnybodyItIsRefusedAtOnce()
    {
        await Host.AskForEverythingAsync(_ada);
        var (_, request) = await AskAsync(_max);
        (await ApproveAsync(request, _ada)).Should().Be(ApprovalState.Approved);

        await Host.AskForEverythingAsync(_ada, """[{"approvers": {"teamLeads": true}}, {"approvers": {"role": "FinOps"}}]""");
        var denied = (await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook }, Lena, default)).Should().BeOfType<LaunchWorkload.Outcome.Denied>().Subject;
        denied.Reason.Should().Contain("not enough people").And.Contain("a FinOps");
    }

    [Fact]
    public async Task TwoSteps_OnePersonWithBothHats_CountsOnce()
    {
        await Host.AskForEverythingAsync(_ada, HostPolicies.LeadThenAdmin);
        var bea = await Host.AddPersonAsync("Bea", ["vision!"], [PortalRoles.Admin]);
        var (workload, request) = await AskAsync();
        (await ApproveAsync(request, bea)).Should().Be(ApprovalState.Waiting);
        (await DecideAsync(request, bea)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("counts once");
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Forbidden>().Which.Reason.Should().Contain("an Admin");
        (await PhaseAsync(workload)).Should().Be(WorkloadPhase.PendingApproval);
        (await ApproveAsync(request, _ada)).Should().Be(ApprovalState.Approved);
        var row = (await Host.Get<ApprovalQueries>().FindAsync(request, Lena, default))!;
        row.Steps.Select(s => s.Decisions.Single().By).Should().Equal("Bea", "Ada");
    }

    [Fact]
    public async Task Denial_NeedsAReason_AndRejectsForGood()
    {
        await Host.AskForEverythingAsync(_ada);
        var (workload, request) = await AskAsync();
        (await Host.Get<DecideApproval>().ExecuteAsync(request, Verdict.Deny, " ", null, _max, default)).Should().BeOfType<ApprovalOutcome.Invalid>();
        (await DecideAsync(request, _max, Verdict.Deny, "Use the L4.")).Should().BeOfType<ApprovalOutcome.Done>().Which.State.Should().Be(ApprovalState.Denied);
        await Host.PumpAsync();
        (await Host.RowAsync(workload)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Rejected && w.PhaseReason == "Denied by Max. “Use the L4.”");
        Host.Target.Starts.Should().BeEmpty();
        (await DecideAsync(request, _ada)).Should().BeOfType<ApprovalOutcome.Forbidden>("she is asked at no step, but administrators see it");
        (await Host.Get<StartWorkload>().ExecuteAsync(workload, Lena, default)).Should().BeOfType<WorkloadOutcome.Conflict>();
        await AllHoldsAsync();
    }

    [Fact]
    public async Task NobodyInTime_ItExpires()
    {
        await Host.AskForEverythingAsync(_ada);
        var (workload, request) = await AskAsync();
        (await Host.Get<ExpireApprovals>().ExecuteAsync(default)).Should().Be(0);
        await Host.Database.ExecuteAsync($"update approval_requests set expires_at = clock_timestamp() - interval '1 second' where id = '{request}'");
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("expired");
        (await Host.RowAsync(workload)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Rejected && w.PhaseReason!.Contains("nobody decided in time"));

        var (second, other) = await AskAsync();
        await Host.Database.ExecuteAsync($"update approval_requests set expires_at = clock_timestamp() - interval '1 second' where id = '{other}'");
        (await Host.Get<ExpireApprovals>().ExecuteAsync(default)).Should().Be(1);
        (await PhaseAsync(second)).Should().Be(WorkloadPhase.Rejected);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Withdrawal_ByItsButtonOrByStopOrDelete_EndsTheRequest()
    {
        await Host.AskForEverythingAsync(_ada);
        var (first, request) = await AskAsync(name: "first");
        (await Host.Get<WithdrawApproval>().ExecuteAsync(request, _max, default)).Should().BeOfType<ApprovalOutcome.Forbidden>();
        (await Host.Get<WithdrawApproval>().ExecuteAsync(request, Lena, default)).Should().BeOfType<ApprovalOutcome.Done>();
        (await Host.Get<WithdrawApproval>().ExecuteAsync(request, Lena, default)).Should().BeOfType<ApprovalOutcome.Done>("twice is once");
        (await PhaseAsync(first)).Should().Be(WorkloadPhase.Rejected);

        foreach (var (name, wish, phase) in new (string, Func<Guid, Task>, WorkloadPhase)[] { ("second", StopAsync, WorkloadPhase.Stopped), ("third", DeleteAsync, WorkloadPhase.Deleted) })
        {
            var (workload, open) = await AskAsync(name: name);
            await wish(workload);
            (await PhaseAsync(workload)).Should().Be(phase);
            (await DecideAsync(open, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("withdrawn");
        }
        Host.Target.Starts.Should().BeEmpty();
    }

    [Fact]
    public async Task Delegate_DecidesInTheirPlace_UntilItEnds_AndNeverTheirOwnRequest()
    {
        await Host.AskForEverythingAsync(_ada);
        var tom = await Host.AddPersonAsync("Tom", ["vision"]);
        var (now, delegations) = (TimeProvider.System.GetUtcNow(), Host.Get<Delegations>());
        (await delegations.CreateAsync("tom@example.org", now.AddMinutes(-1), now.AddDays(2), _max, default)).Should().BeOfType<ApprovalOutcome.Done>();
        (await delegations.CreateAsync("lena@example.org", now.AddMinutes(-1), now.AddDays(2), _max, default)).Should().BeOfType<ApprovalOutcome.Done>();

        var (_, request) = await AskAsync(name: "one");
        (await DecideAsync(request, Lena)).Should().BeOfType<ApprovalOutcome.Forbidden>("standing in for the lead does not make it another's request");
        (await Host.Get<ApprovalQueries>().CountForMeAsync(tom, default)).Should().Be(1);
        (await ApproveAsync(request, tom)).Should().Be(ApprovalState.Approved);
        (await Host.Get<ApprovalQueries>().FindAsync(request, Lena, default))!.Steps[0].Decisions.Single().Should().Match<DecisionRow>(d => d.By == "Tom" && d.OnBehalfOf == "Max");

        var toTom = (await delegations.MineAsync(_max, default)).Single(d => d.To == "Tom");
        (await delegations.RevokeAsync(toTom.Id, _max, default)).Should().BeOfType<ApprovalOutcome.Done>();
        var (_, later) = await AskAsync(name: "two");
        (await DecideAsync(later, tom)).Should().BeOfType<ApprovalOutcome.NotFound>("a member of the team does not see others' requests");
    }

    [Fact]
    public async Task DelegateAndDelegator_AreOneRight()
    {
        await Host.AskForEverythingAsync(_ada, """[{"approvers": {"teamLeads": true}, "count": 2}]""");
        var bea = await Host.AddPersonAsync("Bea", ["vision!"]);
        var tom = await Host.AddPersonAsync("Tom", ["vision"]);
        await Host.Get<Delegations>().CreateAsync("tom@example.org", TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow().AddDays(1), _max, default);
        var (_, request) = await AskAsync();
        (await ApproveAsync(request, tom)).Should().Be(ApprovalState.Waiting);
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>("Tom has used his right");
        (await ApproveAsync(request, bea)).Should().Be(ApprovalState.Approved);
    }

    [Fact]
    public async Task PriceMoved_EverybodyIsAskedAgain()
    {
        await Host.AskForEverythingAsync(_ada, HostPolicies.LeadThenAdmin);
        var (workload, request) = await AskAsync();
        (await ApproveAsync(request, _max)).Should().Be(ApprovalState.Waiting);
        var shown = (await Host.Get<ApprovalQueries>().FindAsync(request, _ada, default))!;
        await Host.Database.ExecuteAsync("insert into rates (id, component, price, currency, effective_from) select gen_random_uuid(), component, price * 1.5, currency, clock_timestamp() from rates");

        (await DecideAsync(request, _ada, revision: shown.Revision)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("The price has moved");
        var again = (await Host.Get<ApprovalQueries>().FindAsync(request, _ada, default))!;
        (again.Revision, again.StepNumber, again.Steps.Sum(s => s.Decisions.Count)).Should().Be((2, 1, 0));
        again.HourlyPrice.Should().BeApproximately(shown.HourlyPrice * 1.5m, 0.0001m);
        (await DecideAsync(request, _max, revision: shown.Revision)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("changed since it was shown");
        (await ApproveAsync(request, _max)).Should().Be(ApprovalState.Waiting);
        (await ApproveAsync(request, _ada)).Should().Be(ApprovalState.Approved);
        (await Host.RowAsync(workload)).HourlyPrice.Should().BeApproximately(shown.HourlyPrice * 1.5m, 0.0001m, "it runs at the price that was approved");
    }

    [Fact]
    public async Task StartAgain_IsCoveredByTheApproval_UntilPriceOrPoliciesChange()
    {
        await Host.AskForEverythingAsync(_ada);
        var (workload, request) = await AskAsync();
        await ApproveAsync(request, _max);
        await Host.PumpAsync();
        await StopAsync(workload);
        await StartAsync(workload);
        (await PhaseAsync(workload)).Should().Be(WorkloadPhase.Running, "it was approved for this");

        await StopAsync(workload);
        await Host.AskForEverythingAsync(_ada, HostPolicies.LeadThenAdmin);
        var asked = (await Host.Get<StartWorkload>().ExecuteAsync(workload, Lena, default)).Should().BeOfType<WorkloadOutcome.ApprovalRequired>("the policies ask for more now").Subject;
        await Host.PumpAsync();
        (await PhaseAsync(workload)).Should().Be(WorkloadPhase.PendingApproval);
        await DecideAsync(asked.RequestId, _max, Verdict.Deny);
        (await PhaseAsync(workload)).Should().Be(WorkloadPhase.Stopped, "it has run before: its folder is not lost");

        await Host.PublishAsync(_ada, """{"rules": [], "default": {"effect": "deny", "message": "Closed until Monday."}}""");
        foreach (var outcome in new[] { await Host.Get<StartWorkload>().ExecuteAsync(workload, Lena, default), await Host.Get<RestartWorkload>().ExecuteAsync(workload, Lena, default) })
            outcome.Should().BeOfType<WorkloadOutcome.Denied>().Which.Reason.Should().Be("Closed until Monday.");
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Extension_BeyondWhatIsFree_AsksAndThenMovesTheEnd()
    {
        await Host.PublishAsync(_ada, """{"rules": [{"name": "Short is free", "when": {"field": "lifetimeHours", "op": "le", "value": 10}, "effect": "allow"}], "default": {"effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}}""");
        var id = await Host.LaunchRunningAsync(Lena);
        var end = (await Host.RowAsync(id)).ExpiresAt!.Value;
        (await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(1), Lena, default)).Should().BeOfType<WorkloadOutcome.Accepted>();
        (await Host.RowAsync(id)).ExpiresAt.Should().Be(end.AddHours(1));
        var asked = (await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(5), Lena, default, "The last epoch.")).Should().BeOfType<WorkloadOutcome.ApprovalRequired>().Subject;
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.ExpiresAt == end.AddHours(1) && w.Phase == WorkloadPhase.Running);
        (await Host.Get<ApprovalQueries>().FindAsync(asked.RequestId, _max, default))!.Should().Match<ApprovalRow>(r => r.Kind == ApprovalKind.Extension && r.Hours == 5 && r.Reason == "The last epoch." && r.Why.Contains("no rule before"));
        await ApproveAsync(asked.RequestId, _max);
        (await Host.RowAsync(id)).ExpiresAt.Should().Be(end.AddHours(6));

        var late = (WorkloadOutcome.ApprovalRequired)await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(5), Lena, default);
        await StopAsync(id);
        (await DecideAsync(late.RequestId, _max)).Should().BeOfType<ApprovalOutcome.Conflict>("stopping took it back");
        (await Host.RowAsync(id)).ExpiresAt.Should().Be(end.AddHours(6));
    }

    [Fact]
    public async Task RestartOfOneThatIsStopping_AsksAsAStartWould()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.StopTakes = Timeout.InfiniteTimeSpan;
        await StopAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopping);
        await Host.PublishAsync(_ada, """{"rules": [], "default": {"effect": "deny", "message": "Closed until Monday."}}""");
        (await Host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Denied>();
        (await Host.Get<StartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Denied>();
        await Host.AskForEverythingAsync(_ada);
        (await Host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Conflict>().Which.Reason.Should().Contain("needs approval");
    }

    [Fact]
    public async Task AnswerToAnOldQuestion_IsRefused_WhenPoliciesOrAPauseSayOtherwiseNow()
    {
        await Host.AskForEverythingAsync(_ada);
        var (_, request) = await AskAsync();
        await Host.AskForEverythingAsync(_ada, HostPolicies.LeadThenAdmin);
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("it needs their lead, then an Admin now");
        await Host.PublishAsync(_ada, """{"rules": [], "default": {"effect": "deny"}}""");
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("refuse it now");
        await Host.AskForEverythingAsync(_ada);
        await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.LaunchPaused, "Moving house.", _ada, default);
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("Moving house.");
        await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.LaunchPaused, "", _ada, default);
        (await DecideAsync(request, _max, comment: new string('x', 1990))).Should().BeOfType<ApprovalOutcome.Done>("a long comment is no obstacle").Which.State.Should().Be(ApprovalState.Approved);
        (await Host.Get<ApprovalQueries>().FindAsync(request, Lena, default))!.Steps[0].Decisions[0].Comment.Should().HaveLength(1990);
    }

    [Fact]
    public async Task Extension_OfAnEarlierRun_DoesNotMoveTheEndOfThisOne()
    {
        await Host.PublishAsync(_ada, """{"rules": [{"name": "Short is free", "when": {"field": "lifetimeHours", "op": "le", "value": 10}, "effect": "allow"}], "default": {"effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}}""");
        var id = await Host.LaunchRunningAsync(Lena);
        var asked = (WorkloadOutcome.ApprovalRequired)await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(20), Lena, default);
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 3);
        await Host.Database.ExecuteAsync($"update workloads set error_attempts = 100, next_action_at = clock_timestamp() where id = '{id}'");
        await Host.Get<ReconcileWorkload>().ExecuteAsync(id, default);
        await Host.PumpAsync();
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Failed);
        await StartAsync(id);
        var end = (await Host.RowAsync(id)).ExpiresAt;
        (await DecideAsync(asked.RequestId, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("withdrawn");
        (await Host.RowAsync(id)).ExpiresAt.Should().Be(end);
    }

    [Fact]
    public async Task RestartOfARunningOne_DoesNotMoveItsEnd()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        var end = (await Host.RowAsync(id)).ExpiresAt;
        await RestartAsync(id);
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Attempt == 2 && w.ExpiresAt == end);
    }

    [Fact]
    public async Task Requester_WhoIsDisabledOrHasLeft_IsNotApproved()
    {
        await Host.AskForEverythingAsync(_ada);
        var (_, request) = await AskAsync();
        await Host.Database.ExecuteAsync($"update users set disabled = true where id = '{Lena.UserId}'");
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("disabled");
        await Host.Database.ExecuteAsync($"update users set disabled = false where id = '{Lena.UserId}'; delete from team_members where user_id = '{Lena.UserId}'");
        (await DecideAsync(request, _max)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("no longer in the team");
        (await DecideAsync(request, _max, Verdict.Deny)).Should().BeOfType<ApprovalOutcome.Done>("saying no is always possible");
    }

    [Fact]
    public async Task Requests_OfOthers_AreNotToBeSeen()
    {
        await Host.AskForEverythingAsync(_ada);
        var (_, request) = await AskAsync();
        var (tom, oskar) = (await Host.AddPersonAsync("Tom", ["vision"]), await Host.AddPersonAsync("Oskar", ["risk!"]));
        foreach (var stranger in new[] { tom, oskar })
        {
            (await DecideAsync(request, stranger)).Should().BeOfType<ApprovalOutcome.NotFound>();
            (await Host.Get<WithdrawApproval>().ExecuteAsync(request, stranger, default)).Should().BeOfType<ApprovalOutcome.NotFound>();
            (await Host.Get<ApprovalQueries>().FindAsync(request, stranger, default)).Should().BeNull();
            foreach (var box in Enum.GetValues<ApprovalBox>()) (await Host.Get<ApprovalQueries>().ListAsync(box, stranger, default)).Should().BeEmpty();
        }
        (await DecideAsync(request, _max with { Scopes = new HashSet<string> { TokenScopes.Read, TokenScopes.Launch } })).Should().BeOfType<ApprovalOutcome.Forbidden>().Which.Reason.Should().Contain("scope 'approve'");
    }

    [Fact]
    public async Task Estimate_SaysWhoWillBeAsked()
    {
        await Host.AskForEverythingAsync(_ada, HostPolicies.LeadThenAdmin);
        var estimate = (EstimateLaunch.Outcome.Estimated)await Host.Get<EstimateLaunch>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook }, Lena, default);
        estimate.Ruling.Should().BeOfType<LaunchRuling.NeedsApproval>().Which.Should().Match<LaunchRuling.NeedsApproval>(r => r.Who == "their lead, then an Admin" && r.People.SequenceEqual(new[] { "Max" }));
    }

    [Fact]
    public async Task Policies_PublishedByTwoAtOnce_OneIsTold()
    {
        var json = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>("""{"rules": [], "default": {"effect": "allow"}}""");
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Host.Get<PublishPolicies>().ExecuteAsync(json, 0, "Race.", _ada, default)));
        outcomes.OfType<PublishPolicies.Outcome.Published>().Should().ContainSingle().Which.Number.Should().Be(1);
        outcomes.OfType<PublishPolicies.Outcome.Stale>().Should().HaveCount(5);
        (await Host.Get<PublishPolicies>().ExecuteAsync(json, 1, null, Lena, default)).Should().BeOfType<PublishPolicies.Outcome.Forbidden>();
    }
}
