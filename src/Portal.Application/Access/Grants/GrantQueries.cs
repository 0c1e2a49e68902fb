using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Grants;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Grants;

/// <summary>A grant with its people.</summary>
/// <param name="To">Name of the person, or the team's slug.</param>
/// <param name="Holds">It opens the door now.</param>
/// <param name="MayRevoke">The caller may take it away.</param>
public sealed record GrantRow(
    Guid Id, RestrictedKind Kind, string Slug, string To, bool IsTeam, DateTimeOffset StartsAt, DateTimeOffset EndsAt, string GrantedBy, Guid? RequestId, DateTimeOffset? RevokedAt, string? RevokedBy, string? RevokeReason, DateTimeOffset? LastUsedAt, bool Holds, bool IsMine, bool MayRevoke);

/// <summary>Something restricted.</summary>
/// <param name="Who">Who decides.</param>
/// <param name="Granted">The caller has access now.</param>
/// <param name="Until">Until when.</param>
/// <param name="Asked">The caller has asked and waits.</param>
/// <param name="Holders">Grants in force, as far as the caller may know of them.</param>
public sealed record RestrictionRow(RestrictedKind Kind, string Slug, string Who, TimeSpan LongestGrant, OnGrantEnd OnEnd, TimeSpan Grace, string? Reason, bool Granted, DateTimeOffset? Until, bool Asked, int Holders);

/// <summary>Reads restrictions and grants.</summary>
public sealed class GrantQueries(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>Everything restricted, with the caller's own state. That something is restricted is no secret.</summary>
    public async Task<IReadOnlyList<RestrictionRow>> RestrictionsAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var teams = actor.Teams.Select(t => t.Id).ToList();
        var restrictions = await db.AccessRestrictions.AsNoTracking().OrderBy(r => r.Kind).ThenBy(r => r.Slug).ToListAsync(cancellationToken);
        var grants = await db.AccessGrants.AsNoTracking().Where(g => g.RevokedAt == null && g.StartsAt <= now && g.EndsAt > now).ToListAsync(cancellationToken);
        var asked = await db.ApprovalRequests.Where(r => r.RequesterId == actor.UserId && r.State == Domain.Access.Approvals.ApprovalState.Waiting && r.SubjectKind != null).Select(r => new { r.SubjectKind, r.Subject }).ToListAsync(cancellationToken);
        return [.. restrictions.Select(r =>
        {
            var here = grants.Where(g => g.Kind == r.Kind && g.Slug == r.Slug).ToList();
            var mine = here.Where(g => g.UserId == actor.UserId || (g.TeamId is { } t && teams.Contains(t))).ToList();
            return new RestrictionRow(r.Kind, r.Slug, PolicyWords.Steps(PolicyJson.ReadSteps(r.StepsJson)), r.LongestGrant, r.OnEnd, r.Grace, r.Reason, mine.Count > 0, mine.Count > 0 ? mine.Max(g => g.EndsAt) : null,
                asked.Exists(a => a.SubjectKind == ClosedDoor.Word(r.Kind) && a.Subject == r.Slug), actor.May(PortalAction.ReadEverything) ? here.Count : mine.Count);
        })];
    }

    /// <summary>Grants: all for administrators and auditors, those of their items for owners' leads, else one's own and one's teams'. Those in force first.</summary>
    /// <param name="onlyMine">Only one's own and one's teams', also for administrators.</param>
    public async Task<IReadOnlyList<GrantRow>> ListAsync(bool onlyMine, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.Read)) return [];
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var teams = actor.Teams.Select(t => (Guid?)t.Id).ToList();
        var seesAll = !onlyMine && actor.May(PortalAction.ReadAllGrants);
        var owners = onlyMine ? [] : await OwnItemsAsync(db, actor, cancellationToken);
        var owned = owners.Keys.ToList();
        var found = await (from g in db.AccessGrants.AsNoTracking()
                           join giver in db.Users on g.GrantedById equals giver.Id
                           join u in db.Users on g.UserId equals u.Id into users from u in users.DefaultIfEmpty()
                           join t in db.Teams on g.TeamId equals t.Id into grantTeams from t in grantTeams.DefaultIfEmpty()
                           join x in db.Users on g.RevokedById equals x.Id into revokers from x in revokers.DefaultIfEmpty()
                           where seesAll || g.UserId == actor.UserId || (g.TeamId != null && teams.Contains(g.TeamId)) || (g.Kind == RestrictedKind.Item && owned.Contains(g.Slug))
                           orderby g.EndsAt descending
                           select new { Grant = g, By = giver.DisplayName, User = (string?)u.DisplayName, Team = (string?)t.Slug, RevokedBy = (string?)x.DisplayName }).Take(500).ToListAsync(cancellationToken);
        return [.. found.Select(f => new GrantRow(
                f.Grant.Id, f.Grant.Kind, f.Grant.Slug, f.User ?? f.Team ?? "", f.Grant.TeamId is not null, f.Grant.StartsAt, f.Grant.EndsAt, f.By, f.Grant.RequestId, f.Grant.RevokedAt, f.RevokedBy, f.Grant.RevokeReason, f.Grant.LastUsedAt, f.Grant.Holds(now),
                f.Grant.UserId == actor.UserId || (f.Grant.TeamId is not null && teams.Contains(f.Grant.TeamId)), f.Grant.Holds(now) && actor.May(PortalAction.RevokeGrant, new Subject.Grant(f.Grant.UserId, f.Grant.TeamId, f.Grant.Kind == RestrictedKind.Item && owners.TryGetValue(f.Grant.Slug, out var owner) ? owner : null))))
            .OrderByDescending(g => g.Holds).ThenBy(g => g.Holds ? g.EndsAt : DateTimeOffset.MaxValue - (g.EndsAt - DateTimeOffset.MinValue))];
    }

    // Items for which the person answers, with their owner team.
    private static async Task<Dictionary<string, Guid>> OwnItemsAsync(PortalDbContext db, Actor actor, CancellationToken cancellationToken)
    {
        var led = actor.Teams.Where(t => actor.May(PortalAction.GiveGrant, new Subject.Restricted(t.Id))).ToDictionary(t => t.Slug, t => t.Id);
        if (led.Count == 0) return [];
        var specs = await (from i in db.CatalogItems join v in db.ItemVersions on i.Id equals v.ItemId select new { i.Slug, v.SpecJson, v.PublishedAt }).ToListAsync(cancellationToken);
        return specs.GroupBy(s => s.Slug).Select(g => (Slug: g.Key, PortalJson.Read<Domain.Catalog.ItemSpec>(g.OrderByDescending(v => v.PublishedAt).First().SpecJson).Owner))
            .Where(i => led.ContainsKey(i.Owner)).ToDictionary(i => i.Slug, i => led[i.Owner]);
    }
}
