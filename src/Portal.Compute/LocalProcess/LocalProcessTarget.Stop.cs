using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

public sealed partial class LocalProcessTarget
{
    public Task StopAsync(Guid allocationId, TimeSpan grace, CancellationToken cancellationToken) => GuardAsync("stop the program", async () =>
    {
        using (await ClaimAsync(allocationId, cancellationToken))
        {
            if (_folders.WorkloadOf(allocationId) is { } workloadId && ReadState(workloadId, allocationId) is { } state && state.HostId == _hostId.Value)
                AskToStop(state, grace);
            return true;
        }
    });

    public Task ForgetAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync("forget the program", async () =>
    {
        if (_folders.WorkloadOf(allocationId) is not { } workloadId)
            return true;
        var seen = await ObserveOneAsync(workloadId, allocationId, cancellationToken);
        if (seen.State is not (ObservedState.Exited or ObservedState.Lost or ObservedState.NotFound))
            throw new ComputeTargetException(FailureClass.Invalid, $"Allocation {allocationId} is {seen.State} and cannot be forgotten; stop it first.");
        await HostFolders.RemoveAsync(_folders.Files(workloadId, allocationId), cancellationToken);
        await HostFolders.RemoveAsync(_folders.Allocation(workloadId, allocationId), cancellationToken);
        _ownListeners.TryRemove(allocationId, out _);
        return true;
    });

    public Task DeleteStorageAsync(Guid workloadId, CancellationToken cancellationToken) => GuardAsync("delete the storage", async () =>
    {
        foreach (var allocationId in _folders.AllocationIds(workloadId))
        {
            var seen = await ObserveOneAsync(workloadId, allocationId, cancellationToken);
            if (seen.State is not (ObservedState.Exited or ObservedState.Lost or ObservedState.NotFound))
                throw new ComputeTargetException(FailureClass.Invalid, $"Allocation {allocationId} of the workload is {seen.State}; stop it first.");
        }
        await HostFolders.RemoveAsync(_folders.Workload(workloadId), cancellationToken);
        return true;
    });

    private void AskToStop(AllocationState state, TimeSpan grace)
    {
        string Own(string name) => FileOf(state.WorkloadId, state.AllocationId, name);
        if (File.Exists(Own("exit.json")) || File.Exists(Own("lost.json")))
            return;
        // A second request does not start the grace again, but may cut it short.
        if (JsonFile.Read<StopRequest>(Own("stop")) is null || grace == TimeSpan.Zero)
            JsonFile.WriteReserved(Own("stop"), new StopRequest(Math.Max(0, grace.TotalSeconds), _clock.GetUtcNow()));
        Log.StopAsked(_logger, state.AllocationId, grace.TotalSeconds);
        if (!IsSupervised(state) && !File.Exists(Own("exit.json")))
            KillLeftovers(state);
    }
}
