namespace Portal.Domain.Access;

/// <summary>
/// A sign-in of a person with a browser. The cookie names it; the row says whether it still counts, for requests and for pages that are open, on whichever replica.
/// </summary>
public sealed class BrowserSession
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    /// <summary>When it ends, used or not.</summary>
    public required DateTimeOffset EndsAt { get; init; }
    /// <summary>When the person signed out of it or changed their password.</summary>
    public DateTimeOffset? EndedAt { get; set; }
}
