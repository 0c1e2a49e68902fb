using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Grants;
using Portal.Application.Access.Policies;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;
using Portal.Domain.Catalog;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Approvals;

/// <summary>What somebody wants to run, for the policies.</summary>
/// <param name="OwnerId">Whose grants count: the workload's owner.</param>
public sealed record LaunchPlan(ItemSpec Item, HardwareProfileSpec Hardware, string Target, CapacityType Capacity, decimal HourlyPrice, TimeSpan? Lifetime, Guid OwnerId, Guid TeamId, string Team)
{
    /// <summary>The workload it is about, whose own commitment it replaces; null: a new one.</summary>
    public Guid? WorkloadId { get; init; }

    /// <summary>From now to its end, where that is not <see cref="Lifetime"/>.</summary>
    public TimeSpan? Remaining { get; init; }
}

/// <summary>What the portal says to a plan.</summary>
public abstract record LaunchRuling
{
    private LaunchRuling() { }

    /// <summary>It may run at once.</summary>
    public sealed record Allowed(PolicyVerdict Verdict, int PolicyNumber) : LaunchRuling;

    /// <summary>Somebody has to say yes first.</summary>
    /// <param name="Who">Who is asked, such as <c>their lead, then an Admin</c>.</param>
    /// <param name="People">Names of those who could decide the first step.</param>
    public sealed record NeedsApproval(PolicyVerdict Verdict, int PolicyNumber, string Who, IReadOnlyList<string> People, Guid? ItemTeamId) : LaunchRuling;

    /// <summary>A rule refuses it, or a rule asks for people who do not exist.</summary>
    public sealed record Denied(string Rule, string Reason) : LaunchRuling;

    /// <summary>The item, its category or the hardware needs a grant.</summary>
    public sealed record Locked(IReadOnlyList<ClosedDoor> Locks) : LaunchRuling
    {
        public string Reason => string.Join(" ", Locks.Select(l => l.Words));
    }
}

/// <summary>The one place that says whether something may run: grants first, then the policies in force. Estimate, launch, start and extension ask here.</summary>
public sealed class LaunchPolicy(PolicyBook book, AccessRights rights)
{
    internal async Task<LaunchRuling> RuleAsync(PortalDbContext db, LaunchPlan plan, Actor requester, CancellationToken cancellationToken)
    {
        if (await rights.LocksAsync(db, plan.Item, plan.Hardware.Slug, plan.OwnerId, plan.TeamId, cancellationToken) is { Count: > 0 } locks) return new LaunchRuling.Locked(locks);
        var inForce = await book.GetAsync(db, cancellationToken);
        // Somebody from outside, such as an administrator who starts a team's workload again, counts as an ordinary member.
        var team = requester.Teams.FirstOrDefault(t => t.Id == plan.TeamId) ?? new ActorTeam(plan.TeamId, plan.Team, plan.Team, TeamRole.Member);
        var left = await TeamBudgets.LeftAfterAsync(db, plan.TeamId, plan.HourlyPrice, plan.Remaining ?? plan.Lifetime, plan.WorkloadId, cancellationToken);
        var verdict = PolicyEvaluator.Evaluate(inForce.List, PolicyFacts.Of(plan.Item, plan.Hardware, plan.Target, plan.Capacity, plan.HourlyPrice, plan.Lifetime, requester, team) with { BudgetLeftAfter = left });
        return verdict.Effect switch
        {
            PolicyEffect.Allow => new LaunchRuling.Allowed(verdict, inForce.Number),
            PolicyEffect.Deny => new LaunchRuling.Denied(verdict.Rule.Name, verdict.Rule.Message ?? $"The rule “{verdict.Rule.Name}” refuses it: {verdict.Why}."),
            _ => await AskAsync(db, plan, verdict, inForce.Number, requester, cancellationToken),
        };
    }

    private static async Task<LaunchRuling> AskAsync(PortalDbContext db, LaunchPlan plan, PolicyVerdict verdict, int number, Actor requester, CancellationToken cancellationToken)
    {
        var steps = verdict.Rule.Steps;
        var itemTeam = await db.Teams.Where(t => t.Slug == plan.Item.Owner).Select(t => (Guid?)t.Id).SingleOrDefaultAsync(cancellationToken);
        var approvers = await ApproverBook.ReadAsync(db, steps, cancellationToken);
        var who = PolicyWords.Steps(steps);
        return approvers.CanBeMet(steps, plan.TeamId, itemTeam, requester.UserId, plan.OwnerId)
            ? new LaunchRuling.NeedsApproval(verdict, number, who, [.. approvers.For(steps[0].Approvers, plan.TeamId, itemTeam, requester.UserId, plan.OwnerId).Select(a => a.Name)], itemTeam)
            : new LaunchRuling.Denied(verdict.Rule.Name, $"The rule “{verdict.Rule.Name}” asks {who}, and besides you there are not enough people for that. An administrator can name another lead, or change the rule.");
    }
}
