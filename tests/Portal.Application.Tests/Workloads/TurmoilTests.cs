using AwesomeAssertions;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Hosting;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Two processes, wishes, accidents, observers and postings all at once on one database; afterwards every promise holds.</summary>
public sealed class TurmoilTests : HostedTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task TwoProcesses_WishesAndAccidents_EndAsWanted(int seed)
    {
        await using var other = Host.AnotherProcess();
        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(1.25m, 4, 0) };
        var ids = new List<Guid>();
        for (var i = 0; i < 7; i++) ids.Add(await Host.LaunchAsync(Lena, i % 2 == 0 ? HostWorkloads.Notebook : HostWorkloads.Training));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(12));

        await Task.WhenAll(
            WorkAsync(Host, end.Token), WorkAsync(other, end.Token), WorkAsync(other, end.Token), ObserveAsync(Host, end.Token), ObserveAsync(other, end.Token),
            WishAsync(other, ids, new Random(seed), end.Token), HappenAsync(new Random(seed + 1000), end.Token), WatchAsync(end.Token));

        // A lost answer is an error on purpose; a deadlock never is.
        Host.Logs.Errors.Concat(other.Logs.Errors).Should().NotContain(e => e.Exception != null && e.Exception.ToString().Contains("40P01"));
        Host.AcceptErrors();
        await CalmAsync();
        await AllHoldsAsync();
    }

    private static async Task WorkAsync(ApplicationHost host, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            while (host.Jobs.TryTake(out var id)) await host.Get<ReconcileWorkload>().ExecuteAsync(id, default);
            await host.Get<DueWorkloads>().EnqueueDueAsync(default);
            await host.Get<UsagePosting>().PostDueAsync(default);
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static async Task ObserveAsync(ApplicationHost host, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await host.Get<ObserveTarget>().ExecuteAsync(host.Target, default);
            }
            catch (ComputeTargetException)
            {
                // Away; the next look follows.
            }
            await Task.Delay(30, CancellationToken.None);
        }
    }

    private async Task WishAsync(ApplicationHost host, List<Guid> ids, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var id = ids[random.Next(ids.Count)];
            await (random.Next(10) switch
            {
                0 or 1 or 2 => host.Get<StopWorkload>().ExecuteAsync(id, Lena, default),
                3 or 4 or 5 => host.Get<StartWorkload>().ExecuteAsync(id, Lena, default),
                6 or 7 => host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default),
                8 => host.Get<ExtendWorkload>().ExecuteAsync(id, TimeSpan.FromMinutes(5), Lena, default),
                _ => random.Next(8) == 0 ? host.Get<DeleteWorkload>().ExecuteAsync(id, Lena, default) : host.Get<StartWorkload>().ExecuteAsync(id, Lena, default),
            });
            await Task.Delay(random.Next(40), CancellationToken.None);
        }
    }

    private async Task HappenAsync(Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var alive = Host.Target.Alive;
            if (alive.Count > 0)
            {
                var id = alive[random.Next(alive.Count)];
                switch (random.Next(8))
                {
                    case 0: Host.Target.Lose(id); break;
                    case 1: Host.Target.Exit(id, random.Next(2)); break;
                    case 2: Host.Target.Print(id, $"::metric loss={random.Next(100)} step={random.Next(50)}"); break;
                    case 3: Host.Target.SetUse(id, 0.5, 1 << 28); break;
                    case 4: Host.Target.FailNextStart(FailureClass.Interrupted, "Taken back."); break;
                    case 5: Host.Target.StopTakes = TimeSpan.FromMilliseconds(random.Next(100)); break;
                    case 6: Host.Target.AfterStart = random.Next(3) == 0 ? (_, _) => throw new InvalidOperationException("The answer is lost.") : null; break;
                    case 7: Host.Target.ObservesUnknown = random.Next(3) == 0; break;
                }
            }
            await Task.Delay(random.Next(80), CancellationToken.None);
        }
        (Host.Target.AfterStart, Host.Target.ObservesUnknown, Host.Target.StopTakes) = (null, false, TimeSpan.Zero);
    }

    private async Task WatchAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            (await WorkloadInvariants.AtAnyTimeAsync(Host.Database)).Should().BeEmpty();
            (await LedgerInvariants.ViolationsAsync(Host.Database)).Should().BeEmpty();
            await Task.Delay(200, CancellationToken.None);
        }
    }

    /// <summary>No more accidents, every wait over, and room for all.</summary>
    private async Task CalmAsync()
    {
        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(100, 1000, 0) };
        for (var round = 0; round < 30; round++)
        {
            await Host.Database.ExecuteAsync("update workloads set not_before = null, next_action_at = '2020-01-01Z', lease_expires_at = null");
            await Host.Database.ExecuteAsync("update allocations set stop_asked_at = stop_asked_at - interval '1 minute' where ended_at is null");
            await Host.ObserveAsync();
        }
    }
}
