using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>Has failed deliveries tried again, with all their attempts before them. Administrators do; people do so for their own.</summary>
public sealed class RetryDelivery(IDbContextFactory<PortalDbContext> contexts)
{
    /// <param name="id">Which; null: every one that failed.</param>
    public async Task<NotificationOutcome> ExecuteAsync(Guid? id, Actor actor, CancellationToken cancellationToken)
    {
        var all = actor.May(PortalAction.ManageDeliveries);
        if (!all && actor.Refusal(PortalAction.ChooseNotifications) is { } refusal) return new NotificationOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var mine = db.NotificationDeliveries.Where(d => all || db.Notifications.Any(n => n.Id == d.NotificationId && n.UserId == actor.UserId));
        if (id is { } one)
        {
            mine = mine.Where(d => d.Id == one);
            if (!await mine.AnyAsync(cancellationToken)) return new NotificationOutcome.NotFound();
        }
        // One that waits for its next attempt is tried now; one that was delivered is not sent twice.
        var again = await mine.Where(d => d.State == DeliveryState.Failed || (id != null && d.State == DeliveryState.Waiting && d.NextAttemptAt > now && d.LastError != null))
            .ExecuteUpdateAsync(d => d.SetProperty(x => x.State, DeliveryState.Waiting).SetProperty(x => x.Attempts, 0).SetProperty(x => x.NextAttemptAt, now), cancellationToken);
        if (id is not null && again == 0) return new NotificationOutcome.Conflict("It has been delivered, or is being tried now.");
        db.Audit(actor, now, "delivery.retry", "delivery", id?.ToString() ?? "all", id is null ? $"{again} failed deliveries" : "one delivery");
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new NotificationOutcome.Done();
    }
}
