using AwesomeAssertions;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Xunit;
using static Portal.Domain.Tests.Workloads.PlannerCases;

namespace Portal.Domain.Tests.Workloads;

/// <summary>What waiting, lifetimes, readiness, patience and a wished restart add to the table.</summary>
public sealed class WorkloadPlannerTimeTests
{
    private static readonly WorkloadSnapshot Queued = Notebook with { Phase = WorkloadPhase.Queued };
    private static readonly WorkloadSnapshot Restarting = Notebook with { RestartRequested = true };

    [Theory]
    [InlineData(null, "Start")]
    [InlineData(-1, "Start")]
    [InlineData(0, "Start")]
    [InlineData(30, "Wait 30s")]
    [InlineData(7200, "Wait 3600s")] // no longer than its lifetime
    public void Queued_NotBefore_WaitsUntilThen(int? seconds, string expected) =>
        Next(Queued with { NotBefore = seconds is { } s ? Now.AddSeconds(s) : null }, null, null).Should().Be(expected);

    [Fact]
    public void Queued_NoRoom_SaysWhyAndLooksAgain()
    {
        var decision = WorkloadPlanner.Next(Queued, null, null, NoRoom, Now);

        decision.Should().Be(new Decision.Wait(Now.AddSeconds(10), "Waiting for 4 vCPU."));
    }

    [Theory]
    [InlineData(WorkloadPhase.Queued, "none", null, "Expire")]
    [InlineData(WorkloadPhase.Placing, "intent", ObservedState.NotFound, "Expire")]
    [InlineData(WorkloadPhase.Placing, "intent", ObservedState.Starting, "Expire")]
    [InlineData(WorkloadPhase.Starting, "started", ObservedState.Starting, "Expire")]
    [InlineData(WorkloadPhase.Running, "started", ObservedState.Ready, "Expire")]
    [InlineData(WorkloadPhase.Running, "started", ObservedState.Unknown, "Wait 2s")] // unknown changes nothing
    [InlineData(WorkloadPhase.Running, "started", ObservedState.Exited, "Fail Crashed")]
    [InlineData(WorkloadPhase.Stopped, "none", null, "None")]
    public void Expired_WantedRunning_BecomesAWishToStop(WorkloadPhase phase, string allocation, ObservedState? seen, string expected) =>
        Next(Notebook with { Phase = phase, ExpiresAt = Now }, allocation switch { "none" => null, "intent" => Intent, _ => Started }, seen is { } s ? Seen(s) : null).Should().Be(expected);

    [Theory]
    [InlineData(59, "Wait 1s")]
    [InlineData(60, "Stop NotReadyInTime")]
    public void Starting_ReadyTimeout_EndsItAsNotReadyInTime(double age, string expected) =>
        Next(Notebook with { Phase = WorkloadPhase.Starting }, Started with { StartedAt = Now.AddSeconds(-age) }, Seen(ObservedState.Starting)).Should().Be(expected);

    [Fact]
    public void Running_LooksUnreadyForLong_IsNotEnded() =>
        Next(Notebook, Started with { StartedAt = Now.AddHours(-5) }, Seen(ObservedState.Starting)).Should().Be("Wait 10s");

    [Fact]
    public void Starting_WithoutAPort_HasNoReadyTimeout() =>
        Next(Run with { Phase = WorkloadPhase.Starting }, Started with { StartedAt = Now.AddHours(-5) }, Seen(ObservedState.Starting)).Should().Be("Wait 10s");

    [Theory]
    [InlineData(DesiredState.Stopped)]
    [InlineData(DesiredState.Deleted)]
    [InlineData(DesiredState.Running)]
    public void Stopping_PatienceOver_AsksAgainForEver(DesiredState desired) =>
        Next(Notebook with { Desired = desired, Phase = WorkloadPhase.Stopping }, Started with { StopAskedAt = Now - TimeSpan.FromSeconds(10) - WorkloadPlanner.StopPatience }, Seen(ObservedState.Stopping)).Should().Be("Stop");

    [Theory]
    [InlineData("intent", ObservedState.NotFound, "Resume")] // its effect may be on the way: first find out
    [InlineData("started", ObservedState.Starting, "Stop")]
    [InlineData("started", ObservedState.Ready, "Stop")]
    [InlineData("started", ObservedState.Stopping, "Stop")]
    [InlineData("started", ObservedState.Exited, "Replace Queued")]
    [InlineData("started", ObservedState.Lost, "Replace Queued")]
    [InlineData("started", ObservedState.NotFound, "Replace Queued")]
    [InlineData("started", ObservedState.Unknown, "Wait 2s")]
    [InlineData("stopping", ObservedState.Ready, "Wait 20s")]
    [InlineData("stopping", ObservedState.Exited, "Replace Queued")]
    [InlineData("stopping", ObservedState.Lost, "Replace Queued")]
    public void RestartWished_WhateverIsSeen_LeadsToANewAttempt(string allocation, ObservedState seen, string expected) =>
        Next(Restarting, allocation switch { "intent" => Intent, "started" => Started, _ => StopAsked }, Seen(seen)).Should().Be(expected);

    [Fact]
    public void RestartWished_RunEndsWellMeanwhile_IsStillRestarted() =>
        Next(Run with { RestartRequested = true }, Started, Seen(ObservedState.Exited) with { ExitCode = 0 }).Should().Be("Replace Queued");

    [Fact]
    public void RestartWished_WhileTheStartIsRefused_IsStillRestarted() =>
        Words(WorkloadPlanner.AfterRefusedStart(Restarting, FailureClass.Unauthorized, "refused", Now)).Should().Be("Replace Queued");

    [Fact]
    public void RestartWished_WhileEndedAsNotReady_IsStillRestarted() =>
        Next(Restarting, StopAsked with { PendingFailure = FailureClass.NotReadyInTime }, Seen(ObservedState.Exited)).Should().Be("Replace Queued");

    [Fact]
    public void StopWished_WhileEndedAsNotReady_IsStopped() =>
        Next(Notebook with { Desired = DesiredState.Stopped }, StopAsked with { PendingFailure = FailureClass.NotReadyInTime }, Seen(ObservedState.Exited)).Should().Be("Settle Stopped");

    [Fact]
    public void NeedsPlacement_ForStart_IsAlwaysTrue()
    {
        foreach (var desired in Enum.GetValues<DesiredState>())
            foreach (var phase in Enum.GetValues<WorkloadPhase>())
                foreach (var notBefore in new DateTimeOffset?[] { null, Now, Now.AddSeconds(1) })
                    foreach (var expires in new DateTimeOffset?[] { null, Now, Now.AddSeconds(1) })
                    {
                        var workload = Notebook with { Desired = desired, Phase = phase, NotBefore = notBefore, ExpiresAt = expires };
                        var starts = WorkloadPlanner.Next(workload, null, null, Room, Now) is Decision.Start;
                        WorkloadPlanner.NeedsPlacement(workload, null, Now).Should().Be(starts, $"{desired}, {phase}, {notBefore}, {expires}");
                    }
    }
}
