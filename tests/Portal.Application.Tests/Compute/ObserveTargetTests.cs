using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Application.Audit;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Compute;

public sealed class ObserveTargetTests : HostedTests
{
    private async Task<AllocationSpec> StrayAsync()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        var spec = Host.Target.Starts.Last();
        await StopAsync(id);
        return spec with { AllocationId = Guid.NewGuid() };
    }

    private async Task<List<string>> SweptAsync()
    {
        await using var db = await Host.OpenAsync();
        return await db.AuditEntries.Where(e => e.Action == "sweep.remove").Select(e => e.SubjectId).ToListAsync();
    }

    [Fact]
    public async Task Stray_OlderThanTheGrace_IsRemovedAndAuditedOnce()
    {
        var stray = await StrayAsync();
        Host.Target.PlantOrphan(stray);
        await Host.ObserveAsync();
        Host.Target.Alive.Should().Equal([stray.AllocationId], "it may be about to be recorded");

        Host.Reconcile.SweepGrace = TimeSpan.Zero;
        await Host.ObserveAsync();
        await Host.ObserveAsync();

        Host.Target.Alive.Should().BeEmpty();
        (await SweptAsync()).Should().Equal(stray.AllocationId.ToString());
        await using var db = await Host.OpenAsync();
        db.Audit(null, await db.NowAsync(default), "sweep.remove", "allocation", "another", "of another target", new { target = "elsewhere" });
        await db.SaveChangesAsync();
        var shown = await Host.Get<TargetQueries>().AllAsync(await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]), default);
        shown.Should().ContainSingle().Which.Findings.Select(f => f.AllocationId).Should().Equal([stray.AllocationId.ToString()], "findings stand beside their own target");
    }

    [Fact]
    public async Task Stray_OfAnotherPortal_IsLeftAlone()
    {
        Host.Reconcile.SweepGrace = TimeSpan.Zero;
        var stray = await StrayAsync() with { PortalInstanceId = Guid.NewGuid().ToString() };
        Host.Target.PlantOrphan(stray);
        await Host.ObserveAsync();
        await Host.ObserveAsync();
        Host.Target.Alive.Should().Equal(stray.AllocationId);
        (await SweptAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Strays_OneCannotBeRemoved_TheOthersAre()
    {
        Host.Reconcile.SweepGrace = TimeSpan.Zero;
        var stray = await StrayAsync();
        Guid[] ids = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];
        foreach (var id in ids) Host.Target.PlantOrphan(stray with { AllocationId = id });
        Host.Target.BeforeStop = id =>
        {
            if (id == ids[0]) throw new ComputeTargetException(FailureClass.Unauthorized, "Not allowed.");
        };
        await Host.Get<ObserveTarget>().ExecuteAsync(Host.Target, default);
        Host.Target.Alive.Should().Equal(ids[0]);
        Host.AcceptErrors().Should().Be(1, "a resource that cannot be removed is loud");

        Host.Target.BeforeStop = null;
        await Host.ObserveAsync();
        Host.Target.Alive.Should().BeEmpty();
        (await SweptAsync()).Should().BeEquivalentTo(ids.Select(id => id.ToString()));
    }

    [Fact]
    public async Task LiveAllocation_IsNeverSwept()
    {
        Host.Reconcile.SweepGrace = TimeSpan.FromDays(-1);
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.ObserveAsync();

        Host.Target.Alive.Should().Equal((await Host.LiveAsync(id)).Id);
        Host.Target.Stops.Should().BeEmpty();
    }

    [Fact]
    public async Task Notes_OfTheTarget_AreOnTheTimelineOnce()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        var live = await Host.LiveAsync(id);
        var at = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        TargetNote[] notes = [new(live.Id, "e1", at, "Pulling: Pulling image \"x\""), new(live.Id, "e2", at, "BackOff\0: bad"), new(Guid.NewGuid(), "e3", at, "Nobody's.")];

        await Host.Get<ObserveTarget>().NoteAsync(Host.Target, notes, default);
        await Host.Get<ObserveTarget>().NoteAsync(Host.Target, notes, default);

        await using var db = await Host.OpenAsync();
        var told = await db.WorkloadEvents.Where(e => e.WorkloadId == id && e.SourceId != null).OrderBy(e => e.Seq).ToListAsync();
        told.Select(e => (e.Reason, e.Actor, e.From, e.To, e.Attempt)).Should().Equal(
            ("Pulling: Pulling image \"x\"", "local", WorkloadPhase.Running, WorkloadPhase.Running, 1), ("BackOff\uFFFD: bad", "local", WorkloadPhase.Running, WorkloadPhase.Running, 1));
    }

    [Fact]
    public async Task ChangedOnly_LooksAtThoseAndRemovesNothing()
    {
        Host.Reconcile.SweepGrace = TimeSpan.Zero;
        var (one, other) = (await Host.LaunchRunningAsync(Lena), await Host.LaunchRunningAsync(Lena));
        var stray = await StrayAsync();
        Host.Target.PlantOrphan(stray);
        var (first, second) = (await Host.LiveAsync(one), await Host.LiveAsync(other));
        foreach (var live in new[] { first, second }) Host.Target.Exit(live.Id, 1);

        await Host.Get<ObserveTarget>().LookAgainAsync(Host.Target, new HashSet<Guid> { first.Id }, default);

        (await Host.LiveAsync(other)).ObservedState.Should().NotBe(ObservedState.Exited, "it was not looked at");
        (await Host.LiveAsync(one)).ObservedState.Should().Be(ObservedState.Exited);
        Host.Target.Alive.Should().Equal(stray.AllocationId);
    }

    [Fact]
    public async Task Altered_IsPutBack_AndOnTheTimeline()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.Alter((await Host.LiveAsync(id)).Id, "“kubectl-edit” has changed it");
        Host.Target.Unreachable = new ComputeTargetException(FailureClass.Throttled, "Away.");
        await FluentActions.Awaiting(Host.ObserveAsync).Should().ThrowAsync<ComputeTargetException>();
        Host.Target.Unreachable = null;
        await Host.ObserveAsync();
        await Host.ObserveAsync();

        await using var db = await Host.OpenAsync();
        (await db.WorkloadEvents.CountAsync(e => e.WorkloadId == id && e.Reason == "“kubectl-edit” has changed it; put back as it was.")).Should().Be(1);
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task Altered_RefusedForGood_IsToldOnce()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.RefuseRestore = new ComputeTargetException(FailureClass.Invalid, "field is immutable");
        Host.Target.Alter((await Host.LiveAsync(id)).Id, "“kubectl-edit” has changed it");
        await Host.ObserveAsync();
        await Host.ObserveAsync();

        (await TimelineAsync(id)).Should().ContainSingle(r => r == "“kubectl-edit” has changed it; it could not be put back: field is immutable");
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task Running_FallsSilent_IsStoredAndWakesNobody()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.ObserveAsync();
        var before = Host.Jobs.All.Count;
        Host.Target.FallSilent((await Host.LiveAsync(id)).Id, "Its pod is moved.");
        await Host.ObserveAsync();

        (await Host.LiveAsync(id)).Should().Match<Allocation>(a => a.ObservedState == ObservedState.Starting && a.ObservedMessage == "Its pod is moved.");
        Host.Jobs.All.Should().HaveCount(before, "nothing is to be done about it");
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task Change_WakesOnlyItsWorkload()
    {
        var (one, other) = (await Host.LaunchRunningAsync(Lena), await Host.LaunchRunningAsync(Lena));
        await Host.ObserveAsync();
        var before = Host.Jobs.All.Count;
        await Host.ObserveAsync();
        Host.Jobs.All.Should().HaveCount(before, "nothing changed");

        Host.Target.Exit((await Host.LiveAsync(one)).Id, 1);
        await Host.ObserveAsync();

        Host.Jobs.All.Skip(before).Should().OnlyContain(job => (Guid)job.Args[0] == one);
        (await PhaseAsync(other)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task ReadyLater_IsNoticedByTheObserver()
    {
        Host.Target.ReadyAfter = Timeout.InfiniteTimeSpan;
        var id = await Host.LaunchAsync(Lena);
        await Host.PumpAsync();
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Starting);

        Host.Target.BecomeReady((await Host.LiveAsync(id)).Id);
        await Host.ObserveAsync();

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
    }

    [Fact]
    public async Task Use_IsSampledEveryTenSeconds()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        Host.Target.SetUse((await Host.LiveAsync(id)).Id, 0.75, 1L << 30);
        await Host.ObserveAsync();
        await Host.ObserveAsync();
        await Host.Database.ExecuteAsync("update allocations set last_sample_at = last_sample_at - interval '11 seconds'");
        await Host.ObserveAsync();

        var series = (await Host.Get<WorkloadDetailQueries>().MetricsAsync(id, Lena, default))!;
        series.Select(s => (s.Name, s.Points.Count, s.Points[0].Value)).Should().Equal(("system/cpu", 2, 0.75), ("system/memory", 2, 1.0));
    }

    [Fact]
    public async Task Leader_IsOneAtATime_AndFollowedAfterItsTime()
    {
        await using var other = Host.AnotherProcess();
        var (first, second) = (Host.Get<LeaderElection>(), other.Get<LeaderElection>());

        (await first.LeadAsync("x", TimeSpan.FromSeconds(1), default)).Should().BeTrue();
        (await second.LeadAsync("x", TimeSpan.FromSeconds(1), default)).Should().BeFalse();
        (await second.LeadAsync("y", TimeSpan.FromSeconds(1), default)).Should().BeTrue();
        (await first.LeadAsync("x", TimeSpan.FromSeconds(0.1), default)).Should().BeTrue("it goes on");
        await Task.Delay(150);
        (await second.LeadAsync("x", TimeSpan.FromSeconds(10), default)).Should().BeTrue();
        (await first.LeadAsync("x", TimeSpan.FromSeconds(1), default)).Should().BeFalse();
        await second.ResignAsync("x", default);
        (await first.LeadAsync("x", TimeSpan.FromSeconds(1), default)).Should().BeTrue();
    }
}
