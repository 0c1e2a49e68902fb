using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Grants;
using Portal.Application.Audit;
using Portal.Application.Catalog;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Gives a workload another owner, in the transaction of the wish. The row must be locked.</summary>
public sealed class HandOver(PublishedItems items, AccessRights rights, ComputeTargets targets, ResourceLimits limits)
{
    /// <summary>Why this person cannot own it now; null when they can.</summary>
    internal async Task<string?> ObstacleAsync(PortalDbContext db, Workload workload, Guid to, CancellationToken cancellationToken)
    {
        // Otherwise somebody could decide what is theirs by then.
        if (await db.ApprovalRequests.AnyAsync(r => r.WorkloadId == workload.Id && r.State == ApprovalState.Waiting, cancellationToken)) return "A request about it waits for an answer. Withdraw it, or wait until it is decided.";
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        if (await rights.LocksAsync(db, spec, workload.Hardware, to, workload.TeamId, cancellationToken) is { Count: > 0 } locks) return $"The new owner has no access: {string.Join(" ", locks.Select(l => l.Words))}";
        if (await limits.NeverAsync(db, workload.TeamId, to, PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson), workload.HourlyPrice, cancellationToken) is { } never) return $"It is beyond a limit of the new owner. {never}";
        if (targets.Find(workload.Target) is not { } target) return null;
        // A host that keeps people's programs apart by refusing a second person would never start it again.
        var hardware = PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson);
        var theirs = await target.GetOffersAsync(new OfferRequest(hardware, [], to), cancellationToken);
        var before = await target.GetOffersAsync(new OfferRequest(hardware, [], workload.OwnerId), cancellationToken);
        return before.Any(o => o.Available) && !theirs.Any(o => o.Available) ? theirs.Select(o => o.Reason).FirstOrDefault() ?? "It could not run for the new owner." : null;
    }

    /// <summary>Makes the offer's receiver the owner. Names on the sharing list stay, but for the new owner's own.</summary>
    internal async Task ApplyAsync(PortalDbContext db, Workload workload, WorkloadTransfer offer, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var names = await db.Users.Where(u => u.Id == offer.FromUserId || u.Id == offer.ToUserId).ToDictionaryAsync(u => u.Id, u => new { u.DisplayName, u.Email }, cancellationToken);
        (offer.State, offer.EndedAt) = (TransferState.Accepted, now);
        (workload.OwnerId, workload.OwnerGoneAt) = (offer.ToUserId, null);
        await db.WorkloadShares.Where(s => s.WorkloadId == workload.Id && s.UserId == offer.ToUserId).ExecuteDeleteAsync(cancellationToken);
        db.Record(workload, workload.Phase, $"{names[offer.ToUserId].DisplayName} owns it now, after {names[offer.FromUserId].DisplayName}.", actor, now);
        db.Audit(actor, now, "workload.transfer", "workload", workload.Id.ToString(), workload.Name, new { before = names[offer.FromUserId].Email, after = names[offer.ToUserId].Email });
        await db.TellAsync(new[] { offer.FromUserId, offer.OfferedById }.Where(p => p != actor.UserId), new News(NotificationKind.Ownership, $"transfer:{offer.Id}:accepted", $"{names[offer.ToUserId].DisplayName} owns “{workload.Name}” now", $"/workloads/{workload.Id}"), now, cancellationToken);
    }
}
