using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>How attempts end, and what follows.</summary>
public sealed class AttemptTests : HostedTests
{
    [Fact]
    public async Task Run_ExitsWithZero_SucceedsWithLogTailAndMetricsKept()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        var live = await Host.LiveAsync(id);
        Host.Target.Print(live.Id, "::metric loss=0.25 step=1");
        Host.Target.Print(live.Id, "done");
        Host.Target.Exit(live.Id, 0);
        await Host.ObserveAsync();

        var row = await Host.RowAsync(id);
        (row.Phase, row.ExitCode, row.Failure, row.LogTail).Should().Be((WorkloadPhase.Succeeded, 0, null, "::metric loss=0.25 step=1\ndone"));
        var series = await Host.Get<WorkloadDetailQueries>().MetricsAsync(id, Lena, default);
        series!.Single(s => s.Name == "loss").Points.Should().ContainSingle().Which.Value.Should().Be(0.25);
        await AllHoldsAsync();
        (await Host.Get<StartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Conflict>().Which.Reason.Should().Contain("restart");

        await RestartAsync(id);
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Attempt == 2 && w.ExitCode == null);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Run_FailsTwice_IsRetriedOnceWithBackoffThenFails()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        Host.Target.Print((await Host.LiveAsync(id)).Id, "Traceback: boom");
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 1);
        await Host.ObserveAsync();

        var waiting = await Host.RowAsync(id);
        (waiting.Phase, waiting.ErrorAttempts).Should().Be((WorkloadPhase.Queued, 1));
        (waiting.NotBefore!.Value - waiting.PhaseSince).Should().BeCloseTo(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3));
        waiting.NextActionAt.Should().Be(waiting.NotBefore);
        Host.Target.Alive.Should().BeEmpty();

        await Host.HurryAsync(id);
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Attempt == 2);
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 3);
        await Host.ObserveAsync();

        var failed = await Host.RowAsync(id);
        (failed.Phase, failed.Failure, failed.ExitCode, failed.NextActionAt).Should().Be((WorkloadPhase.Failed, FailureClass.Crashed, 3, null));
        failed.PhaseReason.Should().Contain("exit code 3");
        failed.LogTail.Should().Be("Traceback: boom", "the last output there was is kept");
        await AllHoldsAsync();

        await StartAsync(id);
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Attempt == 3 && w.ErrorAttempts == 0 && w.Failure == null);
    }

    [Fact]
    public async Task Notebook_Crashes_FailsAndSaysWhy()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 137, FailureClass.OutOfMemory, "It used 600 MiB of 512 MiB.");
        await Host.ObserveAsync();

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Failed && w.Failure == FailureClass.OutOfMemory && w.PhaseReason == "It used 600 MiB of 512 MiB." && w.ExitCode == 137);
        (await Host.AllocationsAsync(id)).Single().Should().Match<Allocation>(a => a.Failure == FailureClass.OutOfMemory && a.ExitCode == 137);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Lost_Running_RecoversAtOnceAndKeepsItsErrorAttempts()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.Lose((await Host.LiveAsync(id)).Id);
        await Host.ObserveAsync();

        var row = await Host.RowAsync(id);
        (row.Phase, row.Attempt, row.ErrorAttempts, row.SetbacksInARow).Should().Be((WorkloadPhase.Running, 2, 0, 1));
        (await Host.PhasesAsync(id)).Should().EndWith([WorkloadPhase.Running, WorkloadPhase.Recovering, WorkloadPhase.Placing, WorkloadPhase.Starting, WorkloadPhase.Running]);
        (await Host.AllocationsAsync(id))[0].Failure.Should().Be(FailureClass.Lost);
        await AllHoldsAsync();

        Host.Target.Lose((await Host.LiveAsync(id)).Id);
        await Host.ObserveAsync();
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Recovering && w.NotBefore != null, "the second time in a row it waits");
    }

    [Fact]
    public async Task Lost_BeforeItWasFirstObserved_IsNoticed()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.Target.StopAsync((await Host.LiveAsync(id)).Id, TimeSpan.Zero, default);
        await Host.Target.ForgetAsync((await Host.LiveAsync(id)).Id, default);

        await Host.ObserveAsync();

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.Attempt == 2);
        Host.Target.Alive.Should().ContainSingle();
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Unknown_Observation_ChangesNothing()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.ObservesUnknown = true;
        await Host.ObserveAsync();
        await Host.HurryAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        Host.Target.ObservesUnknown = false;
        Host.Target.Unreachable = new ComputeTargetException(FailureClass.Throttled, "Slow down.");
        await Host.HurryAsync(id);

        var row = await Host.RowAsync(id);
        row.Phase.Should().Be(WorkloadPhase.Running);
        row.NextActionAt.Should().BeBefore(row.ExpiresAt!.Value);
        (await Host.LiveAsync(id)).Attempt.Should().Be(1);
    }

    [Fact]
    public async Task NotReadyInTime_IsEndedAndFails()
    {
        Host.Target.ReadyAfter = Timeout.InfiniteTimeSpan;
        var id = await Host.LaunchAsync(Lena);
        await Host.PumpAsync();
        var starting = await Host.RowAsync(id);
        starting.Phase.Should().Be(WorkloadPhase.Starting);
        starting.NextActionAt.Should().BeCloseTo((await Host.LiveAsync(id)).StartedAt!.Value.AddSeconds(60), TimeSpan.FromMilliseconds(1));

        await Host.AgeAsync(id, TimeSpan.FromSeconds(61));
        await Host.PumpAsync();

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Failed && w.Failure == FailureClass.NotReadyInTime && w.PhaseReason!.Contains("60 s"));
        Host.Target.Alive.Should().BeEmpty();
        await AllHoldsAsync();
    }

    [Theory]
    [InlineData(FailureClass.NoCapacity, WorkloadPhase.Queued)]
    [InlineData(FailureClass.QuotaExceeded, WorkloadPhase.Queued)]
    [InlineData(FailureClass.Throttled, WorkloadPhase.Queued)]
    [InlineData(FailureClass.Unauthorized, WorkloadPhase.Failed)]
    [InlineData(FailureClass.Invalid, WorkloadPhase.Failed)]
    [InlineData(FailureClass.Interrupted, WorkloadPhase.Running)] // tried again at once
    [InlineData(FailureClass.Lost, WorkloadPhase.Running)]
    [InlineData(FailureClass.Crashed, WorkloadPhase.Failed)]
    [InlineData(FailureClass.OutOfMemory, WorkloadPhase.Failed)]
    [InlineData(FailureClass.ImagePull, WorkloadPhase.Failed)]
    [InlineData(FailureClass.NotReadyInTime, WorkloadPhase.Failed)]
    public async Task StartRefused_OfEachClass_RestsOrIsTriedAgain(FailureClass failure, WorkloadPhase expected)
    {
        Host.Target.FailNextStart(failure, "The provider's own words.");
        var id = await Host.LaunchAsync(Lena);
        await Host.PumpAsync();

        var row = await Host.RowAsync(id);
        row.Phase.Should().Be(expected);
        if (expected != WorkloadPhase.Running) row.PhaseReason.Should().Contain("The provider's own words.");
        (await TimelineAsync(id)).Should().Contain($"{failure}: The provider's own words.");
        (await Host.AllocationsAsync(id))[0].Should().Match<Allocation>(a => a.EndedAt != null && a.StartedAt == null && a.Failure == failure);
        if (expected == WorkloadPhase.Queued)
        {
            row.NotBefore.Should().NotBeNull();
            await Host.HurryAsync(id);
            (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        }
        await AllHoldsAsync();
    }

    [Fact]
    public async Task StartAnswerLost_EffectThere_IsAdoptedNotStartedTwice()
    {
        Host.Target.AfterStart = (_, _) => throw new InvalidOperationException("The process died here.");
        var id = await Host.LaunchAsync(Lena);
        await FluentActions.Awaiting(Host.PumpAsync).Should().ThrowAsync<InvalidOperationException>();
        Host.Target.Alive.Should().ContainSingle();
        (await Host.LiveAsync(id)).StartedAt.Should().BeNull();

        Host.Target.AfterStart = null;
        await Host.HurryAsync(id);

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        Host.Target.Alive.Should().Equal((await Host.LiveAsync(id)).Id);
        (await Host.AllocationsAsync(id)).Should().ContainSingle();
        await AllHoldsAsync();
    }

    [Fact]
    public async Task StartAnswerLost_ThenStopped_IsBilledFromTheProvidersStart()
    {
        Host.Target.AfterStart = (_, _) => throw new InvalidOperationException("The process died here.");
        var id = await Host.LaunchAsync(Lena);
        await FluentActions.Awaiting(Host.PumpAsync).Should().ThrowAsync<InvalidOperationException>();
        Host.Target.AfterStart = null;
        await Host.Get<StopWorkload>().ExecuteAsync(id, Lena, default);
        await Host.HurryAsync(id);

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopped);
        (await Host.AllocationsAsync(id)).Single().StartedAt.Should().NotBeNull();
        await AllHoldsAsync();
    }

    [Fact]
    public async Task StartTakesTooLong_LeaseIsGivenBackAndTheEffectFoundLater()
    {
        Host.Reconcile.LeaseDuration = TimeSpan.FromSeconds(2);
        Host.Target.BeforeStart = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        var id = await Host.LaunchAsync(Lena);
        await Host.PumpAsync();

        var row = await Host.RowAsync(id);
        (row.Phase, row.LeaseToken).Should().Be((WorkloadPhase.Placing, null));
        row.NextActionAt.Should().NotBeNull();

        Host.Target.BeforeStart = null;
        await Host.HurryAsync(id);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Retries_ListedErrors_AreBoundedAndInterruptionsAreNot()
    {
        await Host.AddItemAsync(HostCatalog.Run("stubborn") with { Retry = new RetrySpec { On = ["interruption", "error"], Attempts = 3, Backoff = TimeSpan.FromSeconds(1) } });
        var id = await Host.LaunchRunningAsync(Lena, "stubborn");
        foreach (var step in "iieiei")
        {
            var live = await Host.LiveAsync(id);
            if (step == 'i') Host.Target.Exit(live.Id, 143, FailureClass.Interrupted, "Taken back.");
            else Host.Target.Exit(live.Id, 1);
            await Host.ObserveAsync();
            await Host.HurryAsync(id);
            (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running, $"after {step}");
        }
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 1);
        await Host.ObserveAsync();

        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Failed && w.Attempt == 7);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Stop_DuringBackoff_Cancels()
    {
        Host.Target.FailNextStart(FailureClass.NoCapacity, "Full.");
        var id = await Host.LaunchAsync(Lena);
        await Host.PumpAsync();
        await StopAsync(id);

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Stopped);
        await AllHoldsAsync();
    }
}
