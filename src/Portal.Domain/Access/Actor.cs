using Portal.Domain.Teams;

namespace Portal.Domain.Access;

/// <summary>Names of the portal-wide roles.</summary>
public static class PortalRoles
{
    public const string Admin = "Admin";
    public const string FinOps = "FinOps";
    public const string Auditor = "Auditor";

    public static IReadOnlyList<string> All { get; } = [Admin, FinOps, Auditor];
}

/// <summary>What an access token may do. A browser session has all of them.</summary>
public static class TokenScopes
{
    public const string Read = "read";
    public const string Launch = "launch";
    public const string Approve = "approve";
    public const string Admin = "admin";

    public static IReadOnlyList<string> All { get; } = [Read, Launch, Approve, Admin];
}

/// <summary>A team the actor belongs to.</summary>
public sealed record ActorTeam(Guid Id, string Slug, string Name, TeamRole Role);

/// <summary>Who asks. Every use case takes one and asks <see cref="Permissions"/> about it; nothing is taken from the surroundings.</summary>
public sealed record Actor(Guid UserId, string Name, string Email, IReadOnlySet<string> Roles, IReadOnlyList<ActorTeam> Teams, IReadOnlySet<string> Scopes)
{
    /// <summary>True when a script acts with a token of the person.</summary>
    public bool ByToken => TokenId is not null;

    /// <summary>The address the request came from, for the audit trail; null where there is none.</summary>
    public string? Source { get; init; }

    /// <summary>The token they act with; null in a browser.</summary>
    public Guid? TokenId { get; init; }

    /// <summary>The browser session they act in; null with a token, and where the portal itself acts for a person.</summary>
    public Guid? SessionId { get; init; }

    // What roles, teams and scopes mean is for Permissions alone to say.
    internal bool HasAdminRole => Roles.Contains(PortalRoles.Admin);

    internal bool IsAdmin => HasAdminRole && Scopes.Contains(TokenScopes.Admin);

    internal bool IsFinOps => Roles.Contains(PortalRoles.FinOps);

    internal bool IsAuditor => Roles.Contains(PortalRoles.Auditor);

    internal bool HasWideRole => HasAdminRole || IsFinOps || IsAuditor;

    internal bool MayRead => Scopes.Contains(TokenScopes.Read) || MayLaunch || Scopes.Contains(TokenScopes.Admin);

    internal bool MayLaunch => Scopes.Contains(TokenScopes.Launch);

    internal bool MayApprove => Scopes.Contains(TokenScopes.Approve);

    internal bool IsMemberOf(Guid teamId) => Teams.Any(t => t.Id == teamId);

    internal bool Leads(Guid teamId) => Teams.Any(t => t.Id == teamId && t.Role == TeamRole.Lead);
}
