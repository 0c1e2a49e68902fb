using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Offers a workload to somebody else of its team, who becomes its owner by accepting. Who takes it over themselves, as a lead may, owns it at once.</summary>
public sealed class OfferWorkload(ChangeWorkload change, HandOver handOver)
{
    /// <param name="toEmail">A member of the team that pays.</param>
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, string toEmail, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.offer", async (db, workload, now) =>
        {
            if (workload.Desired == DesiredState.Deleted) return new WorkloadOutcome.Conflict("It is deleted.");
            var wanted = toEmail.Trim().ToUpperInvariant();
            var to = await db.Users.Where(u => u.NormalizedEmail == wanted && !u.Disabled && db.TeamMembers.Any(m => m.TeamId == workload.TeamId && m.UserId == u.Id)).Select(u => new { u.Id, u.DisplayName }).SingleOrDefaultAsync(cancellationToken);
            if (to is null) return new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { ["to"] = ["Somebody of the team that pays for it; nobody else can own it."] });
            if (to.Id == workload.OwnerId) return new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { ["to"] = [$"{to.DisplayName} owns it already."] });
            if (await handOver.ObstacleAsync(db, workload, to.Id, cancellationToken) is { } obstacle) return new WorkloadOutcome.Conflict(obstacle);
            await WithdrawOpenAsync(db, workload, now, cancellationToken);
            var offer = new WorkloadTransfer { Id = Guid.CreateVersion7(now), WorkloadId = id, FromUserId = workload.OwnerId, ToUserId = to.Id, OfferedById = actor.UserId, CreatedAt = now, ExpiresAt = now + WorkloadTransfer.OpenFor };
            db.WorkloadTransfers.Add(offer);
            if (to.Id == actor.UserId)
            {
                await handOver.ApplyAsync(db, workload, offer, actor, now, cancellationToken);
                return null;
            }
            db.Record(workload, workload.Phase, $"{actor.Name} offers it to {to.DisplayName}, who owns it once they accept.", actor, now);
            await db.TellAsync([to.Id], new News(NotificationKind.Ownership, $"transfer:{offer.Id}:offered", $"{actor.Name} offers you “{workload.Name}”", $"/workloads/{id}", "You own it, and what it costs counts as yours, once you accept."), now, cancellationToken);
            return null;
        }, null, cancellationToken, PortalAction.TransferWorkload);

    /// <summary>A newer offer, or a deletion, takes the place of an older one. The workload's row must be locked.</summary>
    internal static async Task WithdrawOpenAsync(PortalDbContext db, Workload workload, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var open in await db.WorkloadTransfers.Where(t => t.WorkloadId == workload.Id && t.State == TransferState.Offered).ToListAsync(cancellationToken)) (open.State, open.EndedAt) = (TransferState.Withdrawn, now);
        // Before the new one is inserted: only one may be open.
        await db.SaveChangesAsync(cancellationToken);
    }
}
