using System.Collections.Concurrent;
using AwesomeAssertions;
using Portal.Application.Workloads;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Portal.Testing.Postgres;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Open pages of every process learn of changes, also after the database was away.</summary>
public sealed class ChangeFeedTests
{
    [Fact]
    public async Task Changes_ReachEveryProcess_AndListeningSurvivesARestartOfPostgres()
    {
        await using var server = await PostgresServer.CreateAsync();
        await using var database = await PortalDatabaseFixture.CreateOnAsync(server);
        await using var host = ApplicationHost.On(database);
        await using var other = host.AnotherProcess();
        var lena = await host.AddPersonAsync("Lena", ["vision"]);
        var seen = new ConcurrentQueue<WorkloadChange>();
        using var failing = other.Get<WorkloadChangeFeed>().Subscribe(_ => throw new InvalidOperationException("A page that fails must not keep others from being told."));
        using var subscription = other.Get<WorkloadChangeFeed>().Subscribe(change =>
        {
            seen.Enqueue(change);
            return Task.CompletedTask;
        });
        await other.Get<WorkloadChangeListener>().StartAsync(default);
        await UntilAsync(() => seen.Any(c => c.IsEverything));

        var id = await host.LaunchAsync(lena);
        await UntilAsync(() => seen.Any(c => !c.IsEverything && c.Concerns(id)));

        await server.RestartAsync(PostgresStop.Immediate);
        seen.Clear();
        await UntilAsync(() => seen.Any(c => c.IsEverything));
        await UntilAsync(async () =>
        {
            // Pooled connections from before the restart fail once each.
            try
            {
                await host.PumpAsync();
                return seen.Any(c => !c.IsEverything && c.Concerns(id));
            }
            catch (Exception e) when (e is Npgsql.NpgsqlException or InvalidOperationException)
            {
                host.AcceptErrors();
                return false;
            }
        });
        await other.Get<WorkloadChangeListener>().StopAsync(default);
    }

    [Fact]
    public async Task Notification_OfManyWorkloads_IsCutBelowTheLimit()
    {
        await using var host = await ApplicationHost.CreateAsync();
        var seen = new ConcurrentDictionary<Guid, bool>();
        var ready = new TaskCompletionSource();
        using var subscription = host.Get<WorkloadChangeFeed>().Subscribe(change =>
        {
            ready.TrySetResult();
            foreach (var id in change.Ids) seen[id] = true;
            return Task.CompletedTask;
        });
        await host.Get<WorkloadChangeListener>().StartAsync(default);
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var ids = Enumerable.Range(0, 1000).Select(_ => Guid.NewGuid()).ToList();

        await using (var db = await host.OpenAsync())
            await db.NotifyAsync(ids, default);

        await UntilAsync(() => seen.Count == 1000);
        await host.Get<WorkloadChangeListener>().StopAsync(default);
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await holds()) return;
            await Task.Delay(50);
        }
        Assert.Fail("It did not come about within 30 s.");
    }
}
