namespace Portal.Domain.Workloads;

/// <summary>What kind of thing a catalog item launches.</summary>
public enum WorkloadKind { Notebook, TrainingRun, ModelEndpoint, Service }

/// <summary>What the owner wants of a workload.</summary>
public enum DesiredState { Running, Stopped, Deleted }

/// <summary>What is the case. Ends are <see cref="Succeeded"/>, <see cref="Rejected"/> and <see cref="Deleted"/>; <see cref="Failed"/> and <see cref="Stopped"/> rest.</summary>
public enum WorkloadPhase
{
    PendingApproval, Queued, Placing, Starting, Running, Recovering, Stopping, Stopped, Succeeded, Failed, Rejected, Deleted,
}

/// <summary>How capacity is bought.</summary>
public enum CapacityType { OnDemand, Spot, SpotWithFallback }

/// <summary>Facts about phases that pages, queries and the planner share.</summary>
public static class WorkloadPhases
{
    /// <summary>True while a resource may exist or is wanted: the workload is neither resting nor ended.</summary>
    public static bool IsActive(this WorkloadPhase phase) => phase is WorkloadPhase.PendingApproval or WorkloadPhase.Queued or WorkloadPhase.Placing
        or WorkloadPhase.Starting or WorkloadPhase.Running or WorkloadPhase.Recovering or WorkloadPhase.Stopping;

    /// <summary>True for phases in which the owner waits for the portal.</summary>
    public static bool IsInTransition(this WorkloadPhase phase) => phase.IsActive() && phase is not WorkloadPhase.Running;

    /// <summary>True when nothing can bring the workload back except a new attempt by restart (Succeeded) or nothing at all.</summary>
    public static bool IsEnd(this WorkloadPhase phase) => phase is WorkloadPhase.Succeeded or WorkloadPhase.Rejected or WorkloadPhase.Deleted;
}

/// <summary>The wire words of <see cref="CapacityType"/>: <c>on-demand</c>, <c>spot</c>, <c>spot-with-fallback</c>.</summary>
public static class CapacityTypes
{
    /// <summary>The word used in the API, in files and on screens.</summary>
    public static string ToWord(this CapacityType capacity) => capacity switch
    {
        CapacityType.OnDemand => "on-demand",
        CapacityType.Spot => "spot",
        _ => "spot-with-fallback",
    };

    /// <summary>Reads the wire word; false when it is none of the three.</summary>
    public static bool TryParse(string? word, out CapacityType capacity)
    {
        (var known, capacity) = word switch
        {
            "on-demand" => (true, CapacityType.OnDemand),
            "spot" => (true, CapacityType.Spot),
            "spot-with-fallback" => (true, CapacityType.SpotWithFallback),
            _ => (false, CapacityType.OnDemand),
        };
        return known;
    }
}
