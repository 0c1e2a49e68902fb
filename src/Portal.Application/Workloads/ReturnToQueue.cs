using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Settings;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Brings back a workload that rests: asks grants and policies as a launch does, and queues it or waits for approval. Start and restart come here.</summary>
public sealed class ReturnToQueue(LaunchPolicy policy, PublishedItems items, CurrentQuotes quotes, PortalSettings settings, AccessRights rights)
{
    /// <summary>Why it may not come back without a question to somebody; null when it may. For one that is still stopping, where nothing can wait.</summary>
    internal async Task<WorkloadOutcome?> RefusalAsync(PortalDbContext db, Workload workload, Actor actor, CancellationToken cancellationToken)
    {
        var inForce = await settings.GetAsync(cancellationToken);
        if (inForce.LaunchPaused is { Length: > 0 } paused) return new WorkloadOutcome.Conflict($"Launches are paused: {paused}");
        // It would be stopped again at the next look.
        if (workload.OwnerGoneAt + inForce.OwnerGrace < await db.NowAsync(cancellationToken)) return new WorkloadOutcome.Conflict("Its owner has gone. Take it over first, or offer it to somebody of the team; then it can be started.");
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        return await policy.RuleAsync(db, await PlanAsync(db, workload, spec, workload.HourlyPrice, workload.Lifetime, cancellationToken), actor, cancellationToken) switch
        {
            LaunchRuling.Denied denied => new WorkloadOutcome.Denied(denied.Rule, denied.Reason),
            LaunchRuling.Locked locked => new WorkloadOutcome.Forbidden(locked.Reason),
            LaunchRuling.NeedsApproval needs when !await db.IsCoveredAsync(workload.Id, needs, (decimal?)workload.Lifetime?.TotalHours, workload.HourlyPrice, inForce.QuoteTolerance, cancellationToken) =>
                new WorkloadOutcome.Conflict($"It is still stopping, and starting it again needs approval by {needs.Who}. Ask once it has stopped."),
            _ => null,
        };
    }

    /// <summary>Why its owner may not use it any more; null: they may.</summary>
    internal async Task<WorkloadOutcome?> LockedAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken)
    {
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        return await rights.LocksAsync(db, spec, workload.Hardware, workload.OwnerId, workload.TeamId, cancellationToken) is { Count: > 0 } locks ? new WorkloadOutcome.Forbidden(new LaunchRuling.Locked(locks).Reason) : null;
    }

    /// <summary>Null when it is queued; the row must be locked.</summary>
    internal async Task<WorkloadOutcome?> ExecuteAsync(PortalDbContext db, Workload workload, string words, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var inForce = await settings.GetAsync(cancellationToken);
        if (inForce.LaunchPaused is { Length: > 0 } paused) return new WorkloadOutcome.Conflict($"Launches are paused: {paused}");
        // It would be stopped again at the next look.
        if (workload.OwnerGoneAt + inForce.OwnerGrace < await db.NowAsync(cancellationToken)) return new WorkloadOutcome.Conflict("Its owner has gone. Take it over first, or offer it to somebody of the team; then it can be started.");
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        var price = (await quotes.OfAsync(workload, cancellationToken))?.HourlyPrice ?? workload.HourlyPrice;
        var plan = await PlanAsync(db, workload, spec, price, workload.Lifetime, cancellationToken);
        var ruling = await policy.RuleAsync(db, plan, actor, cancellationToken);
        if (ruling is LaunchRuling.Denied denied) return new WorkloadOutcome.Denied(denied.Rule, denied.Reason);
        if (ruling is LaunchRuling.Locked locked) return new WorkloadOutcome.Forbidden(locked.Reason);
        // What was asked about an earlier run is no question any more.
        await db.WithdrawOpenAsync(workload, actor, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        workload.HourlyPrice = price;
        var hours = (decimal?)workload.Lifetime?.TotalHours;
        if (ruling is LaunchRuling.NeedsApproval needs && !await db.IsCoveredAsync(workload.Id, needs, hours, price, inForce.QuoteTolerance, cancellationToken))
        {
            var request = db.Ask(ApprovalKind.Launch, workload, spec.Slug, needs, hours, null, actor, now);
            workload.AwaitApproval($"Waits for approval by {needs.Who} (rule “{needs.Verdict.Rule.Name}”).", now);
            await db.TellApproversAsync(request, actor.UserId, now, cancellationToken);
            return new WorkloadOutcome.ApprovalRequired(workload.Id, request.Id, needs.Who);
        }
        workload.Enqueue(words, now);
        await rights.NoteUseAsync(db, spec, workload.Hardware, workload.OwnerId, workload.TeamId, now, cancellationToken);
        return null;
    }

    /// <summary>What policies see of a workload that exists.</summary>
    internal static async Task<LaunchPlan> PlanAsync(PortalDbContext db, Workload workload, ItemSpec spec, decimal price, TimeSpan? lifetime, CancellationToken cancellationToken)
    {
        var team = await db.Teams.Where(t => t.Id == workload.TeamId).Select(t => t.Slug).SingleAsync(cancellationToken);
        return new LaunchPlan(spec, PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson), workload.Target, workload.Capacity, price, lifetime, workload.OwnerId, workload.TeamId, team) { WorkloadId = workload.Id };
    }
}
