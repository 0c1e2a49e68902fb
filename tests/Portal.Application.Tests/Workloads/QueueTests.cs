using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>A full host: first come, first served, and nobody learns whom they wait for in other teams.</summary>
public sealed class QueueTests : HostedTests
{
    private Actor _tom = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _tom = await Host.AddPersonAsync("Tom", ["speech"]);
        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(1, 2, 0) };
    }

    private async Task<Guid> QueueAsync(Actor actor, string name, string hardware = "cpu-small")
    {
        var id = await Host.LaunchAsync(actor, name: name, hardware: hardware);
        await Host.PumpAsync();
        return id;
    }

    private async Task<string> ReasonAsync(Guid id)
    {
        await Host.HurryAsync(id);
        return (await Host.RowAsync(id)).PhaseReason!;
    }

    [Fact]
    public async Task FullHost_StartsInTheOrderOfTheQueue()
    {
        var running = await QueueAsync(Lena, "first");
        Guid[] waiting = [await QueueAsync(_tom, "second"), await QueueAsync(Lena, "third"), await QueueAsync(_tom, "fourth")];
        foreach (var id in waiting) (await PhaseAsync(id)).Should().Be(WorkloadPhase.Queued);

        foreach (var next in waiting)
        {
            (await Host.Get<StopWorkload>().ExecuteAsync(running, await OwnerAsync(running), default)).Should().BeOfType<WorkloadOutcome.Accepted>();
            await Host.PumpAsync();
            (await PhaseAsync(next)).Should().Be(WorkloadPhase.Running);
            Host.Target.Alive.Should().ContainSingle();
            running = next;
        }
        await AllHoldsAsync();
    }

    [Fact]
    public async Task SmallOne_DoesNotOvertakeTheBigOneAhead()
    {
        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(1.25m, 4, 0) };
        var running = await QueueAsync(Lena, "running");
        var big = await QueueAsync(Lena, "big");
        var small = await QueueAsync(Lena, "small", "cpu-tiny");

        (await PhaseAsync(small)).Should().Be(WorkloadPhase.Queued);
        (await Host.RowAsync(small)).PhaseReason.Should().Contain("its turn").And.Contain("big");
        await StopAsync(running);
        (await PhaseAsync(big)).Should().Be(WorkloadPhase.Running);
        (await PhaseAsync(small)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task Reason_NamesWhatIsMissingAndOwnTeamsOnly()
    {
        await QueueAsync(Lena, "running");
        var first = await QueueAsync(_tom, "toms-secret");
        var second = await QueueAsync(Lena, "lenas-own");
        var third = await QueueAsync(_tom, "toms-other");

        (await ReasonAsync(first)).Should().Be("Waiting for 1 vCPU (0 of 1 free) and 2 GiB memory (0 of 2 free) on local; next in line.");
        (await ReasonAsync(second)).Should().EndWith("position 2, behind 1 other.");
        (await ReasonAsync(third)).Should().EndWith("position 3, behind toms-secret and 1 more.");
        foreach (var (id, foreign) in new[] { (first, "lenas"), (second, "toms"), (third, "lenas") })
            (await TimelineAsync(id)).Append(await ReasonAsync(id)).Should().NotContain(text => text.Contains(foreign));
    }

    [Fact]
    public async Task RestartOfTheRunningOne_GoesToTheEndOfTheLine()
    {
        var running = await QueueAsync(Lena, "running");
        var waiting = await QueueAsync(_tom, "waiting");

        await RestartAsync(running);

        (await PhaseAsync(waiting)).Should().Be(WorkloadPhase.Running);
        (await PhaseAsync(running)).Should().Be(WorkloadPhase.Queued);
    }

    [Fact]
    public async Task LostOne_KeepsItsPlaceAheadOfThoseThatCameLater()
    {
        var running = await QueueAsync(Lena, "running");
        var waiting = await QueueAsync(_tom, "waiting");
        Host.Target.Lose((await Host.LiveAsync(running)).Id);
        await Host.ObserveAsync();

        // Whoever was quicker to take the free room: never both.
        Host.Target.Alive.Should().ContainSingle();
        new[] { await PhaseAsync(running), await PhaseAsync(waiting) }.Should().ContainSingle(p => p == WorkloadPhase.Running);
        await AllHoldsExceptWaitingAsync();
    }

    [Fact]
    public async Task ManyWorkers_LastRoom_IsGivenAwayOnceAndNobodyWaitsForEver()
    {
        await using var other = Host.AnotherProcess();
        var ids = new List<Guid>();
        for (var i = 0; i < 4; i++) ids.Add(await Host.LaunchAsync(i % 2 == 0 ? Lena : _tom, hardware: "cpu-small"));
        Host.Jobs.Lose();
        Task[] workers;
        await using (var db = await Host.OpenAsync())
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            // All have found room and come to the one door before the first may pass it.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"place:local"}, 0))");
            workers = [.. ids.Select((id, i) => Task.Run(() => (i % 2 == 0 ? Host : other).Get<ReconcileWorkload>().ExecuteAsync(id, default)))];
            await AtTheDoorAsync(ids.Count);
            await transaction.CommitAsync();
        }
        await Task.WhenAll(workers);
        Host.ThrowOnErrors();
        other.ThrowOnErrors();

        Host.Target.Alive.Should().ContainSingle();
        var phases = new List<WorkloadPhase>();
        foreach (var id in ids) phases.Add(await PhaseAsync(id));
        phases.Order().Should().Equal(WorkloadPhase.Queued, WorkloadPhase.Queued, WorkloadPhase.Queued, WorkloadPhase.Running);
    }

    private async Task AtTheDoorAsync(int count)
    {
        for (var i = 0; i < 600; i++)
        {
            if ((await Host.Database.QueryAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())"))[0] == count) return;
            await Task.Delay(50);
        }
        Assert.Fail("They do not wait for each other where the room is given away.");
    }

    [Fact]
    public async Task Estimate_SaysThatItWouldWait()
    {
        await QueueAsync(Lena, "running");

        var estimate = (EstimateLaunch.Outcome.Estimated)await Host.Get<EstimateLaunch>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-small" }, Lena, default);

        estimate.Offers.Should().ContainSingle().Which.Should().Match<PricedOffer>(o => !o.Available && o.Reason!.StartsWith("Full now"));
    }

    [Fact]
    public async Task Stop_WhileWaiting_LetsTheNextGo()
    {
        var running = await QueueAsync(Lena, "running");
        var second = await QueueAsync(Lena, "second");
        var third = await QueueAsync(Lena, "third");
        await StopAsync(second);
        await StopAsync(running);

        (await PhaseAsync(third)).Should().Be(WorkloadPhase.Running);
        (await PhaseAsync(second)).Should().Be(WorkloadPhase.Stopped);
    }

    private async Task<Actor> OwnerAsync(Guid id) => (await Host.RowAsync(id)).OwnerId == Lena.UserId ? Lena : _tom;

    private async Task AllHoldsExceptWaitingAsync() =>
        (await Portal.Testing.Data.WorkloadInvariants.AtRestAsync(Host.Database, Host.Target)).Should().NotContain(v => !v.Contains("is not what is wanted"));
}
