using System.Diagnostics;
using AwesomeAssertions;
using Portal.Compute.Kubernetes;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Logs as they are written: what is read of them while it goes on, and what each read costs.</summary>
public sealed class LogFollowTests : IAsyncLifetime
{
    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => _fixture.Cluster;

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    private async Task<AllocationSpec> RunningAsync(IComputeTarget target, ClusterProgram program)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        Cluster.Programs.ByLabel("portal.internal/allocation-id", spec.AllocationId.ToString(), program);
        await target.StartAsync(spec, Token);
        await target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }

    /// <summary>Reads as a page does, until a line comes.</summary>
    private static async Task<(List<string> Lines, long Cursor)> UntilLineAsync(IComputeTarget target, Guid allocation, long cursor, string last)
    {
        List<string> lines = [];
        for (var limit = Stopwatch.StartNew(); limit.Elapsed < TimeSpan.FromSeconds(30);)
        {
            var slice = await target.ReadLogAsync(allocation, cursor, 2000, Token);
            slice.Truncated.Should().BeFalse();
            lines.AddRange(slice.Lines.Select(l => l.Text));
            cursor = slice.NextCursor;
            if (lines.Contains(last)) return (lines, cursor);
            await Task.Delay(20, Token);
        }
        throw new TimeoutException($"Line {last} does not come; there are {lines.Count}, the last {lines.LastOrDefault()}.");
    }

    private async Task UntilAsync(Func<bool> wanted, string what)
    {
        for (var look = 0; look < 400 && !wanted(); look++) await Task.Delay(25, Token);
        wanted().Should().BeTrue(what);
    }

    [Fact]
    public async Task Reads_OfAFollowedLog_CostNoCall_AndAreTheLinesAsTheyCome()
    {
        var program = new SpokenProgram();
        var spec = await RunningAsync(_fixture.Target, program);
        program.Say("one");
        var (_, cursor) = await UntilLineAsync(_fixture.Target, spec.AllocationId, 0, "one");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 1, "the end was reached, so it is followed");
        Cluster.ClearRequests();
        for (var number = 0; number < 20; number++)
        {
            program.Say($"line {number}");
            (var lines, cursor) = await UntilLineAsync(_fixture.Target, spec.AllocationId, cursor, $"line {number}");
            lines.Should().Equal($"line {number}");
        }
        (await _fixture.Target.ReadLogTailAsync(spec.AllocationId, 3, Token)).Lines.Select(l => l.Text).Should().Equal("line 17", "line 18", "line 19");
        Cluster.Requests.Should().BeEmpty();
    }

    [Theory]
    [InlineData("dropped")]
    [InlineData("cut")]
    [InlineData("429")]
    [InlineData("500")]
    [InlineData("restarted")]
    public async Task Connection_Broken_LosesNoLine_AndDoublesNone(string how)
    {
        var spec = await RunningAsync(_fixture.Target, new ScriptedProgram { Lines = [.. Enumerable.Range(0, 1200).Select(i => $"{i}")], LineDelay = TimeSpan.FromMilliseconds(2) });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var breaking = BreakAsync(how, end.Token);
        var (lines, _) = await UntilLineAsync(_fixture.Target, spec.AllocationId, 0, "1199");
        await end.CancelAsync();
        (await breaking).Should().BeGreaterThan(1, "it was broken more than once");
        lines.Should().Equal(Enumerable.Range(0, 1200).Select(i => $"{i}"));
    }

    /// <summary>Breaks what is followed again and again; how often it was.</summary>
    private async Task<int> BreakAsync(string how, CancellationToken end)
    {
        var times = 0;
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(how == "restarted" ? 700 : 250, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (end.IsCancellationRequested || Cluster.Faults.OpenLogs == 0) continue;
            if (how == "cut") Cluster.Faults.CutStreams(1, "pods/log");
            if (how == "429") Cluster.Faults.Throttle(1, 0, resource: "pods/log");
            if (how == "500") Cluster.Faults.Fail(500, 2, resource: "pods/log");
            if (how == "restarted")
            {
                await Cluster.StopServerAsync();
                await Cluster.StartServerAsync();
            }
            Cluster.Faults.DropLogs();
            times++;
        }
        return times;
    }

    [Fact]
    public async Task Outage_IsTold_AndDoesNotPassForSilence()
    {
        var program = new SpokenProgram();
        var spec = await RunningAsync(_fixture.Target, program);
        program.Say("one");
        var (_, cursor) = await UntilLineAsync(_fixture.Target, spec.AllocationId, 0, "one");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 1, "it is followed");
        await Cluster.StopServerAsync();
        var read = () => _fixture.Target.ReadLogAsync(spec.AllocationId, cursor, 2000, Token);
        ComputeTargetException? told = null;
        for (var limit = Stopwatch.StartNew(); told is null && limit.Elapsed < TimeSpan.FromSeconds(20);)
        {
            try
            {
                (await read()).Lines.Should().BeEmpty();
                await Task.Delay(100, Token);
            }
            catch (ComputeTargetException exception)
            {
                told = exception;
            }
        }
        told!.Failure.Should().Be(FailureClass.Throttled);
        await Cluster.StartServerAsync();
        program.Say("two");
        (await UntilLineAsync(_fixture.Target, spec.AllocationId, cursor, "two")).Lines.Should().Equal("two");
    }

    [Fact]
    public async Task RunsMetrics_ArriveWithinAboutASecond()
    {
        var target = _fixture.Target;
        var program = new SpokenProgram();
        var spec = await RunningAsync(target, program);
        // As the observer does: it reads when there is more than it has.
        long cursor = 0;
        List<string> got = [];
        async Task LookAsync()
        {
            var seen = (await target.ObserveAllAsync(Token)).Single(o => o.AllocationId == spec.AllocationId);
            if (seen.LogEnd <= cursor) return;
            var slice = await target.ReadLogAsync(spec.AllocationId, cursor, 1 << 20, Token);
            (cursor, got) = (slice.NextCursor, [.. got, .. slice.Lines.Select(l => l.Text)]);
        }
        await target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Ready);
        await LookAsync();
        for (var step = 0; step < 5; step++)
        {
            program.Say($"::metric loss=0.5 step={step}");
            var waited = Stopwatch.StartNew();
            while (got.Count <= step && waited.Elapsed < TimeSpan.FromSeconds(10))
            {
                await Task.Delay(50, Token);
                await LookAsync();
            }
            if (step > 0) waited.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(2), "it is followed since the first look");
        }
        got.Should().Equal(Enumerable.Range(0, 5).Select(i => $"::metric loss=0.5 step={i}"));
        Cluster.ClearRequests();
        for (var look = 0; look < 20; look++) await LookAsync();
        Cluster.Requests.Should().BeEmpty("a run that says nothing costs nothing");
    }

    [Fact]
    public async Task Follow_ThatNobodyReads_IsLetGo_AndTheNextReadGoesOn()
    {
        var target = _fixture.Open(o => o.LogFollowIdle = TimeSpan.FromSeconds(1));
        var program = new SpokenProgram();
        var spec = await RunningAsync(target, program);
        program.Say("one");
        var (_, cursor) = await UntilLineAsync(target, spec.AllocationId, 0, "one");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 1, "it is followed");
        for (var look = 0; look < 15; look++)
        {
            await Task.Delay(100, Token);
            cursor = (await target.ReadLogAsync(spec.AllocationId, cursor, 2000, Token)).NextCursor;
        }
        Cluster.Faults.OpenLogs.Should().Be(1, "it is read all the time");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 0, "nobody reads");
        program.Say("two");
        (await UntilLineAsync(target, spec.AllocationId, cursor, "two")).Lines.Should().Equal("two");
    }

    [Fact]
    public async Task Follow_OfAContainerThatHasEnded_IsOver_AndItsLastLinesAreRead()
    {
        var program = new SpokenProgram();
        var spec = await RunningAsync(_fixture.Target, program);
        program.Say("one");
        var (_, cursor) = await UntilLineAsync(_fixture.Target, spec.AllocationId, 0, "one");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 1, "it is followed");
        // The follow lags behind: what it has is not the end.
        Cluster.Faults.StreamDelay = TimeSpan.FromSeconds(5);
        program.Say("last");
        program.Exit(0);
        var seen = await _fixture.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        var slice = await _fixture.Target.ReadLogAsync(spec.AllocationId, cursor, 2000, Token);
        slice.Lines.Select(l => l.Text).Should().Equal("last");
        slice.NextCursor.Should().Be(seen.LogEnd);
        await UntilAsync(() => Cluster.Faults.OpenLogs == 0, "it has ended");
    }

    [Fact]
    public async Task Follows_AreNoMoreThanTheirBound_AndAQuarterIsForPeople()
    {
        var target = _fixture.Open(o => o.LogFollows = 4);
        var program = new SpokenProgram();
        List<Guid> runs = [];
        for (var number = 0; number < 6; number++) runs.Add((await RunningAsync(target, program)).AllocationId);
        program.Say("one");
        foreach (var run in runs) await UntilLineAsync(target, run, 0, "one");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 3, "three runs are followed");
        foreach (var run in runs) (await target.ReadLogTailAsync(run, 1, Token)).Lines.Select(l => l.Text).Should().Equal("one");
        await UntilAsync(() => Cluster.Faults.OpenLogs == 4, "and one more that somebody looks at");
        await Task.Delay(300, Token);
        Cluster.Faults.OpenLogs.Should().Be(4);
        program.Say("two");
        foreach (var run in runs) await UntilLineAsync(target, run, 0, "two");
    }

    [Fact]
    public async Task ManyFollows_LeaveRoomForCalls()
    {
        // More than one HTTP/2 connection takes.
        const int count = 130;
        for (var number = 0; number < 4; number++) Cluster.Nodes.Add($"wide-{number}", capacity: new Dictionary<string, string> { ["cpu"] = "64", ["memory"] = "256Gi" });
        var target = _fixture.Open(o => o.LogFollowIdle = TimeSpan.FromMinutes(5));
        var program = new SpokenProgram();
        List<Guid> runs = [];
        for (var number = 0; number < count; number++)
        {
            var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
            Cluster.Programs.ByLabel("portal.internal/allocation-id", spec.AllocationId.ToString(), program);
            await target.StartAsync(spec, Token);
            runs.Add(spec.AllocationId);
        }
        foreach (var run in runs) await target.UntilAsync(run, ObservedState.Ready);
        foreach (var run in runs) await target.ReadLogAsync(run, 0, 2000, Token);
        await UntilAsync(() => Cluster.Faults.OpenLogs == count, "all of them are followed");
        (await target.ObserveAsync(runs[0], Token)).State.Should().Be(ObservedState.Ready);
        program.Say("one");
        foreach (var run in runs) await UntilLineAsync(target, run, 0, "one");
    }
}
