using AwesomeAssertions;
using Portal.Application.Compute;
using Portal.Application.Hosting;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>More to reconcile than the workers keep up with.</summary>
public sealed class BacklogTests : HostedTests
{
    [Fact]
    public async Task Due_WhileManyWait_IsNotEnqueuedOnTopOfThem_AndComesLater()
    {
        var id = await Host.LaunchAsync(Lena);
        Host.Jobs.Lose();
        var due = Host.Get<DueWorkloads>();
        var requests = Host.Get<ReconcileRequests>();
        for (var i = 0; i < 400; i++) requests.Enqueue(Guid.NewGuid());
        await Host.Database.ExecuteAsync("update workloads set next_action_at = '2020-01-01Z' where id = $1", id);

        (await due.EnqueueDueAsync(default)).Should().Be(0);
        Host.Jobs.Waiting.Should().Be(400);

        Host.Jobs.TryTake(out _);
        (await due.EnqueueDueAsync(default)).Should().Be(1);
    }

    [Fact]
    public async Task NewsOfMany_LeavesTheQueueToPeople()
    {
        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(1000, 4000, 0) };
        for (var i = 0; i < 51; i++) await Host.LaunchAsync(Lena, name: $"n-{i}");
        await Host.PumpAsync();
        Host.Target.Starts.Should().HaveCount(51);
        foreach (var start in Host.Target.Starts) Host.Target.Exit(start.AllocationId, 0);

        await Host.Get<ObserveTarget>().ExecuteAsync(Host.Target, default);

        Host.Jobs.Waiting.Should().Be(0, "the clock takes them in turns");
        (await Host.Database.QueryAsync<long>("select count(*) from workloads where next_action_at <= now()")).Should().Equal(51);
    }
}
