using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>One worker at a time acts on a workload, and who lost the right writes nothing.</summary>
public sealed class LeaseTests : HostedTests
{
    private IDbContextFactory<PortalDbContext> Contexts => Host.Get<IDbContextFactory<PortalDbContext>>();

    private Task<WorkloadLease?> ClaimAsync(Guid id, double seconds = 30) => WorkloadLease.ClaimAsync(Contexts, id, TimeSpan.FromSeconds(seconds), default);

    [Fact]
    public async Task Claim_ManyAtOnce_GoesToOne()
    {
        var id = await Host.LaunchAsync(Lena);

        var leases = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ClaimAsync(id))));

        leases.Count(lease => lease is not null).Should().Be(1);
    }

    [Fact]
    public async Task Claim_AfterExpiry_PassesOnAndTheOldOneWritesNothing()
    {
        var id = await Host.LaunchAsync(Lena);
        var old = (await ClaimAsync(id, 0.05))!;
        (await ClaimAsync(id)).Should().BeNull();
        await Task.Delay(100);

        var next = (await ClaimAsync(id))!;

        next.Should().NotBeNull();
        (await old.RenewAsync(default)).Should().BeFalse();
        await using var db = await Host.OpenAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        (await old.LockAsync(db, default)).Should().BeNull();
        (await old.ReleaseAsync(0, null, default)).Should().BeTrue("there is nothing more for it to do");
        await old.AbandonAsync(TimeSpan.Zero, default);
        (await next.RenewAsync(default)).Should().BeTrue("the old one could not take it away");
    }

    [Fact]
    public async Task Release_AfterAWishInBetween_KeepsTheClaim()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        var lease = (await ClaimAsync(id))!;
        var planned = (await Host.RowAsync(id)).Generation;
        (await Host.Get<StopWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Accepted>();

        (await lease.ReleaseAsync(planned, null, default)).Should().BeFalse();
        (await Host.RowAsync(id)).LeaseToken.Should().NotBeNull();
        (await lease.ReleaseAsync(planned + 1, null, default)).Should().BeTrue();
        (await Host.RowAsync(id)).LeaseToken.Should().BeNull();
    }

    [Fact]
    public async Task Worker_DiesWithTheClaim_AnotherGoesOnAfterExpiry()
    {
        var id = await Host.LaunchAsync(Lena);
        await ClaimAsync(id, 1);
        Host.Jobs.Lose();
        await Host.PumpAsync();
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Queued);

        await Task.Delay(1100);
        await Host.PumpAsync();

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task LeaseLost_DuringTheProvidersCall_TheLateAnswerIsDroppedAndOneResourceRemains()
    {
        await using var other = Host.AnotherProcess();
        var (started, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Host.Target.AfterStart = async (_, _) =>
        {
            started.TrySetResult();
            await goOn.Task;
        };
        var id = await Host.LaunchAsync(Lena);
        Host.Jobs.Lose();
        var slow = Task.Run(() => Host.Get<ReconcileWorkload>().ExecuteAsync(id, default));
        await started.Task;
        Host.Target.AfterStart = null;
        // As if the worker had hung for longer than its lease.
        await Host.Database.ExecuteAsync("update workloads set lease_expires_at = '2020-01-01Z' where id = $1", id);
        await other.Get<ReconcileWorkload>().ExecuteAsync(id, default);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);

        goOn.SetResult();
        await slow;

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        Host.Target.Alive.Should().ContainSingle();
        (await TimelineAsync(id)).Count(t => t.Contains("started as")).Should().Be(1);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task ManyWorkers_SameWorkloads_OneAllocationEach()
    {
        await using var other = Host.AnotherProcess();
        var ids = new List<Guid>();
        for (var i = 0; i < 6; i++) ids.Add(await Host.LaunchAsync(Lena));

        await Task.WhenAll(ids.SelectMany(id => Enumerable.Range(0, 8).Select(n => Task.Run(() => (n % 2 == 0 ? Host : other).Get<ReconcileWorkload>().ExecuteAsync(id, default)))));
        Host.ThrowOnErrors();
        other.ThrowOnErrors();

        foreach (var id in ids) (await Host.AllocationsAsync(id)).Should().ContainSingle();
        Host.Target.Starts.Select(s => s.AllocationId).Should().OnlyHaveUniqueItems().And.HaveCount(6);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Delete_WhileTheLifetimeRunsOut_IsNotForgotten()
    {
        await using var other = Host.AnotherProcess();
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromHours(1));
        await Host.AgeAsync(id, TimeSpan.FromHours(2));
        Host.Target.BeforeObserve = () =>
        {
            // Between the reading of the row and the writing of the decision.
            Host.Target.BeforeObserve = null;
            other.Get<DeleteWorkload>().ExecuteAsync(id, Lena, default).GetAwaiter().GetResult().Should().BeOfType<WorkloadOutcome.Accepted>();
        };

        await Host.PumpAsync();

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Deleted);
    }
}
