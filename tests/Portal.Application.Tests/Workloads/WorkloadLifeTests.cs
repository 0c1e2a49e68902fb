using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Settings;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Settings;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>A workload's life, wish by wish, on a real database.</summary>
public sealed class WorkloadLifeTests : HostedTests
{
    [Fact]
    public async Task Launch_RoomFree_RunsWithOneAllocationAndItsUsageOpen()
    {
        var id = await Host.LaunchAsync(Lena, name: "my-notebook");
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Queued);

        await Host.PumpAsync();

        var row = await Host.RowAsync(id);
        row.Phase.Should().Be(WorkloadPhase.Running);
        row.LeaseToken.Should().BeNull();
        row.NextActionAt.Should().Be(row.ExpiresAt);
        (await Host.PhasesAsync(id)).Should().Equal(WorkloadPhase.Queued, WorkloadPhase.Placing, WorkloadPhase.Starting, WorkloadPhase.Running);
        var live = await Host.LiveAsync(id);
        (live.Attempt, live.StartedAt is not null, live.ReadyAt is not null).Should().Be((1, true, true));
        Host.Target.Alive.Should().Equal(live.Id);
        await using var db = await Host.OpenAsync();
        var interval = await db.UsageIntervals.SingleAsync(i => i.WorkloadId == id);
        interval.EndedAt.Should().BeNull();
        interval.StartedAt.Should().Be(live.StartedAt);
        interval.HourlyPrice.Should().Be(live.HourlyPrice).And.BePositive();
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Launch_SpecForTheTarget_CarriesAllThatIsNeeded()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training, "ring", parameters: new { arguments = new[] { "--steps", "5" } });

        var spec = Host.Target.Starts.Should().ContainSingle().Subject;
        (spec.WorkloadId, spec.WorkloadName, spec.Attempt, spec.Owner, spec.Team, spec.Item).Should().Be((id, "ring", 1, "lena@example.org", "vision", "python-training"));
        spec.Parameters.ByName["arguments"].EnumerateArray().Select(a => a.GetString()).Should().Equal("--steps", "5");
        spec.Parameters.ByName.Should().ContainKey("script", "defaults are filled in");
        spec.Credential.Should().HaveLength(64);
        Guid.Parse(spec.PortalInstanceId).Should().NotBeEmpty();
    }

    [Fact]
    public async Task StopAndStart_Running_EndsItsResourceAndComesBackAsANewAttempt()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        var first = await Host.LiveAsync(id);

        await StopAsync(id);

        var stopped = await Host.RowAsync(id);
        (stopped.Phase, stopped.Desired, stopped.EndedAt is not null).Should().Be((WorkloadPhase.Stopped, DesiredState.Stopped, true));
        Host.Target.Stops.Should().ContainSingle().Which.Should().Be((first.Id, TimeSpan.FromSeconds(10)));
        Host.Target.Alive.Should().BeEmpty();
        await AllHoldsAsync();

        await StartAsync(id);

        var row = await Host.RowAsync(id);
        (row.Phase, row.Attempt, row.EndedAt).Should().Be((WorkloadPhase.Running, 2, null));
        row.ExpiresAt.Should().BeAfter(stopped.ExpiresAt!.Value, "a start begins a fresh lifetime");
        Host.Target.Alive.Should().Equal((await Host.LiveAsync(id)).Id);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Run_OverBeforeTheFirstLook_StillCountsHowLongItsOwnerWaited()
    {
        Host.Target.AfterStart = (spec, _) =>
        {
            Host.Target.BecomeReady(spec.AllocationId);
            Host.Target.Exit(spec.AllocationId, 0);
            return Task.CompletedTask;
        };
        var id = await Host.LaunchAsync(Lena, HostWorkloads.Training);

        await Host.PumpAsync();

        var row = await Host.RowAsync(id);
        (row.Phase, row.ReadyAt is not null).Should().Be((WorkloadPhase.Succeeded, true));
        var measure = (await Host.Get<LaunchMeasures>().AllAsync(HostWorkloads.Training, default)).Should().ContainSingle().Subject;
        (measure.Launches, measure.BecameReady, measure.Median is not null).Should().Be((1, 1, true));
        await AllHoldsAsync();
    }

    [Fact]
    public async Task LaunchesPaused_EndedWorkload_IsNotBroughtBackByARestartButARunningOneMay()
    {
        var (ended, running) = (await Host.LaunchRunningAsync(Lena, name: "ended"), await Host.LaunchRunningAsync(Lena, name: "running"));
        await StopAsync(ended);
        var admin = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        (await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.LaunchPaused, "Moving house.", admin, default)).Should().BeOfType<SettingOutcome.Saved>();

        foreach (var outcome in new[] { await Host.Get<StartWorkload>().ExecuteAsync(ended, Lena, default), await Host.Get<RestartWorkload>().ExecuteAsync(ended, Lena, default) })
            outcome.Should().BeOfType<WorkloadOutcome.Conflict>().Which.Reason.Should().Contain("Moving house.");

        (await PhaseAsync(ended)).Should().Be(WorkloadPhase.Stopped);
        await RestartAsync(running);
        (await Host.RowAsync(running)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Attempt == 2);
    }

    [Fact]
    public async Task Wishes_Repeated_ChangeNothing()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await StartAsync(id);
        await StopAsync(id);
        await StopAsync(id);
        var events = await TimelineAsync(id);
        await StopAsync(id);

        (await TimelineAsync(id)).Should().HaveSameCount(events);
        Host.Target.Starts.Should().ContainSingle();
        await DeleteAsync(id);
        await DeleteAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Deleted);
    }

    [Fact]
    public async Task Restart_Running_EndsTheOldAttemptBeforeTheNew()
    {
        var id = await Host.LaunchRunningAsync(Lena);

        await RestartAsync(id);

        var allocations = await Host.AllocationsAsync(id);
        allocations.Select(a => (a.Attempt, a.EndedAt is null)).Should().Equal((1, false), (2, true));
        allocations[1].StartedAt.Should().BeOnOrAfter(allocations[0].EndedAt!.Value);
        var row = await Host.RowAsync(id);
        (row.Phase, row.RestartRequested, row.StartedAt).Should().Be((WorkloadPhase.Running, false, allocations[1].StartedAt));
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Restart_WishedJustBeforeTheRunEnds_IsNotLostAndCanBeRepeated()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        (await Host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Accepted>();
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 0);

        await Host.PumpAsync();

        (await Host.RowAsync(id)).Attempt.Should().Be(2);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        await RestartAsync(id);
        (await Host.RowAsync(id)).Attempt.Should().Be(3);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Start_WhileStopping_ComesBackOnceTheOldOneHasEnded()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.StopTakes = Timeout.InfiniteTimeSpan;
        await StopAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopping);

        await StartAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopping);
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 143);
        await Host.ObserveAsync();

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Attempt == 2);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Stop_ProviderDoesNotObey_IsAskedAgainForEver()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.StopTakes = Timeout.InfiniteTimeSpan;
        await StopAsync(id);

        for (var round = 2; round <= 4; round++)
        {
            await Host.AgeAsync(id, TimeSpan.FromSeconds(30));
            await Host.PumpAsync();
            Host.Target.Stops.Should().HaveCount(round);
        }
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopping);
    }

    [Fact]
    public async Task Stop_ProviderRefuses_SaysSoAndTriesAgain()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        (await Host.Get<StopWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Accepted>();
        Host.Target.BeforeStop = _ => throw new ComputeTargetException(FailureClass.Unauthorized, "The key was revoked.");
        await Host.PumpAsync();
        (await Host.RowAsync(id)).PhaseReason.Should().Contain("The key was revoked.");

        Host.Target.BeforeStop = null;
        await Host.AgeAsync(id, TimeSpan.FromSeconds(30));
        await Host.PumpAsync();

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopped);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Stop_WhileQueued_CancelsWithoutAnAllocation()
    {
        var id = await Host.LaunchAsync(Lena);
        await StopAsync(id);

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopped);
        (await Host.AllocationsAsync(id)).Should().BeEmpty();
        Host.Target.Starts.Should().BeEmpty();
    }

    [Fact]
    public async Task Delete_Running_EndsItForgetsItAndRemovesItsStorage()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training, "gone");
        Host.Target.PutArtifact(id, "model.json", [1]);

        await DeleteAsync(id);

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Deleted && w.EndedAt != null);
        (await Host.Target.ListArtifactsAsync(id, default)).Should().BeEmpty();
        (await Host.Target.ObserveAllAsync(default)).Should().BeEmpty("ended allocations are forgotten too");
        await AllHoldsAsync();
        (await Host.Get<WorkloadDetailQueries>().FindAsync(id, Lena, default)).Should().NotBeNull("it stays readable by id");
        (await Host.LaunchAsync(Lena, name: "gone")).Should().NotBe(id, "its name is free again");
        (await Host.Get<StartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Conflict>();
        (await Host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Conflict>();
    }

    [Fact]
    public async Task Delete_StorageCannotBeRemoved_SaysSoAndIsTriedAgain()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await StopAsync(id);
        Host.Target.Unreachable = new ComputeTargetException(FailureClass.Unauthorized, "The disk is read-only.");
        await DeleteAsync(id);
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Stopped && w.PhaseReason!.Contains("read-only") && w.NextActionAt != null);

        Host.Target.Unreachable = null;
        await Host.HurryAsync(id);

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Deleted);
    }

    [Fact]
    public async Task Extend_Running_MovesTheEndWithinBounds()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromHours(1));
        var end = (await Host.RowAsync(id)).ExpiresAt!.Value;

        await WishAsync(() => Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(2), Lena, default));

        var row = await Host.RowAsync(id);
        row.ExpiresAt.Should().Be(end.AddHours(2));
        row.NextActionAt.Should().Be(row.ExpiresAt);
        foreach (var by in new[] { TimeSpan.Zero, TimeSpan.FromDays(-1), TimeSpan.FromDays(30), TimeSpan.FromDays(31) })
            (await Host.Get<ExtendWorkload>().ExecuteAsync(id, by, Lena, default)).Should().BeOfType<WorkloadOutcome.Invalid>();
        await StopAsync(id);
        (await Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(1), Lena, default)).Should().BeOfType<WorkloadOutcome.Conflict>();
    }

    [Fact]
    public async Task Lifetime_Over_StopsIt()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromHours(1));
        await Host.AgeAsync(id, TimeSpan.FromMinutes(59));
        await Host.PumpAsync();
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);

        await Host.AgeAsync(id, TimeSpan.FromMinutes(2));
        await Host.PumpAsync();

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Stopped && w.PhaseReason!.Contains("time was up"));
        await AllHoldsAsync();
    }

    [Fact]
    public async Task EveryChange_OfAPerson_IsInTheTimelineAndTheAudit()
    {
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromHours(1));
        await WishAsync(() => Host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromHours(1), Lena, default));
        await WishAsync(() => Host.Get<ShareWorkload>().ExecuteAsync(id, WorkloadAudience.Team, [], [], Lena, default));
        await StopAsync(id);
        await StartAsync(id);
        await RestartAsync(id);
        await DeleteAsync(id);

        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.Where(e => e.SubjectId == id.ToString()).OrderBy(e => e.Id).Select(e => e.Action).ToListAsync()).Should().BeEquivalentTo(
            "workload.launch", "workload.extend", "workload.share", "workload.stop", "workload.start", "workload.restart", "workload.delete");
        (await db.AuditEntries.Where(e => e.SubjectId == id.ToString()).Select(e => e.ActorName).Distinct().ToListAsync()).Should().Equal("lena@example.org");
        (await db.WorkloadEvents.CountAsync(e => e.WorkloadId == id && e.ActorId == Lena.UserId)).Should().Be(7);
    }
}
