namespace Portal.Domain.Access.Grants;

/// <summary>What can be restricted.</summary>
public enum RestrictedKind { Item, Category, Hardware }

/// <summary>What becomes of running workloads whose owner loses the grant.</summary>
public enum OnGrantEnd
{
    /// <summary>They go on until their own end.</summary>
    Keep,
    /// <summary>They are stopped after <see cref="AccessRestriction.Grace"/>.</summary>
    Stop,
}

/// <summary>An item, category or hardware profile that needs a grant.</summary>
public sealed class AccessRestriction
{
    public required RestrictedKind Kind { get; init; }
    public required string Slug { get; init; }
    /// <summary>Who decides requests for it, as approval steps in JSON.</summary>
    public required string StepsJson { get; set; }
    /// <summary>The longest grant a person can ask for.</summary>
    public required TimeSpan LongestGrant { get; set; }
    public required OnGrantEnd OnEnd { get; set; }
    /// <summary>With <see cref="OnGrantEnd.Stop"/>: how long running workloads have.</summary>
    public required TimeSpan Grace { get; set; }
    /// <summary>Why it is restricted, shown beside the lock.</summary>
    public string? Reason { get; set; }
    /// <summary>Since when running workloads are held to <see cref="OnEnd"/> and <see cref="Grace"/>: nobody is stopped by terms that came a moment ago.</summary>
    public required DateTimeOffset CreatedAt { get; set; }
}

/// <summary>The right of a person or a team to use something restricted, from–to.</summary>
public sealed class AccessGrant
{
    public required Guid Id { get; init; }
    public required RestrictedKind Kind { get; init; }
    public required string Slug { get; init; }
    /// <summary>The person; null when it is a team's.</summary>
    public Guid? UserId { get; init; }
    /// <summary>The team; null when it is a person's.</summary>
    public Guid? TeamId { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    /// <summary>Who gave it: the last approver, or an administrator.</summary>
    public required Guid GrantedById { get; init; }
    /// <summary>The request it answers; null when it was given unasked.</summary>
    public Guid? RequestId { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
    public Guid? RevokedById { get; set; }
    public string? RevokeReason { get; set; }
    /// <summary>The last launch or start that needed it; null: never used.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>True while it opens the door.</summary>
    public bool Holds(DateTimeOffset now) => RevokedAt is null && StartsAt <= now && now < EndsAt;

    /// <summary>When it ended or will end.</summary>
    public DateTimeOffset Until => RevokedAt is { } revoked && revoked < EndsAt ? revoked : EndsAt;
}
