using A = Portal.Domain.Access.PortalAction;

namespace Portal.Domain.Access;

/// <summary>
/// The one place that says whether an actor may do an action on a subject. Use cases, queries, pages, the API, the proxy, the job pages and exports all ask here, on every action anew; nothing outside
/// reads roles or scopes to decide something. <see cref="Of"/> decides, the rest says it shortly.
/// </summary>
public static partial class Permissions
{
    private const string AdminRight = "(role Admin, token scope 'admin')";

    /// <summary>True when the actor may.</summary>
    public static bool May(this Actor actor, PortalAction action, Subject? subject = null) => Of(actor, action, subject ?? Subject.Portal).Allowed;

    /// <summary>Null when the actor may; otherwise which right is missing and whom to ask.</summary>
    public static string? Refusal(this Actor actor, PortalAction action, Subject? subject = null) => Of(actor, action, subject ?? Subject.Portal) is { Allowed: false } ruling ? ruling.Reason : null;

    /// <summary>The whole answer. An action that makes no sense for a subject is a fault of the caller and throws.</summary>
    public static Ruling Of(Actor actor, PortalAction action, Subject subject) => subject switch
    {
        Subject.OfWorkload workload => OnWorkload(actor, action, workload),
        Subject.OfOffer offer => OnOffer(actor, action, offer),
        Subject.Team team => OnTeam(actor, action, team.TeamId),
        Subject.Request request => OnRequest(actor, action, request),
        Subject.Restricted thing => OnRestricted(actor, action, thing.OwnerTeamId),
        Subject.Grant grant => OnGrant(actor, action, grant),
        Subject.OfPerson own => OnPerson(actor, action, own.UserId),
        Subject.Token token => OnToken(actor, action, token),
        _ => OnPortal(actor, action),
    };

    private static Ruling OnPortal(Actor actor, PortalAction action) => action switch
    {
        A.Read => Ruling.If(actor.MayRead, "This token may not read; it needs the scope 'read'."),
        A.EstimateLaunch => Ruling.If(actor.MayRead, "This token may not read; it needs the scope 'read' or 'launch'."),
        A.ReadEverything => Ruling.If(SeesEverything(actor), "Only administrators, FinOps and auditors see what other teams do."),
        A.LaunchWorkload => Ruling.If(actor.MayLaunch, "This token may not launch; it needs the scope 'launch'. Make one under Account."),
        A.AskAccess => Ruling.If(actor.MayLaunch, "This token may not ask for access; it needs the scope 'launch'."),
        A.DecideRequest => Ruling.If(actor.MayApprove, "This token may not decide; it needs the scope 'approve'."),
        A.AskMembership => Ruling.If(actor.MayLaunch, "This token may not ask to join a team; it needs the scope 'launch'."),
        A.WithdrawRequest => Ruling.If(actor.MayLaunch, "This token may not withdraw; it needs the scope 'launch'."),
        A.ReadDecisionTimes => Ruling.If(SeesEverything(actor) || (actor.MayRead && actor.Teams.Any(t => actor.Leads(t.Id))), "For leads, of their teams, and for administrators, FinOps and auditors."),
        A.Delegate => Ruling.If(actor.MayApprove, "This token may not delegate; it needs the scope 'approve'."),
        A.Restrict => Ruling.If(actor.IsAdmin, $"Only administrators may restrict {AdminRight}."),
        A.ReadAllGrants => Ruling.If(Oversees(actor), "Only administrators and auditors see everybody's grants."),
        A.ReadPolicies => Ruling.If(Oversees(actor), "Policies are for administrators and auditors."),
        A.PublishPolicies => Ruling.If(actor.IsAdmin, $"Only administrators may change policies {AdminRight}."),
        A.SetLimits => Ruling.If(actor.IsAdmin, $"Only administrators may set limits {AdminRight}."),
        A.SetBudget => Ruling.If(KeepsBudgets(actor), BudgetWords),
        A.ReadSettings => Ruling.If(Oversees(actor), "Settings are for administrators and auditors."),
        A.ChangeSettings => Ruling.If(actor.IsAdmin, $"Only administrators may change settings {AdminRight}."),
        A.ReadPeople => Ruling.If(actor.IsAdmin || (actor.IsAuditor && actor.MayRead), "People are for administrators and auditors."),
        A.ManagePeople or A.CreateTeam => Ruling.If(actor.IsAdmin, $"Only administrators may do this {AdminRight}."),
        A.ReadTargets => Ruling.If(Oversees(actor), "Targets are for administrators and auditors."),
        A.ManageJobs => Ruling.If(actor.IsAdmin, $"The job queue is for administrators {AdminRight}."),
        A.ChooseNotifications => Ruling.If(actor.MayLaunch, "This token may only read; changing needs the scope 'launch'."),
        A.ManageDeliveries => Ruling.If(actor.IsAdmin, $"Deliveries of everybody are for administrators {AdminRight}."),
        A.ReadAudit => Ruling.If(Oversees(actor), "The audit trail is for administrators and auditors."),
        _ => throw Misfit(action, "the portal"),
    };

    private static Ruling OnTeam(Actor actor, PortalAction action, Guid team)
    {
        var (member, sees) = (actor.IsMemberOf(team), SeesEverything(actor));
        switch (action)
        {
            case A.ReadTeam or A.ReadTeamCosts:
                return sees || (member && actor.MayRead) ? Ruling.Allow : Ruling.Hide;
            case A.ManageMembers:
                if (actor.IsAdmin || (actor.Leads(team) && actor.MayLaunch)) return Ruling.Allow;
                return member || actor.HasWideRole ? Ruling.Refuse("Only administrators and the team's leads may change its members.") : Ruling.Hide;
            case A.LaunchWorkload:
                if (!actor.MayLaunch) return OnPortal(actor, action);
                return member ? Ruling.Allow : Ruling.Refuse("You are not in this team. Ask one of its leads to add you.");
            case A.SetBudget:
                if (KeepsBudgets(actor)) return Ruling.Allow;
                return member || sees ? Ruling.Refuse(BudgetWords) : Ruling.Hide;
            case A.AskBudget:
                if (!member) return sees ? Ruling.Refuse("Only the team's own people ask for more budget.") : Ruling.Hide;
                return Ruling.If(actor.MayLaunch, "This token may not ask for budget; it needs the scope 'launch'.");
            default: throw Misfit(action, "a team");
        }
    }

    private static Ruling OnWorkload(Actor actor, PortalAction action, Subject.OfWorkload workload)
    {
        var member = actor.IsMemberOf(workload.TeamId);
        // An owner who has left the team still sees what was theirs, and no more.
        var owns = actor.UserId == workload.OwnerId && member;
        if (!(SeesEverything(actor) || (actor.MayRead && (member || actor.UserId == workload.OwnerId || workload.Share is not null)))) return Ruling.Hide;
        if (action == A.ReadWorkload) return Ruling.Allow;
        if (action == A.OpenWorkload)
        {
            if (!actor.MayLaunch) return Ruling.Refuse("Opening a workload needs the token scope 'launch'.");
            // Administrators have no back door into people's programs.
            return Ruling.If(owns || (member && workload.Audience == Workloads.WorkloadAudience.Team) || workload.Share is not null, "It is not shared with you. Ask its owner to open it to the team or to you.");
        }
        var operates = action == A.OperateWorkload && workload.Share == Workloads.ShareLevel.Operate;
        if (action is not (A.OperateWorkload or A.ChangeWorkload or A.DeleteWorkload or A.ShareWorkload or A.TransferWorkload or A.MoveWorkload)) throw Misfit(action, "a workload");
        if (!actor.MayLaunch) return Ruling.Refuse("This token may only read; changing needs the scope 'launch'.");
        return Ruling.If(operates || owns || actor.Leads(workload.TeamId) || actor.IsAdmin, "Only its owner, its team's leads and administrators may change it. Ask the owner.");
    }

    private static Ruling OnOffer(Actor actor, PortalAction action, Subject.OfOffer offer)
    {
        if (action != A.AnswerOffer) throw Misfit(action, "an offer");
        if (OnWorkload(actor, A.ReadWorkload, offer.Workload) is { Allowed: false } hidden) return hidden;
        if (!actor.MayLaunch) return Ruling.Refuse("This token may only read; changing needs the scope 'launch'.");
        if (offer.ToUserId != actor.UserId) return Ruling.Refuse("It was offered to somebody else.");
        return Ruling.If(actor.IsMemberOf(offer.Workload.TeamId), "You are no longer in the team that pays for it.");
    }

    private static Ruling OnRequest(Actor actor, PortalAction action, Subject.Request request)
    {
        var own = actor.UserId == request.RequesterId;
        var known = own || actor.HasWideRole || actor.Leads(request.TeamId) || request.IsInvolved || request.IsAsked;
        switch (action)
        {
            case A.ReadRequest:
                return known && actor.MayRead ? Ruling.Allow : Ruling.Hide;
            case A.BeAsked or A.DecideRequest:
                if (action == A.DecideRequest && !actor.MayApprove) return OnPortal(actor, action);
                if (own) return Ruling.Refuse("Nobody decides their own request.");
                if (request.IsAsked) return Ruling.Allow;
                return known ? Ruling.Refuse($"It is now for {request.Deciders} to decide.") : Ruling.Hide;
            case A.WithdrawRequest:
                if (!actor.MayLaunch) return OnPortal(actor, action);
                if (own) return Ruling.Allow;
                return known ? Ruling.Refuse("Only who asked can withdraw.") : Ruling.Hide;
            default: throw Misfit(action, "a request");
        }
    }

    private static Ruling OnRestricted(Actor actor, PortalAction action, Guid? owners) => action is A.GiveGrant or A.RevokeGrant
        ? Ruling.If(actor.IsAdmin || (owners is { } team && actor.Leads(team) && actor.MayApprove), "Grants are given and taken away by administrators and by leads of the item's owner team.")
        : throw Misfit(action, "something restricted");

    private static Ruling OnGrant(Actor actor, PortalAction action, Subject.Grant grant)
    {
        var (own, ownTeam) = (grant.UserId == actor.UserId, grant.TeamId is { } team && actor.IsMemberOf(team));
        // Giving back one's own is always possible.
        if (action == A.RevokeGrant && own) return Ruling.If(actor.MayLaunch, "This token may not give it back; it needs the scope 'launch'.");
        if (OnRestricted(actor, action, grant.OwnerTeamId) is { Allowed: false } refusal) return action == A.GiveGrant || ownTeam || actor.HasWideRole ? refusal : Ruling.Hide;
        return Ruling.If(action == A.RevokeGrant || !(own || ownTeam), "Nobody grants access to themselves or their own team. Ask for it; somebody else decides.");
    }

    private static Ruling OnPerson(Actor actor, PortalAction action, Guid person) => action is A.ManageTokens or A.ManageAccount
        ? actor.UserId == person ? Ruling.Allow : Ruling.Hide
        : throw Misfit(action, "a person");

    private static Ruling OnToken(Actor actor, PortalAction action, Subject.Token token)
    {
        if (action != A.CreateToken) throw Misfit(action, "a token");
        return actor.UserId == token.UserId ? Ruling.If(!token.Scopes.Except(actor.Scopes).Any(), "A token cannot make a token with more rights than its own.") : Ruling.Hide;
    }

    private const string BudgetWords = $"Budgets are set by administrators {AdminRight} and by FinOps (token scope 'launch').";

    private static bool KeepsBudgets(Actor actor) => actor.IsAdmin || (actor.IsFinOps && actor.MayLaunch);

    private static bool SeesEverything(Actor actor) => actor.MayRead && actor.HasWideRole;

    // Reads what is about the portal itself.
    private static bool Oversees(Actor actor) => actor.MayRead && (actor.HasAdminRole || actor.IsAuditor);

    private static ArgumentOutOfRangeException Misfit(PortalAction action, string subject) => new(nameof(action), $"{action} is not something one does to {subject}.");
}
