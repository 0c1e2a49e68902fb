using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests;

/// <summary>Tests on an application with a database of its own and a person to act, Lena of team vision.</summary>
public abstract class HostedTests : IAsyncLifetime
{
    protected ApplicationHost Host { get; private set; } = null!;

    protected Actor Lena { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        Host = await ApplicationHost.CreateAsync();
        Lena = await Host.AddPersonAsync("Lena", ["vision"]);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Wishes something of a workload, which must be accepted, and pumps.</summary>
    protected async Task WishAsync(Func<Task<WorkloadOutcome>> wish)
    {
        (await wish()).Should().BeOfType<WorkloadOutcome.Accepted>();
        await Host.PumpAsync();
    }

    protected Task StopAsync(Guid id) => WishAsync(() => Host.Get<StopWorkload>().ExecuteAsync(id, Lena, default));

    protected Task StartAsync(Guid id) => WishAsync(() => Host.Get<StartWorkload>().ExecuteAsync(id, Lena, default));

    protected Task RestartAsync(Guid id) => WishAsync(() => Host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default));

    protected Task DeleteAsync(Guid id) => WishAsync(() => Host.Get<DeleteWorkload>().ExecuteAsync(id, Lena, default));

    protected async Task<WorkloadPhase> PhaseAsync(Guid id) => (await Host.RowAsync(id)).Phase;

    protected async Task<List<string>> TimelineAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return await db.WorkloadEvents.Where(e => e.WorkloadId == id).OrderBy(e => e.Seq).Select(e => e.Reason).ToListAsync();
    }

    protected async Task AllHoldsAsync() => (await WorkloadInvariants.AtRestAsync(Host.Database, Host.Target)).Should().BeEmpty();
}
