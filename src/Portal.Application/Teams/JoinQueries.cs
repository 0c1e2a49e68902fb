using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;

namespace Portal.Application.Teams;

/// <summary>A team by name alone: that is all that people outside know of it.</summary>
public sealed record TeamName(string Slug, string Name);

/// <summary>A request of the person to join a team.</summary>
/// <param name="EndReason">How it ended, in words; null while it waits.</param>
public sealed record JoinRequestRow(Guid Id, string Slug, string Team, string Reason, ApprovalState State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? EndReason);

/// <summary>What somebody needs who wants to join a team.</summary>
/// <param name="Teams">Those they are not in.</param>
/// <param name="Waiting">What they have asked and nobody has answered yet.</param>
/// <param name="Refused">The last one that ended without success within two weeks; null when there is none, or one waits.</param>
/// <param name="Administrators">Names of people who can help.</param>
public sealed record JoinView(IReadOnlyList<TeamName> Teams, IReadOnlyList<JoinRequestRow> Waiting, JoinRequestRow? Refused, IReadOnlyList<string> Administrators);

/// <summary>Reads what a person without a team may know.</summary>
public sealed class JoinQueries(IDbContextFactory<PortalDbContext> contexts)
{
    private static readonly TimeSpan Recent = TimeSpan.FromDays(14);

    /// <summary>Nothing can be launched without a team; people who watch over all of them need none.</summary>
    public static bool NeedsTeam(Actor actor) => actor.Teams.Count == 0 && !actor.May(PortalAction.ReadEverything);

    /// <summary>Teams by name alone, and one's own requests; nothing for a token that may not read.</summary>
    public async Task<JoinView> ReadAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.Read)) return new JoinView([], [], null, []);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = actor.Teams.Select(t => t.Id).ToList();
        var teams = await db.Teams.Where(t => !own.Contains(t.Id)).OrderBy(t => t.Name).Select(t => new TeamName(t.Slug, t.Name)).ToListAsync(cancellationToken);
        var since = await db.NowAsync(cancellationToken) - Recent;
        var asked = await db.ApprovalRequests.Where(r => r.RequesterId == actor.UserId && r.Kind == ApprovalKind.Membership && (r.State == ApprovalState.Waiting || r.EndedAt > since))
            .Join(db.Teams, r => r.TeamId, t => t.Id, (r, t) => new { Request = r, t.Name }).OrderByDescending(r => r.Request.CreatedAt)
            .Select(r => new JoinRequestRow(r.Request.Id, r.Request.Subject, r.Name, r.Request.Reason ?? "", r.Request.State, r.Request.CreatedAt, r.Request.ExpiresAt, r.Request.EndReason)).ToListAsync(cancellationToken);
        var administrators = await db.UserRoles.Join(db.Roles.Where(r => r.Name == PortalRoles.Admin), r => r.RoleId, r => r.Id, (r, _) => r.UserId)
            .Join(db.Users.Where(u => !u.Disabled), id => id, u => u.Id, (_, u) => u.DisplayName).OrderBy(n => n).ToListAsync(cancellationToken);
        var waiting = asked.Where(r => r.State == ApprovalState.Waiting).ToList();
        return new JoinView(teams, waiting, waiting.Count == 0 && asked.FirstOrDefault() is { State: ApprovalState.Denied or ApprovalState.Expired } last ? last : null, administrators);
    }
}
