using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Metric lines become points exactly once.</summary>
public sealed class LogIngestionTests : HostedTests
{
    private async Task<List<(string Name, long? Step, double Value, int Attempt)>> PointsAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return [.. (await db.MetricPoints.Where(p => p.WorkloadId == id).OrderBy(p => p.Name).ThenBy(p => p.Step).ThenBy(p => p.Id).ToListAsync()).Select(p => (p.Name, p.Step, p.Value, p.Attempt))];
    }

    [Fact]
    public async Task Lines_ReadAgainAndByMany_AreStoredOnce()
    {
        await using var other = Host.AnotherProcess();
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        var live = (await Host.LiveAsync(id)).Id;
        for (var step = 1; step <= 50; step++) Host.Target.Print(live, $"::metric loss={step} step={step}");
        Host.Target.Print(live, "::metric unstepped=1");
        Host.Target.Print(live, "::metric hidden=1 step=1", "err");
        Host.Target.Print(live, "an ordinary line");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => (n % 2 == 0 ? Host : other).Get<LogIngestion>().IngestAsync(live, default))));
        await Host.ObserveAsync();

        var points = await PointsAsync(id);
        points.Should().HaveCount(51).And.OnlyHaveUniqueItems();
        points.Count(p => p.Name == "unstepped").Should().Be(1);
        (await Host.LiveAsync(id)).LogCursor.Should().Be(53);
    }

    [Fact]
    public async Task RepeatedSteps_TheLatestCounts()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        var first = (await Host.LiveAsync(id)).Id;
        foreach (var line in new[] { "::metric loss=9 step=1", "::metric loss=8 step=2", "::metric loss=7 step=2" }) Host.Target.Print(first, line);
        Host.Target.Lose(first);
        await Host.ObserveAsync();
        Host.Target.Print((await Host.LiveAsync(id)).Id, "::metric loss=6 step=2");
        Host.Target.Print((await Host.LiveAsync(id)).Id, "::metric loss=5 step=3");
        await Host.ObserveAsync();

        (await PointsAsync(id)).Should().Equal(("loss", 1, 9, 1), ("loss", 2, 6, 2), ("loss", 3, 5, 2));
    }

    [Fact]
    public async Task Failure_WhileStoring_MovesNoCursor()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        var live = (await Host.LiveAsync(id)).Id;
        Host.Target.Print(live, "::metric loss=1 step=1");
        await Host.Database.ExecuteAsync("alter table metric_points add constraint ck_test check (false) not valid");
        await FluentActions.Awaiting(() => Host.Get<LogIngestion>().IngestAsync(live, default)).Should().ThrowAsync<Exception>();
        (await Host.LiveAsync(id)).LogCursor.Should().Be(0);

        await Host.Database.ExecuteAsync("alter table metric_points drop constraint ck_test");
        await Host.ObserveAsync();
        (await PointsAsync(id)).Should().ContainSingle();
    }

    [Fact]
    public async Task Logs_AreReadFromTheTarget_AndTheKeptTailAfterwards()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);
        var live = (await Host.LiveAsync(id)).Id;
        for (var i = 0; i < 300; i++) Host.Target.Print(live, $"line {i}");
        var files = Host.Get<WorkloadFiles>();
        (await files.LogTailAsync(id, 2, null, Lena, default))!.Lines.Select(l => l.Text).Should().Equal("line 298", "line 299");
        (await files.LogFromAsync(id, 299, null, Lena, default))!.Lines.Select(l => l.Text).Should().Equal("line 299");
        Host.Target.Exit(live, 0);
        await Host.ObserveAsync();
        await DeleteAsync(id);

        var kept = (await files.LogTailAsync(id, 1000, null, Lena, default))!;
        kept.Lines.Should().HaveCount(200);
        kept.Lines[^1].Text.Should().Be("line 299");
        kept.Truncated.Should().BeTrue();
    }

    [Fact]
    public async Task Output_WithNul_IsKeptReadably()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        var live = (await Host.LiveAsync(id)).Id;
        Host.Target.Print(live, "binary \0 rubbish");
        Host.Target.Exit(live, 1, FailureClass.Crashed, "It said \0 and died.");
        await Host.ObserveAsync();

        var row = await Host.RowAsync(id);
        row.LogTail.Should().Be("binary \uFFFD rubbish");
        row.PhaseReason.Should().NotContain("\0").And.StartWith("It said");
    }
}
