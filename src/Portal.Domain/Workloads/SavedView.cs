namespace Portal.Domain.Workloads;

/// <summary>A filter of the list of workloads that a person keeps under a name.</summary>
public sealed class SavedView
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    /// <summary>1–40 characters; one of a name for each person.</summary>
    public required string Name { get; set; }
    /// <summary>The query part of the list's address, without the question mark.</summary>
    public required string Query { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}
