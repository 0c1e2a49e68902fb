using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Testing.Compute;

public sealed partial class FakeComputeTarget
{
    public Task<TargetDescription> DescribeAsync(CancellationToken cancellationToken) => Task.FromResult(Description);

    public Task<IReadOnlyList<Offer>> GetOffersAsync(OfferRequest request, CancellationToken cancellationToken)
    {
        var (hardware, capacity) = (request.Hardware, Description.Capacity);
        var reason = !Description.Healthy ? Description.Reason ?? "unhealthy"
            : hardware.Vcpu > capacity.Vcpu || hardware.MemoryGib > capacity.MemoryGib ? $"needs {hardware.Vcpu} vCPU and {hardware.MemoryGib} GiB, this target has {capacity.Vcpu} vCPU and {capacity.MemoryGib} GiB"
            : (hardware.Gpu?.Count ?? 0) > capacity.Gpus ? "this host has no GPU"
            : null;
        return Task.FromResult<IReadOnlyList<Offer>>([new Offer(Name, "local", "", "host", CapacityType.OnDemand, reason is null, reason)]);
    }

    public async Task<StartReceipt> StartAsync(AllocationSpec spec, CancellationToken cancellationToken)
    {
        Starts.Enqueue(spec);
        ThrowIfUnreachable();
        if (BeforeStart is { } before)
            await before(spec, cancellationToken);
        FakeAllocation? allocation;
        lock (_gate)
        {
            if (!_allocations.TryGetValue(spec.AllocationId, out allocation))
            {
                if (_startFailures.TryDequeue(out var failure))
                    throw failure;
                _allocations[spec.AllocationId] = allocation = new FakeAllocation(spec, clock.GetUtcNow());
            }
        }
        if (_onStarted.TryRemove(spec.AllocationId, out var act))
            act();
        if (AfterStart is { } after)
            await after(spec, cancellationToken);
        return new StartReceipt(ResourceId(allocation), allocation.StartedAt) { BilledByParts = BillsByParts };
    }

    public Task<Observation> ObserveAsync(Guid allocationId, CancellationToken cancellationToken)
    {
        BeforeObserve?.Invoke();
        ThrowIfUnreachable();
        lock (_gate)
            return Task.FromResult(_allocations.TryGetValue(allocationId, out var found) ? Observed(found) : new Observation(allocationId, ObservedState.NotFound));
    }

    public async Task<TargetChanges> ChangesAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        // It hears of nothing: everything is to be looked at, again and again.
        await Task.Delay(atMost, cancellationToken);
        return new TargetChanges(null, []);
    }

    public async Task<IReadOnlyList<Observation>> ObserveSomeAsync(IReadOnlySet<Guid> allocationIds, CancellationToken cancellationToken) =>
        [.. await Task.WhenAll(allocationIds.Select(id => ObserveAsync(id, cancellationToken)))];

    public Task RestoreAsync(AllocationSpec spec, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        // Also where it cannot be put back: it is answered then.
        Change(spec.AllocationId, a => a.Altered = null);
        if (RefuseRestore is { } refusal) throw refusal;
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Observation>> ObserveAllAsync(CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
            return Task.FromResult<IReadOnlyList<Observation>>([.. _allocations.Values.Select(Observed)]);
    }

    public Task StopAsync(Guid allocationId, TimeSpan grace, CancellationToken cancellationToken)
    {
        Stops.Enqueue((allocationId, grace));
        ThrowIfUnreachable();
        BeforeStop?.Invoke(allocationId);
        lock (_gate)
            if (_allocations.TryGetValue(allocationId, out var found) && found.EndedAt is null)
                found.StopRequestedAt ??= clock.GetUtcNow();
        return Task.CompletedTask;
    }

    public Task ForgetAsync(Guid allocationId, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
        {
            if (!_allocations.TryGetValue(allocationId, out var found))
                return Task.CompletedTask;
            if (Observed(found).State is not (ObservedState.Exited or ObservedState.Lost))
                throw new ComputeTargetException(FailureClass.Invalid, $"Allocation {allocationId} is still alive; stop it first.");
            _allocations.Remove(allocationId);
        }
        return Task.CompletedTask;
    }

    public Task DeleteStorageAsync(Guid workloadId, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
        {
            var own = _allocations.Values.Where(a => a.Spec.WorkloadId == workloadId).ToList();
            if (own.Any(a => Observed(a).State is not (ObservedState.Exited or ObservedState.Lost)))
                throw new ComputeTargetException(FailureClass.Invalid, $"Workload {workloadId} still runs; stop it first.");
            foreach (var allocation in own)
                _allocations.Remove(allocation.Spec.AllocationId);
            _artifacts.Remove(workloadId);
        }
        return Task.CompletedTask;
    }

    public Task<LogSlice> ReadLogAsync(Guid allocationId, long cursor, int maxBytes, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
        {
            var log = _allocations.TryGetValue(allocationId, out var found) ? found.Log : [];
            var lines = log.Skip((int)cursor).Take(Math.Max(1, maxBytes / 64)).ToList();
            return Task.FromResult(new LogSlice(lines, Math.Min(cursor, log.Count) + lines.Count, false));
        }
    }

    public Task<LogSlice> ReadLogTailAsync(Guid allocationId, int lines, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
        {
            var log = _allocations.TryGetValue(allocationId, out var found) ? found.Log : [];
            return Task.FromResult(new LogSlice([.. log.TakeLast(lines)], log.Count, false));
        }
    }

    public Task<Stream> ConnectAsync(Guid allocationId, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
            if (!_allocations.TryGetValue(allocationId, out var found) || Observed(found).State is not ObservedState.Ready)
                throw new ComputeTargetException(FailureClass.Lost, "The program does not run.");
        return Connection is { } connect ? connect(allocationId, cancellationToken) : throw new ComputeTargetException(FailureClass.Crashed, "The program does not listen.");
    }

    public Task<IReadOnlyList<ArtifactEntry>> ListArtifactsAsync(Guid workloadId, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
            return Task.FromResult<IReadOnlyList<ArtifactEntry>>(_artifacts.TryGetValue(workloadId, out var files)
                ? [.. files.Select(f => new ArtifactEntry(f.Key, f.Value.Content.Length, f.Value.ModifiedAt))]
                : []);
    }

    public Task<Stream?> OpenArtifactAsync(Guid workloadId, string path, CancellationToken cancellationToken)
    {
        ThrowIfUnreachable();
        lock (_gate)
            return Task.FromResult<Stream?>(_artifacts.TryGetValue(workloadId, out var files) && files.TryGetValue(path, out var file) ? new MemoryStream(file.Content, false) : null);
    }

    private static string ResourceId(FakeAllocation allocation) => $"fake-{allocation.Spec.AllocationId:N}";

    private void ThrowIfUnreachable()
    {
        if (Unreachable is { } failure)
            throw new ComputeTargetException(failure.Failure, failure.Message);
    }

    private Observation Observed(FakeAllocation a)
    {
        if (ObservesUnknown)
            return new Observation(a.Spec.AllocationId, ObservedState.Unknown);
        var now = clock.GetUtcNow();
        if (a.StopRequestedAt is { } asked && StopTakes != Timeout.InfiniteTimeSpan && now >= asked + StopTakes)
            a.End(asked + StopTakes, 143, null, null);
        if (ReadyAfter != Timeout.InfiniteTimeSpan && now >= a.StartedAt + ReadyAfter && a.EndedAt is null)
            a.ReadyAt ??= a.StartedAt + ReadyAfter;
        var state = a.IsLost ? ObservedState.Lost
            : a.EndedAt is not null ? ObservedState.Exited
            : a.StopRequestedAt is not null ? ObservedState.Stopping
            : a.Silence is null && a.ReadyAt is not null ? ObservedState.Ready
            : ObservedState.Starting;
        return new Observation(a.Spec.AllocationId, state)
        {
            WorkloadId = a.Spec.WorkloadId,
            PortalInstanceId = a.Spec.PortalInstanceId,
            ResourceId = ResourceId(a),
            StartedAt = a.StartedAt,
            ReadyAt = a.ReadyAt,
            EndedAt = a.EndedAt,
            ExitCode = a.ExitCode,
            Failure = a.IsLost ? FailureClass.Lost : a.Failure,
            Message = a.IsLost ? "The resource is gone." : a.Message ?? a.Silence,
            Altered = a.Altered,
            Parts = BillsByParts ? a.Parts : null,
            StopRequested = a.StopRequestedAt is not null,
            LogEnd = a.Log.Count,
            Use = a.Use,
        };
    }
}
