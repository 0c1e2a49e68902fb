using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Accepts or declines a workload that was offered to the actor, or takes back an offer that the actor may make.</summary>
public sealed class AnswerOffer(IDbContextFactory<PortalDbContext> contexts, HandOver handOver)
{
    /// <param name="answer">Accepted, Declined, or Withdrawn.</param>
    public async Task<WorkloadOutcome> ExecuteAsync(Guid workloadId, TransferState answer, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var workload = await db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {workloadId} for no key update").SingleOrDefaultAsync(cancellationToken);
        var offer = await db.WorkloadTransfers.SingleOrDefaultAsync(t => t.WorkloadId == workloadId && t.State == TransferState.Offered, cancellationToken);
        if (workload is null) return new WorkloadOutcome.NotFound();
        var subject = Subject.OfWorkload.Of(workload, await db.ShareOfAsync(workloadId, actor, cancellationToken));
        var ruling = answer == TransferState.Withdrawn ? Permissions.Of(actor, PortalAction.TransferWorkload, subject) : Permissions.Of(actor, PortalAction.AnswerOffer, new Subject.OfOffer(subject, offer?.ToUserId ?? actor.UserId));
        if (!ruling.Allowed) return ruling.Hidden ? new WorkloadOutcome.NotFound() : new WorkloadOutcome.Forbidden(ruling.Reason);
        if (offer is null) return new WorkloadOutcome.Conflict("There is no offer open: it was answered, taken back, or has expired.");
        var now = await db.NowAsync(cancellationToken);
        if (offer.ExpiresAt <= now) answer = TransferState.Expired;
        if (answer == TransferState.Accepted)
        {
            if (await handOver.ObstacleAsync(db, workload, actor.UserId, cancellationToken) is { } obstacle) return new WorkloadOutcome.Conflict(obstacle);
            await handOver.ApplyAsync(db, workload, offer, actor, now, cancellationToken);
        }
        else await EndAsync(db, workload, offer, answer, actor, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync([workloadId], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer == TransferState.Expired ? new WorkloadOutcome.Conflict("The offer has expired.") : new WorkloadOutcome.Accepted(workloadId);
    }

    private static async Task EndAsync(PortalDbContext db, Workload workload, WorkloadTransfer offer, TransferState answer, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (offer.State, offer.EndedAt) = (answer, now);
        if (answer == TransferState.Expired) return;
        var words = answer == TransferState.Declined ? $"{actor.Name} declined to own it." : $"{actor.Name} took the offer back.";
        db.Record(workload, workload.Phase, words, actor, now);
        db.Audit(actor, now, answer == TransferState.Declined ? "workload.offer.decline" : "workload.offer.withdraw", "workload", workload.Id.ToString(), workload.Name);
        if (answer == TransferState.Declined)
            await db.TellAsync(new[] { offer.FromUserId, offer.OfferedById }.Where(p => p != actor.UserId), new News(NotificationKind.Ownership, $"transfer:{offer.Id}:declined", $"{actor.Name} declined to own “{workload.Name}”", $"/workloads/{workload.Id}"), now, cancellationToken);
    }
}
