namespace Portal.Domain.Audit;

/// <summary>Who changed what. Written in the transaction of the change and never changed; <see cref="AuditSeal"/> follows within a second or so.</summary>
public sealed class AuditEntry
{
    public required Guid Id { get; init; }
    public required DateTimeOffset At { get; init; }
    /// <summary>person, token (a script with a person's token) or portal (a job).</summary>
    public required string ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public required string ActorName { get; init; }
    /// <summary>Such as <c>workload.launch</c>.</summary>
    public required string Action { get; init; }
    public required string SubjectKind { get; init; }
    public required string SubjectId { get; init; }
    public required string SubjectName { get; init; }
    /// <summary>JSON; holds no secrets. Where a value changed, <c>before</c> and <c>after</c> are in it.</summary>
    public string? Detail { get; init; }
    /// <summary>Why, in the words of who did it.</summary>
    public string? Reason { get; init; }
    /// <summary>Where the request came from: an address; null for the portal's own doings.</summary>
    public string? Source { get; init; }
}

/// <summary>Puts an entry into the chain: its number, and a keyed hash over the entry and the hash before it. Never changed.</summary>
public sealed class AuditSeal
{
    /// <summary>From 1, without a gap.</summary>
    public required long Seq { get; init; }
    public required Guid EntryId { get; init; }
    public required byte[] Hash { get; init; }
}

/// <summary>An entry that waits for its seal; made by a trigger in the transaction of the entry.</summary>
public sealed class AuditUnsealed
{
    public required Guid EntryId { get; init; }
}
