using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Where and on what a workload is to run instead; nulls stay as they are.</summary>
/// <param name="Hardware">Slug of a profile that its item allows.</param>
/// <param name="Capacity">on-demand, spot or spot-with-fallback.</param>
public sealed record MoveWish(string? Hardware = null, string? Target = null, string? Capacity = null);

/// <summary>What a workload becomes by a move, as quoted when it was asked.</summary>
public sealed record PlaceChange(string Target, CapacityType Capacity, HardwareProfileSpec Hardware, decimal HourlyPrice, decimal ListHourlyPrice);

/// <summary>
/// Moves a workload to other hardware, another target or another kind of capacity, with its folder. What runs begins a new attempt there; what rests moves when it is started.
/// Asks as a launch would where it becomes costlier, or where another rule asks than where it is.
/// </summary>
public sealed class MoveWorkload(ChangeWorkload change, LaunchTermsReader terms, LaunchPolicy policy, PublishedItems items, CurrentPrices prices, ResourceLimits limits, AccessRights rights)
{
    /// <param name="reason">For approvers, when it takes some.</param>
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, MoveWish wish, string? reason, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.move", async (db, workload, now) =>
        {
            if (reason is { Length: > 500 } || reason?.Contains('\0') == true) return Invalid("reason", "At most 500 characters.");
            if (await ObstacleAsync(db, workload, cancellationToken) is { } obstacle) return new WorkloadOutcome.Conflict(obstacle);
            var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
            var (deployment, target, hardware, capacity, errors) = await terms.PlaceAsync(
                new LaunchRequest { Item = spec.Slug, Hardware = wish.Hardware ?? workload.Hardware, Target = wish.Target ?? workload.Target, Capacity = wish.Capacity ?? workload.Capacity.ToWord() }, spec, cancellationToken);
            if (errors.Count > 0) return new WorkloadOutcome.Invalid(errors);
            hardware = LaunchTermsReader.Of(hardware!, deployment!, LaunchTermsReader.Read(PortalJson.Read<System.Text.Json.JsonElement>(workload.ParametersJson)));
            if (hardware.Slug == workload.Hardware && target!.Name == workload.Target && capacity == workload.Capacity) return new WorkloadOutcome.Accepted(id);
            var offers = await target!.GetOffersAsync(OfferRequest.For(spec, deployment!, hardware, workload.OwnerId), cancellationToken);
            if (Offer.Best(offers, capacity) is not { } offer) return new WorkloadOutcome.Conflict(Offer.WhyNone(offers, capacity) ?? $"'{target.Name}' has nothing to offer for {hardware.Name}.");
            var quote = (await prices.GetAsync(cancellationToken)).For(offer, hardware);
            if (await limits.NeverAsync(db, workload.TeamId, workload.OwnerId, hardware, quote.HourlyPrice, cancellationToken) is { } never) return new WorkloadOutcome.Denied("Limits", never);
            var becomes = new PlaceChange(target.Name, capacity, hardware, quote.HourlyPrice, quote.ListHourlyPrice);
            var ruling = await policy.RuleAsync(db, await PlanAsync(db, workload, spec, becomes, now, cancellationToken), actor, cancellationToken);
            if (ruling is LaunchRuling.Denied denied) return new WorkloadOutcome.Denied(denied.Rule, denied.Reason);
            if (ruling is LaunchRuling.Locked locked) return new WorkloadOutcome.Forbidden(locked.Reason);
            // One question at a time about what it is now: the newer wish replaces the older.
            await db.WithdrawOpenAsync(workload, actor, now, cancellationToken, ApprovalKind.Move);
            await db.SaveChangesAsync(cancellationToken);
            if (ruling is LaunchRuling.NeedsApproval needs && (quote.HourlyPrice > workload.HourlyPrice || !await IsAskedThereTooAsync(db, workload, spec, needs, actor, now, cancellationToken)))
            {
                var request = db.Ask(ApprovalKind.Move, workload, spec.Slug, needs, (decimal?)workload.Lifetime?.TotalHours, reason, actor, now, becomes);
                await db.TellApproversAsync(request, actor.UserId, now, cancellationToken);
                db.Record(workload, workload.Phase, $"{actor.Name} asks to move it to {hardware.Name} for {quote.HourlyPrice:0.####} {quote.Currency}/h; {needs.Who} must agree.", actor, now);
                return new WorkloadOutcome.ApprovalRequired(id, request.Id, needs.Who);
            }
            Apply(db, workload, becomes, $"Moved by {actor.Name}", actor, now);
            await rights.NoteUseAsync(db, spec, workload.Hardware, workload.OwnerId, workload.TeamId, now, cancellationToken);
            return null;
        }, null, cancellationToken, PortalAction.MoveWorkload);

    /// <summary>Why it cannot be moved now; null when it can.</summary>
    internal static async Task<string?> ObstacleAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken)
    {
        if (workload.Desired == DesiredState.Deleted) return "It is deleted.";
        if (workload.Phase is WorkloadPhase.PendingApproval or WorkloadPhase.Rejected) return "It has not been approved. Launch a copy with what you want.";
        // What is being started is started as it was placed.
        return await db.Allocations.AnyAsync(a => a.WorkloadId == workload.Id && a.EndedAt == null && a.StartedAt == null, cancellationToken) ? "It is just starting. Try again once it runs." : null;
    }

    /// <summary>What policies see of the workload as it would be.</summary>
    internal static async Task<LaunchPlan> PlanAsync(PortalDbContext db, Workload workload, ItemSpec spec, PlaceChange becomes, DateTimeOffset now, CancellationToken cancellationToken) =>
        await AsItIsAsync(db, workload, spec, becomes.HourlyPrice, now, cancellationToken) with { Hardware = becomes.Hardware, Target = becomes.Target, Capacity = becomes.Capacity };

    // What is active has an end of its own, which extensions may have moved; what rests will have its lifetime.
    private static async Task<LaunchPlan> AsItIsAsync(PortalDbContext db, Workload workload, ItemSpec spec, decimal price, DateTimeOffset now, CancellationToken cancellationToken) =>
        workload.Phase.IsActive() && workload.ExpiresAt is { } end
            ? await ReturnToQueue.PlanAsync(db, workload, spec, price, end - (workload.StartedAt ?? workload.QueuedAt), cancellationToken) with { Remaining = end > now ? end - now : TimeSpan.Zero }
            : await ReturnToQueue.PlanAsync(db, workload, spec, price, workload.Lifetime, cancellationToken);

    /// <summary>The same rule asks where it is now: a move that costs no more is no new question.</summary>
    private async Task<bool> IsAskedThereTooAsync(PortalDbContext db, Workload workload, ItemSpec spec, LaunchRuling.NeedsApproval there, Actor actor, DateTimeOffset now, CancellationToken cancellationToken) =>
        await policy.RuleAsync(db, await AsItIsAsync(db, workload, spec, workload.HourlyPrice, now, cancellationToken), actor, cancellationToken) is LaunchRuling.NeedsApproval here && here.Verdict.Rule.Name == there.Verdict.Rule.Name;

    /// <summary>Makes it so; the row must be locked.</summary>
    /// <param name="how">Who did it, for the timeline.</param>
    internal static void Apply(PortalDbContext db, Workload workload, PlaceChange becomes, string how, Actor actor, DateTimeOffset now)
    {
        var before = workload.Hardware;
        (workload.Target, workload.Capacity, workload.Hardware, workload.HardwareJson) = (becomes.Target, becomes.Capacity, becomes.Hardware.Slug, PortalJson.Write(becomes.Hardware));
        (workload.HourlyPrice, workload.ListHourlyPrice) = (becomes.HourlyPrice, becomes.ListHourlyPrice);
        var runs = workload.Desired == DesiredState.Running && workload.Phase is WorkloadPhase.Placing or WorkloadPhase.Starting or WorkloadPhase.Running;
        if (runs) workload.RestartRequested = true;
        else if (workload.Phase == WorkloadPhase.Queued) (workload.QueuedAt, workload.WaitsForCapacity) = (now, false);
        workload.Wake(now);
        db.Record(workload, workload.Phase, $"{how}: from {before} to {becomes.Hardware.Slug} on {becomes.Target} ({becomes.Capacity.ToWord()}), {becomes.HourlyPrice:0.####} {workload.Currency}/h{(runs ? "; a new attempt begins there." : workload.Phase.IsActive() ? "." : " from the next start on.")}", actor, now);
    }

    private static WorkloadOutcome.Invalid Invalid(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
