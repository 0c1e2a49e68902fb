using AwesomeAssertions;
using k8s;
using Portal.Compute.Kubernetes.Logs;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What can be read of a log when the pods that wrote it are gone, or their containers were begun again.</summary>
public sealed class KeptLogTests : IAsyncLifetime
{
    private readonly ClusterFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => _fixture.Cluster;

    private IComputeTarget Target => _fixture.Target;

    private const string Space = "portal-portal-tests";

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    /// <summary>Started, with the program in its container and nothing to be asked whether it is ready.</summary>
    private async Task<AllocationSpec> StartAsync(WorkloadKind kind, ClusterProgram program)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        spec = spec with { ItemSpec = spec.ItemSpec with { Kind = kind } };
        Cluster.Programs.ByLabel("portal.internal/allocation-id", spec.AllocationId.ToString(), program);
        await Target.StartAsync(spec, Token);
        return spec;
    }

    private async Task<List<string>> AllLinesAsync(IComputeTarget target, AllocationSpec spec)
    {
        List<string> lines = [];
        long cursor = 0;
        for (var slice = await target.ReadLogAsync(spec.AllocationId, cursor, 500, Token); slice.NextCursor > cursor; slice = await target.ReadLogAsync(spec.AllocationId, cursor, 500, Token))
        {
            lines.AddRange(slice.Lines.Select(l => l.Text));
            cursor = slice.NextCursor;
        }
        return lines;
    }

    private async Task<int> PodsAsync(AllocationSpec spec) => (await Cluster.Client.CoreV1.ListNamespacedPodAsync(Space, labelSelector: $"portal.internal/allocation-id={spec.AllocationId}", cancellationToken: Token)).Items.Count;

    [Theory]
    [InlineData(WorkloadKind.TrainingRun)]
    [InlineData(WorkloadKind.Service)]
    [InlineData(WorkloadKind.ModelEndpoint)]
    public async Task Stopped_ItsLogIsThere_WithItsLastWords_ForEveryProcess(WorkloadKind kind)
    {
        var program = new SpokenProgram { LastWords = ["saving", "saved ä"], TermDelay = TimeSpan.FromMilliseconds(200) };
        var spec = await StartAsync(kind, program);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        program.Say("one");
        program.Say("progress\r100%\r");
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(10), Token);
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.StopRequested.Should().BeTrue();
        (await PodsAsync(spec)).Should().Be(0, "the pods are gone, and their logs with them");
        foreach (var target in new[] { Target, _fixture.Open() })
        {
            (await AllLinesAsync(target, spec)).Should().Equal("one", "progress\r100%", "saving", "saved ä");
            (await target.ReadLogTailAsync(spec.AllocationId, 2, Token)).Lines.Select(l => l.Text).Should().Equal("saving", "saved ä");
        }
        await Target.ForgetAsync(spec.AllocationId, Token);
        (await Cluster.Client.CoreV1.ListNamespacedSecretAsync(Space, cancellationToken: Token)).Items.Should().NotContain(s => s.Metadata.Name.Contains(spec.AllocationId.ToString()));
    }

    [Fact]
    public async Task Stopped_AtOnce_KeepsWhatThereWas()
    {
        var program = new SpokenProgram();
        var spec = await StartAsync(WorkloadKind.Service, program);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        program.Say("one");
        await Target.StopAsync(spec.AllocationId, TimeSpan.Zero, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        (await AllLinesAsync(Target, spec)).Should().Equal("one");
    }

    [Fact]
    public async Task Stopping_ForLong_IsKeptEarly_ForAProcessThatDies()
    {
        var dying = _fixture.Open();
        var program = new SpokenProgram { LastWords = ["late"], TermDelay = TimeSpan.FromSeconds(6) };
        var spec = await StartAsync(WorkloadKind.Service, program);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        program.Say("one");
        await dying.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(30), Token);
        for (var look = 0; look < 200; look++)
        {
            if ((await Cluster.Client.CoreV1.ListNamespacedSecretAsync(Space, cancellationToken: Token)).Items.SingleOrDefault(s => s.Metadata.Name == $"a-{spec.AllocationId}-log") is { } secret)
            {
                KeptLog.Of(secret).Lines.Select(l => l.Line.Text).Should().Equal("one");
                (await PodsAsync(spec)).Should().Be(1, "it is still ending");
                return;
            }
            await Task.Delay(25, Token);
        }
        Assert.Fail("Nothing was kept before the end.");
    }

    [Fact]
    public async Task Stopped_WithALongLog_KeepsTheLastPart_AndSaysWhatIsMissing()
    {
        var program = new SpokenProgram();
        var spec = await StartAsync(WorkloadKind.Service, program);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        for (var number = 0; number < 9000; number++) program.Say($"{number} {new string('x', 100)}");
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(5), Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        var slice = await Target.ReadLogAsync(spec.AllocationId, 0, 1 << 20, Token);
        slice.Truncated.Should().BeTrue();
        slice.Lines.Sum(l => l.Text.Length).Should().BeInRange(200_000, KeptLog.MostBytes);
        var first = int.Parse(slice.Lines[0].Text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        slice.Lines.Select(l => l.Text.Split(' ')[0]).Should().Equal(Enumerable.Range(first, 9000 - first).Select(i => $"{i}"));
    }

    [Theory]
    [InlineData(WorkloadKind.Service)]
    [InlineData(WorkloadKind.ModelEndpoint)]
    public async Task Crashed_AndBegunAgain_TheCrashedRunsLinesAreRead(WorkloadKind kind)
    {
        var program = new CrashingProgram();
        var spec = await StartAsync(kind, program);
        // Before anybody has looked at what became of it, the pod is there and its second container prints.
        await program.SecondRun.WaitAsync(TimeSpan.FromSeconds(20), Token);
        for (var look = 0; look < 100 && !(await AllLinesAsync(Target, spec)).Contains("crashing"); look++) await Task.Delay(50, Token);
        (await AllLinesAsync(Target, spec)).Should().Equal("first run", "crashing");
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.ExitCode.Should().Be(3);
        (await PodsAsync(spec)).Should().Be(0);
        (await AllLinesAsync(Target, spec)).Should().Equal("first run", "crashing");
        (await _fixture.Open().ReadLogTailAsync(spec.AllocationId, 1, Token)).Lines.Select(l => l.Text).Should().Equal("crashing");
    }

    /// <summary>Prints and crashes, then, begun again, prints something else and runs on.</summary>
    private sealed class CrashingProgram : ClusterProgram
    {
        private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task SecondRun => _second.Task;

        // Never ready: a replica that answers again would be no end.
        public override bool SaysReady => true;

        public override async Task<ProgramEnd> RunAsync(ContainerRun run, CancellationToken kill)
        {
            run.WriteLine(run.Restarts == 0 ? "first run" : "second run");
            if (run.Restarts == 0)
            {
                run.WriteLine("crashing");
                return new ProgramEnd(3);
            }
            _second.TrySetResult();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(kill, run.Terminating);
            await Task.Delay(Timeout.Infinite, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return new ProgramEnd(143);
        }
    }
}
