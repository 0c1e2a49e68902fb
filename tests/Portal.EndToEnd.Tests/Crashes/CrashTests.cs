using System.Net;
using AwesomeAssertions;
using Portal.Application;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Data;
using Portal.Testing.Postgres;
using Xunit;

namespace Portal.EndToEnd.Tests.Crashes;

/// <summary>The portal dies at every fault point of launch, stop, posting and deletion; afterwards nothing is lost, nothing runs twice, the ledger adds up.</summary>
public sealed class CrashTests(CrashTests.Fixture fixture) : IClassFixture<CrashTests.Fixture>
{
    private const string Sleeper = "import time, signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint('up', flush=True)\ntime.sleep(3600)\n";

    private readonly PortalProcess _portal = fixture.Portal;
    private bool _died;

    public static TheoryData<string> EveryPoint => new(FaultPoints.All.Where(p => !p.StartsWith("post.", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(EveryPoint))]
    public async Task Portal_KilledAtPoint_LosesNothingAndDoublesNothing(string point)
    {
        await HealAsync();
        await _portal.KillAsync();
        await _portal.RunAsync(new Dictionary<string, string> { ["Portal__KillAt"] = point });
        await _portal.WaitUntilReadyAsync();
        var name = point.Replace('.', '-');
        var request = new { item = "python-training", name, hardware = "cpu-tiny", parameters = new { script = Sleeper } };

        var id = await InsistAsync(() => _portal.Api.LaunchAsync(request, key: name));
        await InsistAsync(() => _portal.Api.WaitForAsync(id, "Running"));
        await AssertOneLivesAsync(id);
        await InsistAsync(() => DoAsync(HttpMethod.Post, $"/workloads/{id}/stop"));
        await InsistAsync(() => _portal.Api.WaitForAsync(id, "Stopped"));
        WorkloadProcesses.Of(id, _portal.Folder).Should().BeEmpty("nothing survives a stop");
        await InsistAsync(() => DoAsync(HttpMethod.Delete, $"/workloads/{id}"));
        await InsistAsync(() => _portal.Api.WaitForAsync(id, "Deleted"));

        _died.Should().BeTrue($"the process must have died at {point}");
        (await _portal.Api.GetAsync("/workloads?deleted=true")).Body.GetProperty("items").EnumerateArray().Count(w => w.GetProperty("name").GetString() == name).Should().Be(1);
        Directory.Exists(Path.Combine(_portal.WorkloadsFolder, id.ToString())).Should().BeFalse("its storage is gone");
        await AssertSoundAsync();
    }

    [Theory]
    [InlineData(FaultPoints.PostBeforeCommit)]
    [InlineData(FaultPoints.PostAfterCommit)]
    public async Task Portal_KilledWhilePosting_PostsEveryHourOnce(string point)
    {
        await HealAsync();
        var id = await _portal.Api.LaunchAsync(new { item = "python-training", name = point.Replace('.', '-'), hardware = "cpu-tiny", parameters = new { script = Sleeper } });
        await _portal.Api.WaitForAsync(id, "Running");
        await _portal.KillAsync();
        // As if it had started three hours ago: the ledger goes by the database's clock.
        await _portal.Database.ExecuteAsync("update allocations set started_at = started_at - interval '3 hours' where workload_id = $1", id);
        await _portal.Database.ExecuteAsync("update usage_intervals set started_at = started_at - interval '3 hours', posted_until = posted_until - interval '3 hours' where workload_id = $1", id);
        await _portal.RunAsync(new Dictionary<string, string> { ["Portal__KillAt"] = point });
        await WaitUntilDeadAsync();

        await _portal.RestartAsync();
        for (var i = 0; i < 100 && await PostedAsync(id) < 3; i++) await Task.Delay(200);

        (await PostedAsync(id)).Should().BeInRange(3, 4, "three whole hours are over, begun with a part of one");
        await AssertOneLivesAsync(id);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Postgres_RestartedWhileStartingAndRunning_LosesNothing()
    {
        await HealAsync();
        var first = await _portal.Api.LaunchAsync(new { item = "python-training", name = "during-start", hardware = "cpu-tiny", parameters = new { script = Sleeper } });
        await _portal.Postgres.RestartAsync(PostgresStop.Immediate);
        await _portal.Api.WaitForAsync(first, "Running");
        await _portal.Postgres.StopAsync(PostgresStop.Immediate);

        using var client = new HttpClient();
        (await client.GetAsync($"http://127.0.0.1:{_portal.Port}/readyz")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await client.GetAsync($"http://127.0.0.1:{_portal.Port}/healthz")).StatusCode.Should().Be(HttpStatusCode.OK);
        var (status, problem) = await _portal.Api.GetAsync("/workloads");
        status.Should().Be(HttpStatusCode.ServiceUnavailable);
        problem.GetProperty("title").GetString().Should().Be("Database unavailable");
        await AssertOneLivesAsync(first);

        await _portal.Postgres.StartAsync();
        await _portal.WaitUntilReadyAsync();
        await DoAsync(HttpMethod.Post, $"/workloads/{first}/stop");
        await _portal.Api.WaitForAsync(first, "Stopped");
        WorkloadProcesses.Of(first, _portal.Folder).Should().BeEmpty();
        await AssertSoundAsync();
    }

    /// <summary>What a failed test before this one may have left: a portal or a database that is down.</summary>
    private async Task HealAsync()
    {
        if (!_portal.Postgres.IsRunning) await _portal.Postgres.StartAsync();
        if (_portal.HasEnded) await _portal.RestartAsync();
    }

    /// <summary>Repeats a step until it is answered, as a person's browser or script would; a portal that died is started again.</summary>
    private async Task<T> InsistAsync<T>(Func<Task<T>> step)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await step();
            }
            catch (Exception exception) when (exception is HttpRequestException or InvalidOperationException or TaskCanceledException && tries < 5)
            {
                if (_portal.HasEnded || await EndsSoonAsync())
                {
                    _died = true;
                    await _portal.RestartAsync();
                }
                else throw;
            }
        }
    }

    private async Task<bool> EndsSoonAsync()
    {
        for (var i = 0; i < 20 && !_portal.HasEnded; i++) await Task.Delay(100);
        return _portal.HasEnded;
    }

    private async Task WaitUntilDeadAsync()
    {
        for (var i = 0; i < 600 && !_portal.HasEnded; i++) await Task.Delay(100);
        _portal.HasEnded.Should().BeTrue("the fault point kills it: " + _portal.Output);
    }

    private async Task<bool> DoAsync(HttpMethod method, string path)
    {
        var (status, body) = await _portal.Api.SendAsync(method, path, null);
        status.Should().Be(HttpStatusCode.Accepted, body.ToString());
        return true;
    }

    /// <summary>A program counts as running from its start on; its environment shows once the sandbox has handed over to it.</summary>
    private async Task AssertOneLivesAsync(Guid id)
    {
        for (var i = 0; i < 100 && WorkloadProcesses.AllocationsOf(id, _portal.Folder).Count == 0; i++) await Task.Delay(100);
        WorkloadProcesses.AllocationsOf(id, _portal.Folder).Should().HaveCount(1, "exactly one attempt lives");
    }

    private async Task<int> PostedAsync(Guid id) => (await _portal.Database.QueryAsync<int>("select count(*)::int as \"Value\" from usage_records where workload_id = $1", id))[0];

    private async Task AssertSoundAsync()
    {
        // This test's own pooled connections may be from before a restart of the database.
        Npgsql.NpgsqlConnection.ClearAllPools();
        (await WorkloadInvariants.AtAnyTimeAsync(_portal.Database)).Should().BeEmpty();
        (await LedgerInvariants.ViolationsAsync(_portal.Database)).Should().BeEmpty();
    }

    /// <summary>One portal for all points: each test starts it anew on the same data, as an operator would.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public PortalProcess Portal { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Portal = await PortalProcess.StartAsync();

        public ValueTask DisposeAsync() => Portal.DisposeAsync();
    }
}
