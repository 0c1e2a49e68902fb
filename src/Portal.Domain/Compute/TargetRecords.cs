using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Domain.Compute;

/// <summary>An amount of hardware.</summary>
/// <param name="Vcpu">Virtual CPUs; fractions allowed.</param>
/// <param name="MemoryGib">Memory in GiB.</param>
/// <param name="Gpus">Whole GPUs.</param>
public sealed record ResourceAmount(decimal Vcpu, decimal MemoryGib, int Gpus);

/// <summary>What a target is and can hold.</summary>
/// <param name="Kind">local, kubernetes or ec2.</param>
/// <param name="HostId">For a target bound to one host, that host's id; null otherwise.</param>
/// <param name="Healthy">False when nothing can be started; <paramref name="Reason"/> says why.</param>
/// <param name="Physical">What the host really has.</param>
/// <param name="Capacity">What may be allocated: physical times overcommit.</param>
/// <param name="Isolation">One of <c>sandboxed</c>, <c>user-per-team</c>, <c>none</c>.</param>
/// <param name="LimitsBy">How memory and CPU limits are enforced: <c>cgroup-v2</c>, <c>cgroup-v1</c>, <c>measured</c>.</param>
public sealed record TargetDescription(
    string Name, string Kind, string? HostId, bool Healthy, string? Reason, ResourceAmount Physical, ResourceAmount Capacity, string Isolation, string LimitsBy)
{
    /// <summary>Whether it can have spot capacity; otherwise everything there is on demand.</summary>
    public bool HasSpot { get; init; }
}

/// <summary>What is asked of a target before launch.</summary>
/// <param name="OwnerId">Who would own it: an unisolated host refuses a second person.</param>
public sealed record OfferRequest(HardwareProfileSpec Hardware, IReadOnlyList<string> Requires, Guid OwnerId)
{
    /// <summary>The program listens and asks nobody for a credential: the target must keep everybody but the portal away from it.</summary>
    public bool Unguarded { get; init; }

    /// <summary>What an item's deployment asks for.</summary>
    public static OfferRequest For(ItemSpec item, DeploymentSpec deployment, HardwareProfileSpec hardware, Guid ownerId) =>
        new(hardware, deployment.Requires, ownerId) { Unguarded = item.ListensUnguarded };
}

/// <summary>A concrete way to satisfy a hardware profile. Prices are added by the price book.</summary>
/// <param name="Available">False when the place cannot take it at all; <paramref name="Reason"/> says why in words for people.</param>
public sealed record Offer(string Target, string Region, string Zone, string InstanceType, CapacityType Capacity, bool Available, string? Reason)
{
    /// <summary>The whole machine of which the hardware would be a share; null where shares are billed by rates.</summary>
    public ResourceAmount? Machine { get; init; }

    /// <summary>Why it takes a while although it can be had; null when it is there now.</summary>
    public string? Delay { get; init; }

    /// <summary>Whether it is of the capacity that is wished for; spot with fallback takes both.</summary>
    public bool Serves(CapacityType wish) => wish == CapacityType.SpotWithFallback || Capacity == wish;

    /// <summary>The one to take of a target's offers: of the wished capacity, spot first where on demand is the fallback; null when none can be had.</summary>
    public static Offer? Best(IEnumerable<Offer> offers, CapacityType wish) =>
        offers.Where(o => o.Available && o.Serves(wish)).OrderByDescending(o => wish == CapacityType.SpotWithFallback && o.Capacity == CapacityType.Spot).FirstOrDefault();

    /// <summary>Why <see cref="Best"/> found none, in the target's words; null when it said nothing.</summary>
    public static string? WhyNone(IEnumerable<Offer> offers, CapacityType wish) => offers.OrderByDescending(o => o.Serves(wish)).Select(o => o.Reason).FirstOrDefault(r => r is not null) ?? (offers.Any() && wish == CapacityType.Spot ? "It has no spot capacity now." : null);
}

/// <summary>Everything a target needs to make one allocation exist. Secrets are in <see cref="Parameters"/> and <see cref="Credential"/> only.</summary>
public sealed record AllocationSpec
{
    public required Guid AllocationId { get; init; }
    public required Guid WorkloadId { get; init; }
    public required string WorkloadName { get; init; }
    /// <summary>1 for the first attempt.</summary>
    public required int Attempt { get; init; }
    public required Guid OwnerId { get; init; }
    public required string Owner { get; init; }
    /// <summary>Team slug; on a local target each team runs as a system user of its own.</summary>
    public required string Team { get; init; }
    public string? CostCentre { get; init; }
    /// <summary>vCPUs that the team may hold at once; null: not limited. The portal keeps it; a target that can keeps it too.</summary>
    public decimal? TeamVcpu { get; init; }
    public required string Item { get; init; }
    public required string Version { get; init; }
    /// <summary>Which portal installation this belongs to.</summary>
    public required string PortalInstanceId { get; init; }
    public required HardwareProfileSpec Hardware { get; init; }
    /// <summary>On what kind of capacity; a target that has one kind only need not ask.</summary>
    public CapacityType Capacity { get; init; }
    public required ItemSpec ItemSpec { get; init; }
    /// <summary>Validated values by parameter name, secrets in clear.</summary>
    public required ParameterValues Parameters { get; init; }
    /// <summary>Contents of the files shipped with the item, by name.</summary>
    public required IReadOnlyDictionary<string, byte[]> ShippedFiles { get; init; }
    /// <summary>What the run that the parameters name has left, wherever it ran; null when they name none. The target copies it once, so that the workload outlives the run.</summary>
    public IArtifactSource? RunArtifacts { get; init; }
    /// <summary>Random secret of this allocation: the proxy presents it, the program requires it.</summary>
    public required string Credential { get; init; }
    /// <summary>Where the portal itself answers, for programs that call its API; null where it is not known.</summary>
    public string? PortalUrl { get; init; }
    /// <summary>The path the workload is served under, with a slash at both ends: <c>/w/{workloadId}/</c>.</summary>
    public string BasePath => $"/w/{WorkloadId}/";
}

/// <summary>The answer to a start.</summary>
/// <param name="ResourceId">The provider's name of what was started, for people: a pid, a pod, an instance id.</param>
/// <param name="StartedAt">From when it is billed, by the provider's clock.</param>
public sealed record StartReceipt(string ResourceId, DateTimeOffset StartedAt)
{
    /// <summary>It waits for machines of its own accord and is billed by <see cref="Observation.Parts"/> instead.</summary>
    public bool BilledByParts { get; init; }
}

/// <summary>What a target can say about an allocation.</summary>
public enum ObservedState
{
    /// <summary>Nothing can be said now (another host's process, provider out of reach). Changes nothing.</summary>
    Unknown,
    /// <summary>Never started, or forgotten.</summary>
    NotFound,
    /// <summary>Exists, not ready yet.</summary>
    Starting,
    /// <summary>Ready to be used; for runs: the program has started.</summary>
    Ready,
    /// <summary>Asked to end, something is left.</summary>
    Stopping,
    /// <summary>Ended, with an exit code, and nothing is left of it.</summary>
    Exited,
    /// <summary>Was started and is gone without an exit code.</summary>
    Lost,
}

/// <summary>One allocation as a target sees it.</summary>
public sealed record Observation(Guid AllocationId, ObservedState State)
{
    public Guid? WorkloadId { get; init; }
    /// <summary>Which portal installation it belongs to, where a target may be shared by several; null where it cannot be.</summary>
    public string? PortalInstanceId { get; init; }
    public string? ResourceId { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? ReadyAt { get; init; }
    /// <summary>When it ended, by the provider's clock.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    public int? ExitCode { get; init; }
    /// <summary>Set when it ended for a reason other than its own exit code (OutOfMemory, Interrupted …), or could not start.</summary>
    public FailureClass? Failure { get; init; }
    /// <summary>Words for people: why it ended, or what it waits for.</summary>
    public string? Message { get; init; }
    /// <summary>True when it ended because <see cref="IComputeTarget.StopAsync"/> was called.</summary>
    public bool StopRequested { get; init; }
    /// <summary>Log bytes written so far; compare with a cursor to know whether there is more.</summary>
    public long LogEnd { get; init; }
    public ResourceUse? Use { get; init; }
    /// <summary>Who has changed what the portal made, past the portal, in words; null when nobody has. See <see cref="IWatchedTarget.RestoreAsync"/>.</summary>
    public string? Altered { get; init; }
    /// <summary>The shares of machines that it holds, each billed from when it was placed; null where a target bills from the start.</summary>
    public IReadOnlyList<PlacedPart>? Parts { get; init; }
}

/// <summary>A share of one machine that an allocation holds, such as a pod on its node.</summary>
/// <param name="Id">The provider's own, never used again: what moves gets another.</param>
/// <param name="Machine">Its name, for people.</param>
/// <param name="InstanceType">Empty when the provider does not say.</param>
/// <param name="Capacity">On demand or spot, as the machine is.</param>
/// <param name="Share">What is reserved of it.</param>
/// <param name="Size">The whole machine; null when it is not known.</param>
/// <param name="Since">When it was placed, by the provider's clock.</param>
/// <param name="Until">When it ended; null while it is held.</param>
public sealed record PlacedPart(
    string Id, string Machine, string Region, string Zone, string InstanceType, CapacityType Capacity, ResourceAmount Share, ResourceAmount? Size, DateTimeOffset Since, DateTimeOffset? Until);

/// <summary>Something that a provider says of an allocation while it goes on: that an image is being pulled, that no node has room.</summary>
/// <param name="Id">The provider's own; one that comes again is the same note.</param>
/// <param name="Text">In the provider's words.</param>
public sealed record TargetNote(Guid AllocationId, string Id, DateTimeOffset At, string Text);

/// <summary>What a target has heard since it was asked last.</summary>
/// <param name="Allocations">Those that may have changed; null: any of them may have.</param>
public sealed record TargetChanges(IReadOnlySet<Guid>? Allocations, IReadOnlyList<TargetNote> Notes);

/// <summary>Measured use at an instant.</summary>
/// <param name="CpuCores">Cores busy since the last sample.</param>
public sealed record ResourceUse(DateTimeOffset At, double CpuCores, long MemoryBytes);

/// <summary>One line of output.</summary>
/// <param name="Source"><c>out</c>, <c>err</c> or <c>portal</c>.</param>
public sealed record LogLine(DateTimeOffset At, string Source, string Text);

/// <summary>Some log lines and where to go on.</summary>
/// <param name="NextCursor">Pass to the next read.</param>
/// <param name="Truncated">Older lines were dropped by rotation before this slice.</param>
public sealed record LogSlice(IReadOnlyList<LogLine> Lines, long NextCursor, bool Truncated);

/// <summary>A file a workload left for its owner.</summary>
public sealed record ArtifactEntry(string Path, long SizeBytes, DateTimeOffset ModifiedAt);
