using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>A workload's whole life on a real database.</summary>
public sealed class WorkloadLifeTests : IAsyncLifetime
{
    private ApplicationHost _host = null!;
    private Actor _lena = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApplicationHost.CreateAsync();
        _lena = await _host.AddPersonAsync("Lena", ["vision"]);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Launch_RoomFree_RunsWithOneAllocationAndItsUsageOpen()
    {
        var id = await _host.LaunchAsync(_lena, name: "my-notebook");
        (await _host.RowAsync(id)).Phase.Should().Be(WorkloadPhase.Queued);

        await _host.PumpAsync();

        var row = await _host.RowAsync(id);
        row.Phase.Should().Be(WorkloadPhase.Running);
        row.LeaseToken.Should().BeNull();
        row.NextActionAt.Should().Be(row.ExpiresAt);
        (await _host.PhasesAsync(id)).Should().Equal(WorkloadPhase.Queued, WorkloadPhase.Placing, WorkloadPhase.Starting, WorkloadPhase.Running);
        var live = await _host.LiveAsync(id);
        live.Attempt.Should().Be(1);
        live.StartedAt.Should().NotBeNull();
        live.ReadyAt.Should().NotBeNull();
        _host.Target.Alive.Should().Equal(live.Id);
        await using var db = await _host.OpenAsync();
        var interval = await db.UsageIntervals.SingleAsync(i => i.WorkloadId == id);
        interval.EndedAt.Should().BeNull();
        interval.StartedAt.Should().Be(live.StartedAt);
        interval.HourlyPrice.Should().Be(live.HourlyPrice).And.BePositive();
    }

    [Fact]
    public async Task Stop_Running_EndsResourceAndClosesUsageThenStartBringsItBack()
    {
        var id = await _host.LaunchRunningAsync(_lena);

        (await _host.Get<StopWorkload>().ExecuteAsync(id, _lena, default)).Should().BeOfType<WorkloadOutcome.Accepted>();
        await _host.PumpAsync();

        (await _host.RowAsync(id)).Phase.Should().Be(WorkloadPhase.Stopped);
        _host.Target.Alive.Should().BeEmpty();
        await using var db = await _host.OpenAsync();
        (await db.UsageIntervals.SingleAsync(i => i.WorkloadId == id)).EndedAt.Should().NotBeNull();

        (await _host.Get<StartWorkload>().ExecuteAsync(id, _lena, default)).Should().BeOfType<WorkloadOutcome.Accepted>();
        await _host.PumpAsync();

        (await _host.RowAsync(id)).Phase.Should().Be(WorkloadPhase.Running);
        (await _host.LiveAsync(id)).Attempt.Should().Be(2);
        _host.Target.Alive.Should().ContainSingle();
    }
}
