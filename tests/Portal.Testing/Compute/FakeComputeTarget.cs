using System.Collections.Concurrent;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Testing.Compute;

/// <summary>
/// A compute target in memory that does what a test tells it to, under the same contract as the real ones (it passes the same suite).
/// Without a script a start succeeds, is ready at once, runs until stopped and then exits 143.
/// </summary>
public sealed partial class FakeComputeTarget(TimeProvider clock, string name = "local") : IWatchedTarget
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, FakeAllocation> _allocations = [];
    private readonly ConcurrentQueue<ComputeTargetException> _startFailures = new();
    private readonly ConcurrentDictionary<Guid, Action> _onStarted = new();
    private readonly Dictionary<Guid, SortedDictionary<string, FakeArtifact>> _artifacts = [];

    public string Name { get; } = name;

    /// <summary>What <see cref="DescribeAsync"/> answers; replace it to change health, capacity or isolation.</summary>
    public TargetDescription Description { get; set; } = new(
        name, "local", "fake-host", true, null, new ResourceAmount(4, 16, 0), new ResourceAmount(32, 48, 0), "sandboxed", "measured");

    /// <summary>Time from start to ready. <see cref="Timeout.InfiniteTimeSpan"/>: only <see cref="BecomeReady"/> makes it ready.</summary>
    public TimeSpan ReadyAfter { get; set; } = TimeSpan.Zero;

    /// <summary>Time from a stop request to the exit. <see cref="Timeout.InfiniteTimeSpan"/>: only <see cref="Exit"/> ends it.</summary>
    public TimeSpan StopTakes { get; set; } = TimeSpan.Zero;

    /// <summary>Whether allocations are billed by the shares of machines that <see cref="SetParts"/> gives them, as on a cluster.</summary>
    public bool BillsByParts { get; set; }

    /// <summary>When set, every call but <see cref="DescribeAsync"/> and the offers throws this: the provider is out of reach.</summary>
    public ComputeTargetException? Unreachable { get; set; }

    /// <summary>When true every observation is <see cref="ObservedState.Unknown"/>.</summary>
    public bool ObservesUnknown { get; set; }

    /// <summary>Runs inside <see cref="StartAsync"/> before the effect: to wait, to count, to throw.</summary>
    public Func<AllocationSpec, CancellationToken, Task>? BeforeStart { get; set; }

    /// <summary>Runs inside <see cref="StartAsync"/> after the effect and before the answer: throwing here loses the answer but not the effect.</summary>
    public Func<AllocationSpec, CancellationToken, Task>? AfterStart { get; set; }

    /// <summary>Runs inside <see cref="StopAsync"/> before the effect: to throw.</summary>
    public Action<Guid>? BeforeStop { get; set; }

    /// <summary>Runs inside <see cref="ObserveAsync"/>: to let something happen between what the portal read and what it sees.</summary>
    public Action? BeforeObserve { get; set; }

    /// <summary>Answers <see cref="ConnectAsync"/>; unset, a connection is refused.</summary>
    public Func<Guid, CancellationToken, Task<Stream>>? Connection { get; set; }

    /// <summary>What was asked to start, in order, repeats included.</summary>
    public ConcurrentQueue<AllocationSpec> Starts { get; } = new();

    /// <summary>What was asked to stop, in order, repeats included.</summary>
    public ConcurrentQueue<(Guid AllocationId, TimeSpan Grace)> Stops { get; } = new();

    /// <summary>Allocations that hold a resource now.</summary>
    public IReadOnlyList<Guid> Alive
    {
        get
        {
            lock (_gate)
                return [.. _allocations.Values.Where(a => Observed(a).State is ObservedState.Starting or ObservedState.Ready or ObservedState.Stopping).Select(a => a.Spec.AllocationId)];
        }
    }

    /// <summary>The next start that would have an effect throws instead, without one. Calls queue up.</summary>
    public void FailNextStart(FailureClass failure, string message) => _startFailures.Enqueue(new ComputeTargetException(failure, message));

    /// <summary>Makes the allocation ready now.</summary>
    public void BecomeReady(Guid allocationId) => Change(allocationId, a => a.ReadyAt = clock.GetUtcNow());

    /// <summary>Ends the allocation by itself.</summary>
    public void Exit(Guid allocationId, int exitCode, FailureClass? failure = null, string? message = null) => Change(allocationId, a => a.End(clock.GetUtcNow(), exitCode, failure, message));

    /// <summary>The resource vanishes without an exit code.</summary>
    public void Lose(Guid allocationId) => Change(allocationId, a => { a.EndedAt = clock.GetUtcNow(); a.IsLost = true; });

    /// <summary>Writes a line of output.</summary>
    public void Print(Guid allocationId, string text, string source = "out") => Change(allocationId, a => a.Log.Add(new LogLine(clock.GetUtcNow(), source, text)));

    /// <summary>What observations say about use.</summary>
    public void SetUse(Guid allocationId, double cpuCores, long memoryBytes) => Change(allocationId, a => a.Use = new ResourceUse(clock.GetUtcNow(), cpuCores, memoryBytes));

    /// <summary>Somebody changes the allocation past the portal; until it is put back, observations say so.</summary>
    public void Alter(Guid allocationId, string words) => Change(allocationId, a => a.Altered = words);

    /// <summary>It was ready and does not answer any more.</summary>
    public void FallSilent(Guid allocationId, string why) => Change(allocationId, a => a.Silence = why);

    /// <summary>Why nothing can be put back, once and for all; null where it can.</summary>
    public ComputeTargetException? RefuseRestore { get; set; }

    /// <summary>Which shares of machines the allocation holds.</summary>
    public void SetParts(Guid allocationId, params PlacedPart[] parts) => Change(allocationId, a => a.Parts = parts);

    /// <summary>Leaves an artifact.</summary>
    public void PutArtifact(Guid workloadId, string path, byte[] content)
    {
        lock (_gate)
        {
            if (!_artifacts.TryGetValue(workloadId, out var files))
                _artifacts[workloadId] = files = new SortedDictionary<string, FakeArtifact>(StringComparer.Ordinal);
            files[path] = new FakeArtifact(content, clock.GetUtcNow());
        }
    }

    /// <summary>What happens right after this allocation has started: printing, ending, leaving artifacts. Survives until it starts.</summary>
    public void OnStarted(Guid allocationId, Action act) => _onStarted[allocationId] = act;

    /// <summary>A resource that nobody in the portal knows of, as a lost answer leaves it.</summary>
    public void PlantOrphan(AllocationSpec spec)
    {
        lock (_gate)
            _allocations[spec.AllocationId] = new FakeAllocation(spec, clock.GetUtcNow());
    }

    private void Change(Guid allocationId, Action<FakeAllocation> change)
    {
        lock (_gate)
            change(_allocations.TryGetValue(allocationId, out var found) ? found : throw new InvalidOperationException($"The fake target holds no allocation {allocationId}."));
    }

    private sealed record FakeArtifact(byte[] Content, DateTimeOffset ModifiedAt);

    private sealed class FakeAllocation(AllocationSpec spec, DateTimeOffset startedAt)
    {
        public AllocationSpec Spec { get; } = spec;
        public DateTimeOffset StartedAt { get; } = startedAt;
        public DateTimeOffset? ReadyAt { get; set; }
        public DateTimeOffset? StopRequestedAt { get; set; }
        public DateTimeOffset? EndedAt { get; set; }
        public int? ExitCode { get; private set; }
        public FailureClass? Failure { get; private set; }
        public string? Message { get; private set; }
        public bool IsLost { get; set; }
        public List<LogLine> Log { get; } = [];
        public ResourceUse? Use { get; set; }
        public string? Altered { get; set; }
        public string? Silence { get; set; }
        public IReadOnlyList<PlacedPart> Parts { get; set; } = [];

        public void End(DateTimeOffset at, int exitCode, FailureClass? failure, string? message)
        {
            if (EndedAt is not null)
                return;
            (EndedAt, ExitCode, Failure, Message) = (at, exitCode, failure, message);
            if (message is null)
                Message = StopRequestedAt is null ? $"The program ended with exit code {exitCode}." : "Stopped.";
        }
    }
}
