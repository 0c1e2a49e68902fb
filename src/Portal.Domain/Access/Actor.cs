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

/// <summary>Who asks. Every use case takes one and decides by it; nothing is taken from the surroundings.</summary>
public sealed record Actor(Guid UserId, string Name, string Email, IReadOnlySet<string> Roles, IReadOnlyList<ActorTeam> Teams, IReadOnlySet<string> Scopes)
{
    /// <summary>True when a script acts with a token of the person.</summary>
    public bool ByToken { get; init; }

    /// <summary>The address the request came from, for the audit trail; null where there is none.</summary>
    public string? Source { get; init; }

    public bool IsAdmin => Roles.Contains(PortalRoles.Admin) && Scopes.Contains(TokenScopes.Admin);

    /// <summary>Sees every team's workloads and costs: administrators, FinOps and auditors.</summary>
    public bool SeesEverything => Roles.Contains(PortalRoles.Admin) || Roles.Contains(PortalRoles.FinOps) || Roles.Contains(PortalRoles.Auditor);

    public bool MayRead => Scopes.Contains(TokenScopes.Read) || MayLaunch || Scopes.Contains(TokenScopes.Admin);

    public bool MayLaunch => Scopes.Contains(TokenScopes.Launch);

    public bool IsMemberOf(Guid teamId) => Teams.Any(t => t.Id == teamId);

    public bool Leads(Guid teamId) => Teams.Any(t => t.Id == teamId && t.Role == TeamRole.Lead);
}

/// <summary>Rules about one workload; every use case and query asks here.</summary>
public static class WorkloadAccess
{
    /// <summary>May know that it exists, and read its page, logs, metrics and costs.</summary>
    public static bool MaySee(Actor actor, Guid ownerId, Guid teamId, bool sharedWithActor) =>
        actor.MayRead && (actor.UserId == ownerId || actor.IsMemberOf(teamId) || actor.SeesEverything || sharedWithActor);

    /// <summary>May stop, start, extend, delete, share and hand it over: the owner (while in the team), its team's leads, administrators.</summary>
    public static bool MayChange(Actor actor, Guid ownerId, Guid teamId) =>
        actor.MayLaunch && ((actor.UserId == ownerId && actor.IsMemberOf(teamId)) || actor.Leads(teamId) || actor.IsAdmin);

    /// <summary>May open the program itself: the owner, those it was opened to. Administrators have no back door into people's programs.</summary>
    public static bool MayOpen(Actor actor, Guid ownerId, Guid teamId, bool openToTeam, bool sharedWithActor) =>
        actor.MayLaunch && ((actor.UserId == ownerId && actor.IsMemberOf(teamId)) || (openToTeam && actor.IsMemberOf(teamId)) || sharedWithActor);
}
