using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>How one kind is to reach the person.</summary>
public sealed record Choice(NotificationKind Kind, bool InApp, bool Email, bool Webhook);

/// <summary>Changes how kinds of notifications reach a person; kinds that are not named stay as they are.</summary>
public sealed class ChooseNotifications(IDbContextFactory<PortalDbContext> contexts)
{
    public async Task<NotificationOutcome> ExecuteAsync(IReadOnlyList<Choice> choices, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ChooseNotifications) is { } refusal) return new NotificationOutcome.Forbidden(refusal);
        if (choices.Count == 0) return NotificationOutcome.Wrong("choices", "Name at least one kind.");
        if (choices.Select(c => c.Kind).Distinct().Count() != choices.Count) return NotificationOutcome.Wrong("choices", "Each kind once.");
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var (user, kinds) = (actor.UserId, choices.OrderBy(c => c.Kind.ToString(), StringComparer.Ordinal).ToList());
        var (words, inApp, email, webhook) = (kinds.Select(c => c.Kind.ToString()).ToArray(), kinds.Select(c => c.InApp).ToArray(), kinds.Select(c => c.Email).ToArray(), kinds.Select(c => c.Webhook).ToArray());
        await db.Database.ExecuteSqlAsync($"""
            insert into notification_choices (user_id, kind, in_app, email, webhook)
            select {user}, c.kind, c.in_app, c.email, c.webhook from unnest({words}, {inApp}, {email}, {webhook}) as c(kind, in_app, email, webhook)
            on conflict (user_id, kind) do update set in_app = excluded.in_app, email = excluded.email, webhook = excluded.webhook
            """, cancellationToken);
        return new NotificationOutcome.Done();
    }
}
