using Portal.Domain.Access.Approvals;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Domain.Access;

/// <summary>The same rules as filters of lists, so that a database can answer them. Tests hold that both agree on whatever there is.</summary>
public static partial class Permissions
{
    /// <summary>Those of which <see cref="PortalAction.ReadWorkload"/> is allowed.</summary>
    /// <param name="shares">All shares.</param>
    public static IQueryable<Workload> Readable(this IQueryable<Workload> workloads, IQueryable<WorkloadShare> shares, Actor actor)
    {
        if (!actor.MayRead) return workloads.Where(_ => false);
        if (SeesEverything(actor)) return workloads;
        var (me, teams) = (actor.UserId, actor.Teams.Select(t => t.Id).ToList());
        return workloads.Where(w => w.OwnerId == me || teams.Contains(w.TeamId) || shares.Any(s => s.WorkloadId == w.Id && s.UserId == me));
    }

    /// <summary>Those of which <see cref="PortalAction.ReadRequest"/> is allowed for what the request itself and answers already given say; who is asked now is known to the caller.</summary>
    /// <param name="decisions">All answers.</param>
    public static IQueryable<ApprovalRequest> Readable(this IQueryable<ApprovalRequest> requests, IQueryable<ApprovalDecision> decisions, Actor actor)
    {
        if (!actor.MayRead) return requests.Where(_ => false);
        if (SeesEverything(actor)) return requests;
        var (me, led) = (actor.UserId, actor.Teams.Where(t => actor.Leads(t.Id)).Select(t => t.Id).ToList());
        return requests.Where(r => r.RequesterId == me || led.Contains(r.TeamId) || decisions.Any(d => d.RequestId == r.Id && d.ById == me));
    }

    /// <summary>The teams of which <see cref="PortalAction.ReadDecisionTimes"/> is allowed; null: all.</summary>
    public static IReadOnlyList<Guid>? TeamsOfDecisionTimes(Actor actor) => !actor.MayRead ? [] : SeesEverything(actor) ? null : [.. actor.Teams.Where(t => actor.Leads(t.Id)).Select(t => t.Id)];

    /// <summary>Those of which <see cref="PortalAction.ReadTeam"/> is allowed.</summary>
    public static IQueryable<Team> Readable(this IQueryable<Team> teams, Actor actor)
    {
        if (!actor.MayRead) return teams.Where(_ => false);
        if (SeesEverything(actor)) return teams;
        var own = actor.Teams.Select(t => t.Id).ToList();
        return teams.Where(t => own.Contains(t.Id));
    }
}
