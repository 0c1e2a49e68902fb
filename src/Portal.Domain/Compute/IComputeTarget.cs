namespace Portal.Domain.Compute;

/// <summary>
/// A place to run workloads. A target never decides whether something should run; it answers what offers there are, makes an allocation exist, observes it and makes it go away.
/// Every call is idempotent by allocation id. Calls throw <see cref="ComputeTargetException"/> and nothing else (cancellation aside). Targets never read the database.
/// </summary>
public interface IComputeTarget
{
    /// <summary>The name workloads refer to, such as <c>local</c>.</summary>
    string Name { get; }

    /// <summary>Health, capacity, isolation: what the target's page says. Cheap enough for every estimate.</summary>
    Task<TargetDescription> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Everything that could satisfy the need, cheapest first, available or not (then with a reason). Availability is of the place as such (programs, size, health);
    /// what is already allocated is counted by the caller against <see cref="TargetDescription.Capacity"/>.
    /// </summary>
    Task<IReadOnlyList<Offer>> GetOffersAsync(OfferRequest request, CancellationToken cancellationToken);

    /// <summary>Makes the allocation exist, or finds that it does already. The answer carries the instant from which it is billed.</summary>
    Task<StartReceipt> StartAsync(AllocationSpec spec, CancellationToken cancellationToken);

    /// <summary>One allocation as seen now; <see cref="ObservedState.NotFound"/> when the target has never heard of it.</summary>
    Task<Observation> ObserveAsync(Guid allocationId, CancellationToken cancellationToken);

    /// <summary>Everything this target holds that belongs to this portal, ended allocations included until <see cref="ForgetAsync"/>.</summary>
    Task<IReadOnlyList<Observation>> ObserveAllAsync(CancellationToken cancellationToken);

    /// <summary>Asks the allocation to end: terminate, grace, kill. Returns once asked; the end is observed as <see cref="ObservedState.Exited"/> and only when nothing is left.</summary>
    Task StopAsync(Guid allocationId, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Drops what is kept of an ended allocation (state, logs). The workload's own storage stays.</summary>
    Task ForgetAsync(Guid allocationId, CancellationToken cancellationToken);

    /// <summary>Deletes the workload's storage: work folder, checkpoints, artifacts. Safe to repeat.</summary>
    Task DeleteStorageAsync(Guid workloadId, CancellationToken cancellationToken);

    /// <summary>Log lines from a cursor on (0 = the oldest kept). Only whole lines are returned.</summary>
    Task<LogSlice> ReadLogAsync(Guid allocationId, long cursor, int maxBytes, CancellationToken cancellationToken);

    /// <summary>The last lines of the log, with the cursor to go on from.</summary>
    Task<LogSlice> ReadLogTailAsync(Guid allocationId, int lines, CancellationToken cancellationToken);

    /// <summary>A connection to the port that the allocation's program listens on.</summary>
    Task<Stream> ConnectAsync(Guid allocationId, CancellationToken cancellationToken);

    /// <summary>Files under the workload's artifact folder.</summary>
    Task<IReadOnlyList<ArtifactEntry>> ListArtifactsAsync(Guid workloadId, CancellationToken cancellationToken);

    /// <summary>One artifact for reading, or null when there is none at that path (a path that leaves the folder, also by a link, is none).</summary>
    Task<Stream?> OpenArtifactAsync(Guid workloadId, string path, CancellationToken cancellationToken);
}
