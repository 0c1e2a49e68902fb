namespace Portal.Domain.Compute;

/// <summary>A target that is told of changes, so that what is steady is not looked at again and again.</summary>
public interface IWatchedTarget : IComputeTarget
{
    /// <summary>What has changed since this was asked last, as soon as something has; nothing after the given time. The first answer is: anything may have. For one caller at a time.</summary>
    Task<TargetChanges> ChangesAsync(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>As <see cref="IComputeTarget.ObserveAllAsync"/>, of some allocations only; those that the target does not hold are <see cref="ObservedState.NotFound"/>.</summary>
    Task<IReadOnlyList<Observation>> ObserveSomeAsync(IReadOnlySet<Guid> allocationIds, CancellationToken cancellationToken);

    /// <summary>Puts back what somebody has changed of an allocation that goes on (<see cref="Observation.Altered"/>); what they have added and the portal says nothing of stays.</summary>
    Task RestoreAsync(AllocationSpec spec, CancellationToken cancellationToken);
}
