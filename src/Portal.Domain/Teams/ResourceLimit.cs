namespace Portal.Domain.Teams;

/// <summary>How much a team, or a person, may have at once; what is null is not limited. At most one row each.</summary>
public sealed class ResourceLimit
{
    public required Guid Id { get; init; }
    /// <summary>The team; null when it is a person's.</summary>
    public Guid? TeamId { get; init; }
    /// <summary>The person; null when it is a team's.</summary>
    public Guid? UserId { get; init; }
    /// <summary>Workloads that wait or run.</summary>
    public int? Workloads { get; set; }
    public decimal? Vcpu { get; set; }
    /// <summary>GPUs by kind as a JSON object, such as <c>{"A10G": 4}</c>; a kind that is not named is not limited.</summary>
    public string GpusJson { get; set; } = "{}";
    /// <summary>Sum of the hourly prices, in US dollars.</summary>
    public decimal? HourlyPrice { get; set; }
    public uint RowVersion { get; set; }
}
