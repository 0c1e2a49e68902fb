namespace Portal.Domain.Access;

/// <summary>A personal access token. The token itself (<c>ptl_…</c>) is shown once; only its SHA-256 is kept.</summary>
public sealed class AccessToken
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required string Name { get; init; }
    /// <summary>The first characters, to recognise it by.</summary>
    public required string Prefix { get; init; }
    public required byte[] Hash { get; init; }
    public required string[] Scopes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>The one-time way from the portal into a workload's own origin: 256 bit, stored as SHA-256, single use, 30 s, bound to person and workload.</summary>
public sealed class EntryCode
{
    public required byte[] Hash { get; init; }
    public required Guid UserId { get; init; }
    public required Guid WorkloadId { get; init; }
    /// <summary>Where inside the workload to go, starting with <c>/w/{id}/</c>.</summary>
    public required string Path { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}
