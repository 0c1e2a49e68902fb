namespace Portal.Domain.Costs;

/// <summary>A team's amount for a month (UTC). Without a row the team has none, and nothing is held against it.</summary>
public sealed class TeamBudget
{
    public required Guid TeamId { get; init; }
    /// <summary>For each month, in <see cref="Currency"/>.</summary>
    public required decimal Amount { get; set; }
    public string Currency { get; init; } = "USD";
    public required DateTimeOffset ChangedAt { get; set; }
    public uint RowVersion { get; set; }
}
