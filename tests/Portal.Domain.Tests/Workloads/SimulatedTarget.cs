using Portal.Domain.Compute;

namespace Portal.Domain.Tests.Workloads;

/// <summary>A target in a few lines: idempotent by allocation id, observed late or not at all when told so.</summary>
internal sealed class SimulatedTarget
{
    private readonly Dictionary<int, Resource> _resources = [];

    /// <summary>Observations say Unknown.</summary>
    public bool Away { get; set; }

    /// <summary>The next start with an effect is refused as this.</summary>
    public FailureClass? RefuseNext { get; set; }

    public IReadOnlyList<int> Alive => [.. _resources.Where(r => r.Value.State is ObservedState.Starting or ObservedState.Ready or ObservedState.Stopping).Select(r => r.Key)];

    public (FailureClass? Refused, DateTimeOffset StartedAt) Start(int id, DateTimeOffset now)
    {
        if (_resources.TryGetValue(id, out var known)) return (null, known.StartedAt);
        if (RefuseNext is { } refused)
        {
            RefuseNext = null;
            return (refused, default);
        }
        _resources[id] = new Resource { StartedAt = now };
        return (null, now);
    }

    public void Stop(int id)
    {
        if (_resources.TryGetValue(id, out var found) && found.State is ObservedState.Starting or ObservedState.Ready)
            (found.State, found.StopRequested) = (ObservedState.Stopping, true);
    }

    public Observation Observe(int id)
    {
        if (Away) return new Observation(Guid.Empty, ObservedState.Unknown);
        if (!_resources.TryGetValue(id, out var found)) return new Observation(Guid.Empty, ObservedState.NotFound);
        return new Observation(Guid.Empty, found.State) { StartedAt = found.StartedAt, ExitCode = found.ExitCode, StopRequested = found.StopRequested };
    }

    /// <summary>Something happens to the live resource, if there is one.</summary>
    public void Happen(Random random)
    {
        foreach (var id in Alive)
        {
            var resource = _resources[id];
            switch (random.Next(8))
            {
                case 0 or 1 or 2 when resource.State == ObservedState.Starting: resource.State = ObservedState.Ready; break;
                case 0 or 1 or 2 when resource.State == ObservedState.Stopping: (resource.State, resource.ExitCode) = (ObservedState.Exited, 143); break;
                case 3: (resource.State, resource.ExitCode) = (ObservedState.Exited, random.Next(2)); break;
                case 4: resource.State = ObservedState.Lost; break;
                case 5: (resource.State, resource.ExitCode, resource.StopRequested) = (ObservedState.Exited, 143, true); break; // the host goes down
                case 6: _resources.Remove(id); break; // without a trace
            }
        }
    }

    /// <summary>From now on all is well: programs become ready, what was asked to end ends.</summary>
    public void Heal()
    {
        (Away, RefuseNext) = (false, null);
        foreach (var resource in _resources.Values)
            if (resource.State == ObservedState.Starting) resource.State = ObservedState.Ready;
            else if (resource.State == ObservedState.Stopping) (resource.State, resource.ExitCode) = (ObservedState.Exited, 143);
    }

    private sealed class Resource
    {
        public required DateTimeOffset StartedAt { get; init; }
        public ObservedState State { get; set; } = ObservedState.Starting;
        public int? ExitCode { get; set; }
        public bool StopRequested { get; set; }
    }
}
