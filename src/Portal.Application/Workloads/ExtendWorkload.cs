using Portal.Application.Access.Approvals;
using Portal.Application.Catalog;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Moves the hard end of an active workload; asks first where the policies would for the longer lifetime.</summary>
public sealed class ExtendWorkload(ChangeWorkload change, LaunchPolicy policy, PublishedItems items)
{
    /// <param name="reason">For approvers, when it takes some.</param>
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, TimeSpan by, Actor actor, CancellationToken cancellationToken, string? reason = null) =>
        change.ExecuteAsync(id, actor, "workload.extend", async (db, workload, now) =>
        {
            if (by < TimeSpan.FromMinutes(1) || by > LaunchOptions.LongestLifetime) return Invalid("by", $"From PT1M to P{LaunchOptions.LongestLifetime.Days}D.");
            if (reason is { Length: > 500 } || reason?.Contains('\0') == true) return Invalid("reason", "At most 500 characters.");
            if (workload.Phase == WorkloadPhase.PendingApproval) return new WorkloadOutcome.Conflict("It waits for approval; its time begins when it is approved.");
            if (workload.Desired != DesiredState.Running || !workload.Phase.IsActive()) return new WorkloadOutcome.Conflict("It is not running, so there is no end to move. Start it first.");
            if (workload.ExpiresAt is not { } end) return new WorkloadOutcome.Conflict("It has no end, so there is nothing to extend.");
            var extended = (end > now ? end : now) + by;
            if (extended > now + LaunchOptions.LongestLifetime) return Invalid("by", $"The end may lie at most {LaunchOptions.LongestLifetime.Days} days ahead.");
            var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
            var lifetime = extended - (workload.StartedAt ?? workload.QueuedAt);
            var ruling = await policy.RuleAsync(db, await ReturnToQueue.PlanAsync(db, workload, spec, workload.HourlyPrice, lifetime, cancellationToken) with { Remaining = extended - now }, actor, cancellationToken);
            if (ruling is LaunchRuling.Allowed or LaunchRuling.NeedsApproval)
            {
                // One question at a time, about the end as it is: the newer wish replaces the older.
                await db.WithdrawOpenAsync(workload, actor, now, cancellationToken, ApprovalKind.Extension);
                await db.SaveChangesAsync(cancellationToken);
            }
            switch (ruling)
            {
                case LaunchRuling.Denied denied: return new WorkloadOutcome.Denied(denied.Rule, denied.Reason);
                case LaunchRuling.Locked locked: return new WorkloadOutcome.Forbidden(locked.Reason);
                case LaunchRuling.NeedsApproval needs:
                    var request = db.Ask(ApprovalKind.Extension, workload, spec.Slug, needs, (decimal)by.TotalHours, reason, actor, now);
                    db.Record(workload, workload.Phase, $"{actor.Name} asks to extend it until {extended:yyyy-MM-dd HH:mm} UTC; {needs.Who} must agree.", actor, now);
                    await db.TellApproversAsync(request, actor.UserId, now, cancellationToken);
                    return new WorkloadOutcome.ApprovalRequired(id, request.Id, needs.Who);
            }
            workload.ExpiresAt = extended;
            db.Record(workload, workload.Phase, $"Extended by {actor.Name} until {extended:yyyy-MM-dd HH:mm} UTC.", actor, now);
            return null;
        }, null, cancellationToken, PortalAction.OperateWorkload);

    private static WorkloadOutcome.Invalid Invalid(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
