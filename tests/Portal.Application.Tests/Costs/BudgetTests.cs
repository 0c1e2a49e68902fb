using AwesomeAssertions;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Costs;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Costs;

/// <summary>Budgets of teams: what is held against them, what policies see, and raises. Lena is of team vision; Ada administers; Finn is FinOps.</summary>
public sealed class BudgetTests : HostedTests
{
    private const string WithinBudget = """{"rules": [{"name": "Within budget", "when": {"field": "budgetLeftAfter", "op": "lt", "value": 0}, "effect": "deny", "message": "The month's budget is spent."}], "default": {"effect": "allow"}}""";

    private Actor _ada = null!, _finn = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        _finn = await Host.AddPersonAsync("Finn", roles: [PortalRoles.FinOps]);
    }

    private Task<ApprovalOutcome> SetAsync(decimal? amount, Actor? by = null) => Host.Get<SetBudget>().ExecuteAsync("vision", amount, by ?? _finn, default);

    private async Task<BudgetState> StateAsync() => (await Host.Get<TeamBudgets>().FindAsync("vision", Lena, default))!;

    private Task<ApprovalOutcome> RaiseAsync(decimal amount, Actor? by = null, string reason = "A second model.") => Host.Get<RequestBudgetRaise>().ExecuteAsync("vision", amount, reason, by ?? Lena, default);

    [Fact]
    public async Task State_CountsWhatWasSpent_AndWhatLiveWorkloadsWillStillCost()
    {
        await SetAsync(100);
        (await StateAsync()).Should().Be(new BudgetState("vision", 100, "USD", 0, 0));
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromMinutes(30));
        var price = (await Host.RowAsync(id)).HourlyPrice;
        var state = await StateAsync();
        state.Committed.Should().BeApproximately(price / 2, price / 100);
        state.Left.Should().Be(100 - state.Spent - state.Committed);
        await Host.AgeAsync(id, TimeSpan.FromMinutes(10));
        state = await StateAsync();
        state.Spent.Should().BeApproximately(price / 6, price / 100);
        state.Committed.Should().BeApproximately(price / 3, price / 100);
        await StopAsync(id);
        (await StateAsync()).Should().Match<BudgetState>(b => b.Committed == 0 && b.Spent >= price / 6 - 0.000001m);
    }

    [Fact]
    public async Task Policy_SeesWhatWouldBeLeft_AndTwoLaunchesAtOnceCannotBothTakeTheLast()
    {
        await Host.PublishAsync(_ada, WithinBudget);
        var price = (await Host.RowAsync(await Host.LaunchAsync(Lena, name: "unbudgeted", lifetime: TimeSpan.FromHours(1)))).HourlyPrice;
        await DeleteAsync((await Host.Get<WorkloadQueries>().ListAsync(new WorkloadFilter(), Lena, default)).Items[0].Id);
        await SetAsync(1);
        var spent = (await StateAsync()).Spent;
        await SetAsync(spent + price * 1.5m);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = $"last-{i}", Hardware = "cpu-tiny", Lifetime = TimeSpan.FromHours(1) }, Lena, default)));

        outcomes.Count(o => o is LaunchWorkload.Outcome.Launched).Should().Be(1, "there is room for one and a half");
        outcomes.OfType<LaunchWorkload.Outcome.Denied>().Should().HaveCount(5).And.AllSatisfy(d => d.Reason.Should().Be("The month's budget is spent."));
    }

    [Fact]
    public async Task LaunchesAtOnce_WithTheSameGrantAndABudget_DoNotWaitForEachOther()
    {
        await SetAsync(1000);
        await Host.Get<ManageGrants>().RestrictAsync(RestrictedKind.Item, HostWorkloads.Notebook, new RestrictionTerms(null, TimeSpan.FromDays(30), OnGrantEnd.Keep, TimeSpan.Zero, null), _ada, default);
        await Host.Get<ManageGrants>().GrantAsync(RestrictedKind.Item, HostWorkloads.Notebook, "vision", TimeSpan.FromDays(1), null, _ada, default);
        for (var round = 0; round < 3; round++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = $"at-once-{round}-{i}", Hardware = "cpu-tiny" }, Lena, default)));
            outcomes.Should().AllBeOfType<LaunchWorkload.Outcome.Launched>();
        }
    }

    [Fact]
    public async Task Extension_HoldsOnlyWhatIsStillToComeAgainstTheBudget_AlsoWhenItIsDecided()
    {
        var max = await Host.AddPersonAsync("Max", ["vision!"]);
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromHours(20));
        var price = (await Host.RowAsync(id)).HourlyPrice;
        await Host.AgeAsync(id, TimeSpan.FromHours(19));
        await SetAsync(5);
        // Room for two hours more, not for the whole life again.
        await SetAsync((await StateAsync()).Spent + price * 4);
        await Host.PublishAsync(_ada, """{"rules": [{"name": "Within budget", "when": {"field": "budgetLeftAfter", "op": "lt", "value": 0}, "effect": "deny", "message": "Spent."}, {"name": "Ask", "when": {"all": []}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}], "default": {"effect": "allow"}}""");
        var request = (await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(1), Lena, default)).Should().BeOfType<WorkloadOutcome.ApprovalRequired>().Subject.RequestId;
        (await Host.Get<DecideApproval>().ExecuteAsync(request, Verdict.Approve, null, null, max, default)).Should().BeOfType<ApprovalOutcome.Done>();
        (await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(9), Lena, default)).Should().BeOfType<WorkloadOutcome.Denied>();
    }

    [Fact]
    public async Task Estimate_TellsWhatWouldBeLeft()
    {
        await SetAsync(100);
        var outcome = await Host.Get<EstimateLaunch>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny", Lifetime = TimeSpan.FromHours(1) }, Lena, default);
        var estimated = outcome.Should().BeOfType<EstimateLaunch.Outcome.Estimated>().Subject;
        estimated.Budget!.Amount.Should().Be(100);
        estimated.LeftAfter.Should().Be(100 - estimated.Offers[0].Quote.HourlyPrice);
    }

    [Fact]
    public async Task Raise_AskedByAMember_DecidedByFinOps_TakesEffect()
    {
        (await RaiseAsync(200)).Should().BeOfType<ApprovalOutcome.Conflict>("there is none to raise");
        await SetAsync(100);
        (await RaiseAsync(100)).Should().BeOfType<ApprovalOutcome.Invalid>();
        (await RaiseAsync(200, reason: " ")).Should().BeOfType<ApprovalOutcome.Invalid>();
        (await RaiseAsync(200, await Host.AddPersonAsync("Oskar", ["risk"]))).Should().BeOfType<ApprovalOutcome.NotFound>();
        var request = (await RaiseAsync(250.5m)).Should().BeOfType<ApprovalOutcome.Done>().Subject.RequestId;
        (await RaiseAsync(300)).Should().BeOfType<ApprovalOutcome.Conflict>("one question at a time");
        var row = (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, _finn, default)).Should().ContainSingle().Subject;
        (row.Kind, row.Amount, row.Team).Should().Be((ApprovalKind.Budget, 250.5m, "vision"));

        (await Host.Get<DecideApproval>().ExecuteAsync(request, Verdict.Approve, null, row.Revision, _finn, default)).Should().BeOfType<ApprovalOutcome.Done>();

        (await StateAsync()).Amount.Should().Be(250.5m);
        (await Host.Database.QueryAsync<string>("select detail->>'before' || '>' || (detail->>'after') from audit_entries where action = 'budget.set' order by at desc limit 1"))[0].Should().StartWith("100").And.Contain(">250.5");
    }

    [Fact]
    public async Task Raise_WithoutAnotherFinOps_GoesToAdministrators_AndIsVoidOnceTheBudgetIsThatLarge()
    {
        await SetAsync(100);
        await Host.JoinAsync(_finn.UserId, "vision");
        var request = (await RaiseAsync(200, await Host.ActorAsync(_finn.UserId))).Should().BeOfType<ApprovalOutcome.Done>().Subject.RequestId;
        await SetAsync(300, _ada);
        (await Host.Get<DecideApproval>().ExecuteAsync(request, Verdict.Approve, null, null, _ada, default)).Should().BeOfType<ApprovalOutcome.Conflict>();
        (await StateAsync()).Amount.Should().Be(300);
    }

    [Fact]
    public async Task Set_ByOthers_IsRefused_AndNothingTakesItAway()
    {
        (await SetAsync(100, Lena)).Should().BeOfType<ApprovalOutcome.Forbidden>();
        (await SetAsync(-1)).Should().BeOfType<ApprovalOutcome.Invalid>();
        await SetAsync(100);
        await SetAsync(null, _ada);
        (await Host.Get<TeamBudgets>().FindAsync("vision", Lena, default)).Should().BeNull();
        (await Host.Get<TeamBudgets>().FindAsync("vision", await Host.AddPersonAsync("Oskar", ["risk"]), default)).Should().BeNull();
    }
}
