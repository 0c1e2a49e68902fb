namespace Portal.Domain.Audit;

/// <summary>Who changed what. Written in the transaction of the change; sealed into a chain later.</summary>
public sealed class AuditEntry
{
    public required Guid Id { get; init; }
    public required DateTimeOffset At { get; init; }
    /// <summary>person or portal.</summary>
    public required string ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public required string ActorName { get; init; }
    /// <summary>Such as <c>workload.launch</c>.</summary>
    public required string Action { get; init; }
    public required string SubjectKind { get; init; }
    public required string SubjectId { get; init; }
    public required string SubjectName { get; init; }
    /// <summary>JSON; holds no secrets.</summary>
    public string? Detail { get; init; }
}
