using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Portal.Application.Data;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>
/// Sends one message that is due, at least once: it is claimed for a while in a transaction of its own, sent outside of any, and its outcome written down. A process that dies in between leaves
/// the claim to run out, and another sends it again under the same id. Safe on any number of replicas.
/// </summary>
public sealed partial class DeliverNotifications(IDbContextFactory<PortalDbContext> contexts, MailPost mail, WebhookPost webhooks, MailOptions options, ILogger<DeliverNotifications> logger)
{
    /// <summary>After so many failures it is given up.</summary>
    public const int MostAttempts = 8;

    // Longer than the longest attempt.
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(1);

    private sealed record Due(Guid Id, int Attempts, Guid NotificationId);

    /// <summary>True when there was something to send: there may be more.</summary>
    public async Task<bool> ExecuteAsync(NotificationChannel channel, CancellationToken cancellationToken)
    {
        // What was written down while there was a mail server waits for one.
        if (channel == NotificationChannel.Email && !options.IsConfigured) return false;
        if (await ClaimAsync(channel, cancellationToken) is not { } due) return false;
        var sent = await SendAsync(due, channel, cancellationToken);
        await RecordAsync(due, channel, sent, cancellationToken);
        return true;
    }

    /// <summary>How long to wait after so many failed attempts: 30 s, doubling, an hour at most.</summary>
    public static TimeSpan PauseAfter(int attempts) => TimeSpan.FromSeconds(Math.Min(3600, 30 * Math.Pow(2, Math.Max(0, attempts - 1))));

    private async Task<Due?> ClaimAsync(NotificationChannel channel, CancellationToken cancellationToken)
    {
        var (word, claim) = (channel.ToString(), Claim);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return (await db.Database.SqlQuery<Due>($"""
            with due as materialized (
              select id from notification_deliveries where state = 'Waiting' and channel = {word} and next_attempt_at <= clock_timestamp() order by next_attempt_at limit 1 for update skip locked)
            update notification_deliveries d set attempts = d.attempts + 1, next_attempt_at = clock_timestamp() + {claim} from due where d.id = due.id
            returning d.id, d.attempts, d.notification_id
            """).ToListAsync(cancellationToken)).FirstOrDefault();
    }

    private async Task<Sent> SendAsync(Due due, NotificationChannel channel, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var note = await db.Notifications.AsNoTracking().SingleAsync(n => n.Id == due.NotificationId, cancellationToken);
        var person = await db.Users.AsNoTracking().SingleAsync(u => u.Id == note.UserId, cancellationToken);
        var address = await db.WebhookAddresses.AsNoTracking().SingleOrDefaultAsync(a => a.UserId == note.UserId, cancellationToken);
        if (person.Disabled) return new Sent("The account is disabled.", true);
        var message = new Message(due.Id, note.Kind, note.Title, note.Text, note.Link, note.CreatedAt);
        try
        {
            if (channel == NotificationChannel.Email) return await mail.SendAsync(message, person.DisplayName, person.Email ?? "", cancellationToken);
            return address is null ? new Sent("The person has no webhook any more.", true) : await webhooks.SendAsync(message, address, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Nothing that one message does may keep the others from being sent.
            LogBroken(logger, exception, due.Id);
            return new Sent($"It could not be sent ({exception.GetType().Name}); the portal's log says more.");
        }
    }

    private async Task RecordAsync(Due due, NotificationChannel channel, Sent sent, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        if (sent.Error is not { } error)
        {
            await db.NotificationDeliveries.Where(d => d.Id == due.Id).ExecuteUpdateAsync(d => d.SetProperty(x => x.State, DeliveryState.Delivered).SetProperty(x => x.DeliveredAt, now).SetProperty(x => x.LastError, (string?)null), cancellationToken);
            LogSent(logger, due.Id, channel, due.Attempts);
            return;
        }
        var (words, state, next) = (NotifyPeople.OneLine(error, 500), sent.Final || due.Attempts >= MostAttempts ? DeliveryState.Failed : DeliveryState.Waiting, now + PauseAfter(due.Attempts));
        // Only while the claim is ours: after it ran out, somebody else may have sent it.
        await db.NotificationDeliveries.Where(d => d.Id == due.Id && d.State == DeliveryState.Waiting && d.Attempts == due.Attempts)
            .ExecuteUpdateAsync(d => d.SetProperty(x => x.State, state).SetProperty(x => x.NextAttemptAt, next).SetProperty(x => x.LastError, words), cancellationToken);
        LogNotSent(logger, due.Id, channel, due.Attempts, state, words);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Delivery {Delivery} by {Channel} was taken at attempt {Attempt}")]
    private static partial void LogSent(ILogger logger, Guid delivery, NotificationChannel channel, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Delivery {Delivery} by {Channel} failed at attempt {Attempt} and is {State}: {Reason}")]
    private static partial void LogNotSent(ILogger logger, Guid delivery, NotificationChannel channel, int attempt, DeliveryState state, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Delivery {Delivery} could not be sent")]
    private static partial void LogBroken(ILogger logger, Exception exception, Guid delivery);
}
