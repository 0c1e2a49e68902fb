namespace Portal.Domain.Teams;

/// <summary>The tenant: owns workloads, has a cost centre; later a budget and a namespace.</summary>
public sealed class Team
{
    public required Guid Id { get; init; }
    /// <summary>1–40 of a–z, 0–9 and -; teams are named by it everywhere.</summary>
    public required string Slug { get; init; }
    public required string Name { get; set; }
    public string? CostCentre { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A person's part in a team.</summary>
public enum TeamRole { Member, Lead }

/// <summary>A person in a team.</summary>
public sealed class TeamMember
{
    public required Guid TeamId { get; init; }
    public required Guid UserId { get; init; }
    public required TeamRole Role { get; set; }
}
