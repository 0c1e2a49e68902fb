using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>Sends the person a message at once, by one way, and says how it went.</summary>
public sealed class SendTestNotification(IDbContextFactory<PortalDbContext> contexts, MailPost mail, WebhookPost webhooks)
{
    public async Task<NotificationOutcome> ExecuteAsync(NotificationChannel channel, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ChooseNotifications) is { } refusal) return new NotificationOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var message = new Message(Guid.CreateVersion7(now), NotificationKind.WorkloadEnding, "A test from the portal", "Nothing has happened. You asked for this message to see whether it arrives.", MailPost.ChoicesPath, now);
        Sent sent;
        if (channel == NotificationChannel.Email) sent = await mail.SendAsync(message, actor.Name, actor.Email, cancellationToken);
        else if (await db.WebhookAddresses.AsNoTracking().SingleOrDefaultAsync(a => a.UserId == actor.UserId, cancellationToken) is { } address) sent = await webhooks.SendAsync(message, address, cancellationToken);
        else return new NotificationOutcome.NotFound();
        return sent.Error is { } error ? new NotificationOutcome.Conflict(error) : new NotificationOutcome.Done();
    }
}
