using AwesomeAssertions;
using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Other hardware for a workload that exists. Lena owns it; Max leads her team.</summary>
public sealed class MoveTests : HostedTests
{
    private Actor _max = null!, _ada = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _max = await Host.AddPersonAsync("Max", ["vision!"]);
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
    }

    private Task<WorkloadOutcome> MoveAsync(Guid id, string hardware, Actor? by = null) => Host.Get<MoveWorkload>().ExecuteAsync(id, new MoveWish(hardware), "It runs out of memory.", by ?? Lena, default);

    private Task<ApprovalOutcome> DecideAsync(Guid request, Verdict verdict = Verdict.Approve) => Host.Get<DecideApproval>().ExecuteAsync(request, verdict, "Well.", null, _max, default);

    private async Task<Guid> AskAsync(Guid id, string hardware = "cpu-small") => (await MoveAsync(id, hardware)).Should().BeOfType<WorkloadOutcome.ApprovalRequired>().Subject.RequestId;

    [Fact]
    public async Task Move_OfARunningOne_BeginsANewAttemptOnTheOtherHardwareAtItsPrice()
    {
        var id = await Host.LaunchRunningAsync(Lena, name: "grows");
        var before = await Host.RowAsync(id);
        await WishAsync(() => MoveAsync(id, "cpu-small"));
        await Host.HurryAsync(id);
        var row = await Host.RowAsync(id);
        row.Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Hardware == "cpu-small" && w.Attempt == 2 && w.HourlyPrice > before.HourlyPrice);
        var attempts = await Host.AllocationsAsync(id);
        attempts[0].EndedAt.Should().NotBeNull();
        attempts[1].Vcpu.Should().BeGreaterThan(attempts[0].Vcpu);
        attempts[1].HourlyPrice.Should().Be(row.HourlyPrice);
        (await TimelineAsync(id)).Should().Contain(r => r.StartsWith("Moved by Lena: from cpu-tiny to cpu-small on local (on-demand)"));
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Move_OfARestingOne_TakesEffectAtItsNextStart()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await StopAsync(id);
        await WishAsync(() => MoveAsync(id, "cpu-small"));
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopped);
        await StartAsync(id);
        (await Host.LiveAsync(id)).Vcpu.Should().Be((await Host.AllocationsAsync(id))[1].Vcpu);
        (await Host.RowAsync(id)).Hardware.Should().Be("cpu-small");
    }

    [Fact]
    public async Task Move_ToSomethingCostlier_AsksFirst_AndMovesWithTheAnswer()
    {
        var id = await Host.LaunchRunningAsync(Lena, name: "asks");
        await Host.AskForEverythingAsync(_ada);
        var request = await AskAsync(id);
        await Host.PumpAsync();
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Hardware == "cpu-tiny" && w.Attempt == 1, "it stays where it is until they agree");
        var row = (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, _max, default)).Should().ContainSingle().Subject;
        (row.Kind, row.MovesFrom == row.Hardware, row.HourlyPrice > 0).Should().Be((ApprovalKind.Move, false, true));

        (await DecideAsync(request)).Should().BeOfType<ApprovalOutcome.Done>().Which.State.Should().Be(ApprovalState.Approved);
        await Host.PumpAsync();
        await Host.HurryAsync(id);

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Hardware == "cpu-small" && w.Attempt == 2 && w.HourlyPrice == row.HourlyPrice);
        await StopAsync(id);
        await StartAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running, "what was approved for the move covers the next start");
        await WishAsync(() => MoveAsync(id, "cpu-tiny"));
    }

    [Fact]
    public async Task Move_Denied_OrStoppedAndDeletedMeanwhile_ChangesNothing()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.AskForEverythingAsync(_ada);
        (await DecideAsync(await AskAsync(id), Verdict.Deny)).Should().BeOfType<ApprovalOutcome.Done>();
        (await Host.RowAsync(id)).Hardware.Should().Be("cpu-tiny");
        (await TimelineAsync(id)).Should().Contain("The move was not granted: Denied by Max. “Well.”");
        var second = await AskAsync(id);
        await DeleteAsync(id);
        (await DecideAsync(second)).Should().BeOfType<ApprovalOutcome.Conflict>();
        (await Host.RowAsync(id)).Hardware.Should().Be("cpu-tiny");
    }

    [Fact]
    public async Task Move_WhoseTeamGotALimitMeanwhile_CannotBeApproved()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.AskForEverythingAsync(_ada);
        var request = await AskAsync(id);
        await Host.Get<ResourceLimits>().SetAsync("team:vision", LimitValues.None with { Vcpu = 0.5m }, _ada, default);
        (await DecideAsync(request)).Should().BeOfType<ApprovalOutcome.Conflict>("it would end where it runs and wait for ever");
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Hardware == "cpu-tiny" && !w.RestartRequested);
    }

    [Fact]
    public async Task Move_ToWhatIsNotAllowed_IsRefused()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        (await MoveAsync(id, "no-such-hardware")).Should().BeOfType<WorkloadOutcome.Invalid>().Which.Errors.Should().ContainKey("hardware");
        (await MoveAsync(id, "cpu-small", await Host.AddPersonAsync("Tom", ["vision"]))).Should().BeOfType<WorkloadOutcome.Forbidden>();
        (await MoveAsync(id, "cpu-small", await Host.AddPersonAsync("Oskar", ["risk"]))).Should().BeOfType<WorkloadOutcome.NotFound>();
        await Host.Get<ResourceLimits>().SetAsync("team:vision", LimitValues.None with { Vcpu = 0.5m }, _ada, default);
        (await MoveAsync(id, "cpu-small")).Should().BeOfType<WorkloadOutcome.Denied>().Which.Rule.Should().Be("Limits");
        (await MoveAsync(id, "cpu-tiny")).Should().BeOfType<WorkloadOutcome.Accepted>("it is there already");
        (await Host.RowAsync(id)).Attempt.Should().Be(1);
    }

    [Fact]
    public async Task Move_WhileItIsNotReadyYet_BeginsAnewAttemptToo()
    {
        Host.Target.ReadyAfter = Timeout.InfiniteTimeSpan;
        var id = await Host.LaunchAsync(Lena);
        await Host.PumpAsync();
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Starting);
        await WishAsync(() => MoveAsync(id, "cpu-small"));
        Host.Target.ReadyAfter = TimeSpan.Zero;
        await Host.HurryAsync(id);
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Attempt == 2 && w.Phase == WorkloadPhase.Running);
        (await Host.LiveAsync(id)).Vcpu.Should().Be(1);
    }

    [Fact]
    public async Task Move_ToWhereAnotherRuleAsks_AsksAlsoWhereItCostsNoMore()
    {
        var id = await Host.LaunchRunningAsync(Lena, hardware: "cpu-small");
        await Host.PublishAsync(_ada, """{"rules": [{"name": "Tiny ones", "when": {"field": "hardware", "op": "eq", "value": "cpu-tiny"}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}], "default": {"effect": "allow"}}""");
        await AskAsync(id, "cpu-tiny");
    }

    [Fact]
    public async Task Move_WhileItIsBeingStarted_WaitsForTheStart()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.Database.ExecuteAsync("update allocations set started_at = null, ready_at = null");
        (await MoveAsync(id, "cpu-small")).Should().BeOfType<WorkloadOutcome.Conflict>().Which.Reason.Should().Contain("just starting");
    }
}
