using System.Collections.Concurrent;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What workloads use, where the cluster measures it, where it does not and where it fails to.</summary>
public sealed class UseTests : IAsyncLifetime
{
    private readonly ClusterFixture _fixture = new();
    private readonly Words _words = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => _fixture.Cluster;

    private IComputeTarget Often => field ??= _fixture.Open(o => o.MetricsEvery = TimeSpan.FromMilliseconds(200), logger: _words);

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    private async Task<AllocationSpec> RunningAsync(double cores, long bytes, WorkloadKind kind = WorkloadKind.TrainingRun)
    {
        var spec = ClusterPrograms.Of(new ContractProgram.RunsOn());
        spec = spec with { ItemSpec = spec.ItemSpec with { Kind = kind } };
        Cluster.Programs.ByLabel("portal.internal/allocation-id", spec.AllocationId.ToString(), new ScriptedProgram { UsedCores = cores, UsedBytes = bytes });
        await Often.StartAsync(spec, Token);
        await Often.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }

    private IEnumerable<RequestRecord> Asked() => Cluster.Requests.Where(r => r.Group == "metrics.k8s.io");

    [Fact]
    public async Task Present_UseIsTold_ByOneCallForAll()
    {
        var (one, other) = (await RunningAsync(0.25, 64 << 20), await RunningAsync(1.5, 1L << 30));
        (await Often.UntilListedAsync(one.AllocationId, o => o?.Use is not null))!.Use!.Should().Match<ResourceUse>(u => Math.Abs(u.CpuCores - 0.25) < 1e-6 && u.MemoryBytes == 64 << 20);
        (await Often.UntilListedAsync(other.AllocationId, o => o?.Use is not null))!.Use!.Should().Match<ResourceUse>(u => Math.Abs(u.CpuCores - 1.5) < 1e-6 && u.MemoryBytes == 1L << 30 && u.At > TimeProvider.System.GetUtcNow().AddMinutes(-1));
        Asked().Should().OnlyContain(r => r.Verb == "list" && r.Namespace == null && r.Resource == "pods");
        await Often.StopAsync(one.AllocationId, TimeSpan.Zero, Token);
        await Often.UntilAsync(one.AllocationId, ObservedState.Exited);
        (await Often.UntilListedAsync(one.AllocationId, o => o?.State == ObservedState.Exited))!.Use.Should().BeNull();
    }

    [Fact]
    public async Task SeveralPods_AreSummed()
    {
        var spec = await RunningAsync(0.5, 100 << 20, WorkloadKind.ModelEndpoint);
        await Cluster.Client.AppsV1.PatchNamespacedDeploymentScaleAsync(new V1Patch("""{"spec":{"replicas":3}}""", V1Patch.PatchType.MergePatch), $"a-{spec.AllocationId}", "portal-portal-tests", cancellationToken: Token);
        await Often.UntilListedAsync(spec.AllocationId, o => o?.Use is { } use && Math.Abs(use.CpuCores - 1.5) < 1e-6 && use.MemoryBytes == 300 << 20);
    }

    [Fact]
    public async Task Asked_OncePerInterval_AndOnlyWhileSomebodyObserves()
    {
        var target = _fixture.Open();
        var spec = await RunningAsync(0.5, 1 << 20);
        Cluster.ClearRequests();
        await target.ObserveAsync(spec.AllocationId, Token);
        await Task.Delay(300, Token);
        Asked().Should().BeEmpty("nobody observes all");
        for (var look = 0; look < 40; look++)
        {
            await target.ObserveAllAsync(Token);
            await Task.Delay(25, Token);
        }
        Asked().Should().ContainSingle("one interval is 15 seconds");
    }

    [Fact]
    public async Task Absent_NothingIsKnown_AndItIsFoundWhenItComes()
    {
        Cluster.HasMetrics = false;
        var spec = await RunningAsync(0.5, 1 << 20);
        for (var look = 0; look < 20; look++)
        {
            (await Often.ObserveAllAsync(Token)).Single().Use.Should().BeNull();
            await Task.Delay(50, Token);
        }
        Asked().Should().BeEmpty("discovery says that there are none");
        Cluster.HasMetrics = true;
        await Often.UntilListedAsync(spec.AllocationId, o => o?.Use is not null);
        _words.Warnings.Should().BeEmpty();
        Cluster.HasMetrics = false;
        (await Often.UntilListedAsync(spec.AllocationId, o => o?.Use is null))!.State.Should().Be(ObservedState.Ready, "measures that are old are forgotten");
    }

    [Fact]
    public async Task Failing_NoObservationFails_AndItIsSaidOnce()
    {
        var spec = await RunningAsync(0.5, 1 << 20);
        Cluster.Faults.Fail(503, 8, "list", "pods.metrics.k8s.io");
        for (var look = 0; look < 60 || _words.Warnings.IsEmpty; look++)
        {
            look.Should().BeLessThan(600, "it is asked and fails");
            (await Often.ObserveAllAsync(Token)).Single().State.Should().Be(ObservedState.Ready);
            await Task.Delay(50, Token);
        }
        await Often.UntilListedAsync(spec.AllocationId, o => o?.Use is not null);
        _words.Warnings.Should().ContainSingle("it failed twice in a row").Which.Should().Contain("metrics");
        Cluster.Faults.Fail(500, 4, "list", "pods.metrics.k8s.io");
        for (var look = 0; look < 200 && _words.Warnings.Count < 2; look++)
        {
            await Often.ObserveAllAsync(Token);
            await Task.Delay(50, Token);
        }
        _words.Warnings.Should().HaveCount(2, "it broke again");
    }

    [Fact]
    public async Task Slow_HoldsNobodyUp()
    {
        var spec = await RunningAsync(0.5, 1 << 20);
        await Often.UntilListedAsync(spec.AllocationId, o => o is not null);
        Cluster.Faults.Delay(TimeSpan.FromSeconds(10), 5, "list", "pods.metrics.k8s.io");
        var waited = System.Diagnostics.Stopwatch.StartNew();
        for (var look = 0; look < 20; look++)
        {
            await Often.ObserveAllAsync(Token);
            await Task.Delay(50, Token);
        }
        waited.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(6));
    }

    /// <summary>Remembers warnings.</summary>
    private sealed class Words : ILogger<Portal.Compute.Kubernetes.KubernetesTarget>
    {
        public ConcurrentQueue<string> Warnings { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning) Warnings.Enqueue(formatter(state, exception));
        }
    }
}
