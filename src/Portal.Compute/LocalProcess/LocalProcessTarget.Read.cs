using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

public sealed partial class LocalProcessTarget
{
    public Task<LogSlice> ReadLogAsync(Guid allocationId, long cursor, int maxBytes, CancellationToken cancellationToken) =>
        GuardAsync("read the log", () => Task.FromResult(LogOf(allocationId)?.Read(cursor, maxBytes) ?? new LogSlice([], cursor, false)));

    public Task<LogSlice> ReadLogTailAsync(Guid allocationId, int lines, CancellationToken cancellationToken) =>
        GuardAsync("read the log", () => Task.FromResult(LogOf(allocationId)?.Tail(lines) ?? new LogSlice([], 0, false)));

    /// <summary>A connection to the program's port, only while the listener is the allocation's own.</summary>
    public Task<Stream> ConnectAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync<Stream>("reach the program", async () =>
    {
        if (_folders.WorkloadOf(allocationId) is not { } workloadId || ReadState(workloadId, allocationId) is not { } state || state.HostId != _hostId.Value || !IsSupervised(state))
            throw new ComputeTargetException(FailureClass.Lost, "The program does not run on this host.");
        if (state.Port is not { } port)
            throw new ComputeTargetException(FailureClass.Invalid, "The program does not listen on a port.");
        var holder = Holder(state);
        if (holder != PortHolder.Own)
            throw new ComputeTargetException(FailureClass.Crashed, holder == PortHolder.Nobody ? $"The program does not listen on its port {port}." : Words(new PortClash(port, _clock.GetUtcNow())));
        return await ProgramDoor.ConnectAsync(_folders.Allocation(workloadId, allocationId), state, cancellationToken);
    });

    public Task<IReadOnlyList<ArtifactEntry>> ListArtifactsAsync(Guid workloadId, CancellationToken cancellationToken) =>
        GuardAsync("list the artifacts", () => Task.FromResult(ArtifactFolder.List(_folders.Artifacts(workloadId))));

    public Task<Stream?> OpenArtifactAsync(Guid workloadId, string path, CancellationToken cancellationToken) =>
        GuardAsync("open the artifact", () => Task.FromResult(ArtifactFolder.Open(_folders.Artifacts(workloadId), path)));

    private LogSegments? LogOf(Guid allocationId) =>
        _folders.WorkloadOf(allocationId) is { } workloadId ? new LogSegments(FileOf(workloadId, allocationId, "log")) : null;
}
