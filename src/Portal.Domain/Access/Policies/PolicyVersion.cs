namespace Portal.Domain.Access.Policies;

/// <summary>A published list of policies; the one with the highest number is in force. Never changed.</summary>
public sealed class PolicyVersion
{
    /// <summary>From 1; two people who publish at once get a conflict, not two numbers.</summary>
    public required int Number { get; init; }
    /// <summary>Which shape <see cref="ListJson"/> has, see <see cref="PolicyJson.SchemaVersion"/>.</summary>
    public required int Schema { get; init; }
    /// <summary>The list, see <see cref="PolicyJson"/>.</summary>
    public required string ListJson { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }
    public required Guid PublishedById { get; init; }
    /// <summary>What changed, in the author's words.</summary>
    public string? Note { get; init; }
}
