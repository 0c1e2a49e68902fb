using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Settings;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Settings;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Compute;

/// <summary>Idle stop of notebooks: two hours without use, fifteen minutes at least, a warning ten minutes before.</summary>
public sealed class WatchActivityTests : HostedTests
{
    private readonly CannedJupyter _jupyter = new();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private async Task<Guid> RunningAsync(TimeSpan age, string item = HostWorkloads.Notebook)
    {
        Host.Target.Connection = _jupyter.ConnectAsync;
        Host.Reconcile.ProbeEvery = TimeSpan.Zero;
        var id = await Host.LaunchRunningAsync(Lena, item, lifetime: TimeSpan.FromDays(5));
        await Host.AgeAsync(id, age);
        return id;
    }

    private async Task<Workload> LookAsync(Guid id)
    {
        await Host.Get<WatchActivity>().ExecuteAsync(Host.Target, CancellationToken.None);
        await Host.PumpAsync();
        return await Host.RowAsync(id);
    }

    private async Task<List<string>> WordsAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return await db.WorkloadEvents.Where(e => e.WorkloadId == id).OrderBy(e => e.Seq).Select(e => e.Reason).ToListAsync();
    }

    [Fact]
    public async Task Idle_IsWarnedThenStoppedAndSaysWhy()
    {
        var id = await RunningAsync(TimeSpan.FromMinutes(112));
        var warned = await LookAsync(id);
        warned.Phase.Should().Be(WorkloadPhase.Running);
        warned.IdleStopAt.Should().BeCloseTo(Now.AddMinutes(10), TimeSpan.FromMinutes(1));
        (await WordsAsync(id)).Should().Contain(w => w.StartsWith("Idle since", StringComparison.Ordinal));

        await Host.AgeAsync(id, TimeSpan.FromMinutes(11));
        await LookAsync(id);
        await StopObservedAsync(id);

        var stopped = await Host.RowAsync(id);
        (stopped.Phase, stopped.Desired).Should().Be((WorkloadPhase.Stopped, DesiredState.Stopped));
        (await WordsAsync(id)).Should().Contain(w => w.StartsWith("Nobody used it since", StringComparison.Ordinal));
        await using var db = await Host.OpenAsync();
        (await db.AuditEntries.CountAsync(a => a.Action == "workload.idleStop" && a.SubjectId == id.ToString())).Should().Be(1);
    }

    [Fact]
    public async Task IdleForDays_ButNeverWarned_IsWarnedFirst()
    {
        var id = await RunningAsync(TimeSpan.FromDays(2));
        var seen = await LookAsync(id);
        seen.Desired.Should().Be(DesiredState.Running);
        seen.IdleStopAt.Should().BeCloseTo(Now.AddMinutes(10), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task BusyTerminal_KeepsItRunningAndIsNamed()
    {
        var id = await RunningAsync(TimeSpan.FromHours(5));
        _jupyter.Kernels = $"[{CannedJupyter.Kernel(Now.AddHours(-4))}]";
        _jupyter.Terminals = $"[{CannedJupyter.Terminal(Now.AddMinutes(-1))}]";
        var seen = await LookAsync(id);
        (seen.IdleStopAt, seen.ActivityWhat).Should().Be((null, "terminal 1 was used"));
        seen.ActivityAt.Should().BeCloseTo(Now.AddMinutes(-1), TimeSpan.FromSeconds(20));
        _jupyter.Seen.Should().Contain(s => s.Contains($"GET /w/{id}/api/kernels?no_track_activity=1", StringComparison.Ordinal)).And.OnlyContain(s => s.Contains(" token ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BusyKernel_IsInUseNow()
    {
        var id = await RunningAsync(TimeSpan.FromHours(5));
        _jupyter.Kernels = $"[{CannedJupyter.Kernel(Now.AddHours(-4), "busy")}]";
        (await LookAsync(id)).ActivityWhat.Should().Be("a kernel is computing");
    }

    [Fact]
    public async Task OpenPageWithoutWork_IsNoUse()
    {
        var id = await RunningAsync(TimeSpan.FromHours(5));
        _jupyter.Kernels = $"[{CannedJupyter.Kernel(Now.AddHours(-4))}]";
        (await LookAsync(id)).IdleStopAt.Should().NotBeNull("a connection to an idle kernel is a forgotten tab");
    }

    [Fact]
    public async Task ProcessesComputing_WithoutAWord_AreUse()
    {
        var id = await RunningAsync(TimeSpan.FromHours(5));
        await Host.Database.ExecuteAsync("insert into metric_points (workload_id, attempt, name, at, value) values ($1, 1, 'system/cpu', now() - interval '10 seconds', 0.7)", id);
        (await LookAsync(id)).ActivityWhat.Should().Be("its processes used 0.7 cores");
    }

    [Theory]
    [InlineData("500 Internal Server Error", "[]")]
    [InlineData("200 OK", "no json")]
    public async Task ProbeFails_PutsEverythingOff(string status, string answer)
    {
        var id = await RunningAsync(TimeSpan.FromMinutes(115));
        (await LookAsync(id)).IdleStopAt.Should().NotBeNull();
        (_jupyter.Status, _jupyter.Kernels) = (status, answer);
        await Host.AgeAsync(id, TimeSpan.FromHours(9));
        var seen = await LookAsync(id);
        (seen.Desired, seen.IdleStopAt).Should().Be((DesiredState.Running, null));
        seen.ProbeProblem.Should().Contain("could not be asked");
        (await WordsAsync(id)).Should().Contain(w => w.StartsWith("The idle stop is put off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keep_ByItsOwner_CountsAnew()
    {
        var id = await RunningAsync(TimeSpan.FromMinutes(115));
        (await LookAsync(id)).IdleStopAt.Should().NotBeNull();
        (await Host.Get<KeepWorkload>().ExecuteAsync(id, Lena, CancellationToken.None)).Should().BeOfType<WorkloadOutcome.Accepted>();
        var seen = await LookAsync(id);
        (seen.IdleStopAt, seen.ActivityWhat).Should().Be((null, "Lena kept it"));
    }

    [Fact]
    public async Task StartedAgain_ForgetsOldIdleness()
    {
        var id = await RunningAsync(TimeSpan.FromHours(3));
        await LookAsync(id);
        await Host.AgeAsync(id, TimeSpan.FromMinutes(20));
        await LookAsync(id);
        await StopObservedAsync(id);
        await Host.Get<StartWorkload>().ExecuteAsync(id, Lena, CancellationToken.None);
        await Host.PumpAsync();
        var seen = await LookAsync(id);
        (seen.Phase, seen.IdleStopAt, seen.ActivityAt).Should().Be((WorkloadPhase.Running, null, null));
    }

    [Fact]
    public async Task TrainingRun_IsNeverIdle()
    {
        var id = await RunningAsync(TimeSpan.FromDays(3), HostWorkloads.Training);
        var seen = await LookAsync(id);
        (seen.Desired, seen.IdleStopAt).Should().Be((DesiredState.Running, null));
    }

    [Fact]
    public async Task SwitchedOff_NothingIsAnnounced()
    {
        var id = await RunningAsync(TimeSpan.FromHours(5));
        var admin = await Host.AddPersonAsync("Ada", ["platform"], roles: ["Admin"]);
        (await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.IdleStop, "false", admin, CancellationToken.None)).Should().BeOfType<SettingOutcome.Saved>();
        (await LookAsync(id)).IdleStopAt.Should().BeNull();
    }

    private async Task StopObservedAsync(Guid id)
    {
        await Host.ObserveAsync();
        await Host.PumpAsync();
        (await Host.RowAsync(id)).Phase.Should().Be(WorkloadPhase.Stopped);
    }
}
