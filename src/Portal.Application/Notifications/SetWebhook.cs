using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>Sets where a person's webhook notifications go. The signing key is made with the first address, shown once, and can be made anew.</summary>
public sealed class SetWebhook(IDbContextFactory<PortalDbContext> contexts, WebhookSecrets secrets, WebhookPost post)
{
    /// <param name="url">Null: the address stays as it is.</param>
    /// <param name="rotate">Makes a new key; signatures with the old one end at once.</param>
    public async Task<NotificationOutcome> ExecuteAsync(string? url, bool rotate, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ChooseNotifications) is { } refusal) return new NotificationOutcome.Forbidden(refusal);
        url = url?.Trim();
        if (url is not null && post.Objection(url) is { } objection) return NotificationOutcome.Wrong("url", objection);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Two windows at once come one after the other: each shows the key that holds when it is answered.
        await db.Database.ExecuteSqlAsync($"select 1 from users where id = {actor.UserId} for no key update", cancellationToken);
        var known = await db.WebhookAddresses.SingleOrDefaultAsync(a => a.UserId == actor.UserId, cancellationToken);
        if (known is null && url is null) return NotificationOutcome.Wrong("url", "Say where to send to.");
        var now = await db.NowAsync(cancellationToken);
        var key = known is null || rotate ? WebhookSecrets.NewKey() : null;
        var host = url is null ? known!.Host : new Uri(url).Host;
        if (known is null)
            db.WebhookAddresses.Add(new WebhookAddress { UserId = actor.UserId, ProtectedUrl = secrets.ProtectUrl(url!), Host = host, ProtectedSecret = secrets.ProtectKey(key!), ChangedAt = now });
        else
        {
            if (url is not null) (known.ProtectedUrl, known.Host) = (secrets.ProtectUrl(url), host);
            if (key is not null) known.ProtectedSecret = secrets.ProtectKey(key);
            known.ChangedAt = now;
        }
        db.Audit(actor, now, "webhook.set", "user", actor.UserId.ToString(), actor.Name, new { host, newKey = key is not null });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new NotificationOutcome.Done(key);
    }
}

/// <summary>Forgets a person's webhook and its key; what waits for it fails.</summary>
public sealed class RemoveWebhook(IDbContextFactory<PortalDbContext> contexts)
{
    public async Task<NotificationOutcome> ExecuteAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ChooseNotifications) is { } refusal) return new NotificationOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.WebhookAddresses.SingleOrDefaultAsync(a => a.UserId == actor.UserId, cancellationToken) is not { } known) return new NotificationOutcome.Done();
        db.WebhookAddresses.Remove(known);
        db.Audit(actor, await db.NowAsync(cancellationToken), "webhook.remove", "user", actor.UserId.ToString(), actor.Name, new { host = known.Host });
        await db.SaveChangesAsync(cancellationToken);
        return new NotificationOutcome.Done();
    }
}
