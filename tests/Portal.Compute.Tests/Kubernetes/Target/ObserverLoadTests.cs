using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AwesomeAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Portal.Compute.Kubernetes;
using Portal.Domain.Compute;
using Portal.Testing.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>
/// What it costs to observe a cluster with thousands of workloads, and how soon a change is seen. <c>PORTAL_CLUSTER_WORKLOADS=10000</c> and <c>--show-live-output on</c> make a measurement of it; as it is, limits are such that
/// only something broken exceeds them, on a busy machine too.
/// </summary>
[Collection(nameof(ObserverLoadTests))]
public sealed class ObserverLoadTests : IAsyncLifetime
{
    private const int ChangesPerSecond = 200, Looks = 20, Fewest = 500;
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(30), Busy = TimeSpan.FromSeconds(20), LongestLook = TimeSpan.FromSeconds(1), LatestSeen = TimeSpan.FromSeconds(5);

    private TestCluster _cluster = null!;
    private KubernetesTarget _target = null!;
    private string _kubeconfig = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _kubeconfig = Path.Combine(Path.GetTempPath(), $"portal-load-{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(_kubeconfig, _cluster.AdminKubeconfig, Token);
        _target = Open();
    }

    private KubernetesTarget Open() => new("cluster", new ClusterOptions { Kubeconfig = _kubeconfig }, TimeProvider.System, NullLogger<KubernetesTarget>.Instance);

    public async ValueTask DisposeAsync()
    {
        await _target.DisposeAsync();
        await _cluster.DisposeAsync();
        File.Delete(_kubeconfig);
    }

    [Fact]
    public async Task ThousandsOfSteadyWorkloads_CostLessThanOneCallASecond_AndChangesAreSeenSoon()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("PORTAL_CLUSTER_WORKLOADS"), CultureInfo.InvariantCulture, out var asked) ? Math.Max(Fewest, asked) : 2000;
        var workloads = new SteadyWorkloads(_cluster);
        var making = Stopwatch.StartNew();
        await workloads.StartAsync(count, Token);
        Say($"{count} workloads were ready after {making.Elapsed.TotalSeconds:0} s");

        // The cluster is in this process too, and keeps the text of what it was asked for: it is asked for everything once before.
        await using (var other = Open()) await UntilCurrentAsync(other);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var beginning = Stopwatch.StartNew();
        await UntilCurrentAsync(_target);
        Say($"the view was current after {beginning.Elapsed.TotalSeconds:0.0} s");
        (await AllAsync()).Values.Should().HaveCount(count).And.OnlyContain(o => o.State == ObservedState.Ready);
        Say($"memory has grown by {(GC.GetTotalMemory(forceFullCollection: true) - before) / 1048576.0:0.0} MiB with the view, buffers on both sides of its connections included");

        var calls = await CallsWhileSteadyAsync();
        Say($"{calls / Steady.TotalSeconds:0.000} API calls a second while nothing changes");
        var look = await MedianLookAsync();
        Say($"a look at all takes {look.TotalMilliseconds:0.0} ms (median of {Looks})");
        var (rate, seen, missed) = await ChangeAsync(workloads);
        Say($"{seen.Count} changes at {rate:0} a second were seen after {At(seen, 0.5).TotalMilliseconds:0} ms (median), {At(seen, 0.95).TotalMilliseconds:0} ms (95 %)");

        (calls / Steady.TotalSeconds).Should().BeLessThan(1, "what is steady costs nothing");
        look.Should().BeLessThan(LongestLook);
        missed.Should().Be(0, "every change is seen");
        At(seen, 0.95).Should().BeLessThan(LatestSeen);
        _cluster.Surprises.Should().BeEmpty();
    }

    private static void Say(FormattableString text) => TestContext.Current.TestOutputHelper!.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private async Task<Dictionary<Guid, Observation>> AllAsync() => (await _target.ObserveAllAsync(Token)).ToDictionary(o => o.AllocationId);

    /// <summary>As the portal does: what cannot be told yet is asked again.</summary>
    private static async Task UntilCurrentAsync(KubernetesTarget target)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await target.ObserveAllAsync(Token);
                return;
            }
            catch (ComputeTargetException) when (tries < 8)
            {
                // A busy machine takes its time over the first lists.
            }
        }
    }

    /// <summary>As the portal observes: once a second.</summary>
    private async Task<int> CallsWhileSteadyAsync()
    {
        _cluster.ClearRequests();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Steady;)
        {
            (await _target.ObserveAllAsync(Token)).Should().OnlyContain(o => o.State == ObservedState.Ready);
            await Task.Delay(TimeSpan.FromSeconds(1), Token);
        }
        return _cluster.Requests.Count;
    }

    private async Task<TimeSpan> MedianLookAsync()
    {
        List<TimeSpan> looks = [];
        for (var number = 0; number < Looks; number++)
        {
            var watch = Stopwatch.StartNew();
            await _target.ObserveAllAsync(Token);
            looks.Add(watch.Elapsed);
        }
        return At(looks, 0.5);
    }

    /// <summary>Lets one workload after the other become unready and ready again, while somebody looks all the time.</summary>
    private async Task<(double Rate, List<TimeSpan> Seen, int Missed)> ChangeAsync(SteadyWorkloads workloads)
    {
        var waiting = new ConcurrentDictionary<Guid, (ObservedState Wanted, long Since)>();
        List<TimeSpan> seen = [];
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var looking = LookAsync(waiting, seen, done.Token);
        var total = ChangesPerSecond * (int)Busy.TotalSeconds;
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, total), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (number, token) =>
        {
            var due = TimeSpan.FromSeconds((double)number / ChangesPerSecond) - watch.Elapsed;
            if (due > TimeSpan.Zero) await Task.Delay(due, token);
            var ready = number / workloads.Allocations.Count % 2 == 1;
            var allocation = workloads.Allocations[number % workloads.Allocations.Count];
            await workloads.SetReadyAsync(allocation, ready, token);
            waiting[allocation] = (ready ? ObservedState.Ready : ObservedState.Starting, Stopwatch.GetTimestamp());
        });
        var rate = total / watch.Elapsed.TotalSeconds;
        for (var last = Stopwatch.StartNew(); !waiting.IsEmpty && last.Elapsed < 2 * LatestSeen;) await Task.Delay(50, Token);
        await done.CancelAsync();
        await looking;
        return (rate, seen, total - seen.Count);
    }

    private async Task LookAsync(ConcurrentDictionary<Guid, (ObservedState Wanted, long Since)> waiting, List<TimeSpan> seen, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            var all = await AllAsync();
            foreach (var (allocation, change) in waiting)
            {
                if (all[allocation].State != change.Wanted || !waiting.TryRemove(KeyValuePair.Create(allocation, change))) continue;
                seen.Add(Stopwatch.GetElapsedTime(change.Since));
            }
            // The portal looks once a second; here the looks themselves are not to be what takes the time.
            await Task.Delay(25, done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TimeSpan At(List<TimeSpan> times, double part) => times.Count == 0 ? TimeSpan.MaxValue : times.Order().ElementAt(Math.Min(times.Count - 1, (int)(times.Count * part)));
}

/// <summary>Alone on the machine: it would take its time from others, and they from it.</summary>
[CollectionDefinition(nameof(ObserverLoadTests), DisableParallelization = true)]
public sealed class AloneOnTheMachine;
