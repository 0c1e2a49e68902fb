using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>A notification as its person sees it.</summary>
public sealed record NotificationRow(Guid Id, NotificationKind Kind, string Title, string? Text, string Link, DateTimeOffset CreatedAt, DateTimeOffset? ReadAt);

/// <summary>What the bell shows.</summary>
/// <param name="Attention">The person's workloads that need them now.</param>
/// <param name="Approvals">Requests that wait for the person.</param>
public sealed record BellView(int Unread, IReadOnlyList<NotificationRow> Newest, IReadOnlyList<WorkloadRow> Attention, int Approvals);

/// <summary>A message on its way, or one that was given up.</summary>
/// <param name="LastError">Why the last attempt failed; null: there was none, or it went well.</param>
public sealed record DeliveryRow(
    Guid Id, NotificationChannel Channel, DeliveryState State, string Person, string Email, NotificationKind Kind, string Title, int Attempts, string? LastError, DateTimeOffset NextAttemptAt, DateTimeOffset CreatedAt);

/// <summary>A person's ways.</summary>
/// <param name="MailIsOn">The portal has a mail server.</param>
/// <param name="WebhookHost">Where the webhook is; null: there is none.</param>
public sealed record WaysView(IReadOnlyList<Choice> Choices, bool MailIsOn, string? WebhookHost, DateTimeOffset? WebhookChangedAt);

/// <summary>Reads notifications, choices and deliveries.</summary>
public sealed class NotificationQueries(IDbContextFactory<PortalDbContext> contexts, HomeQueries home, ApprovalQueries approvals, MailOptions mail)
{
    /// <summary>How many the bell lists.</summary>
    public const int InBell = 8;

    /// <summary>Everything the bell shows of the person's own.</summary>
    public async Task<BellView> BellAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var mine = Mine(db, actor);
        var newest = await Rows(mine).Take(InBell).ToListAsync(cancellationToken);
        var unread = await mine.CountAsync(n => n.ReadAt == null, cancellationToken);
        return new BellView(unread, newest, await home.AttentionAsync(actor, cancellationToken), await approvals.CountForMeAsync(actor, cancellationToken));
    }

    /// <summary>The person's own, newest first.</summary>
    /// <param name="page">From 1.</param>
    public async Task<PageOf<NotificationRow>> ListAsync(bool unreadOnly, int page, int pageSize, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var mine = Mine(db, actor);
        if (unreadOnly) mine = mine.Where(n => n.ReadAt == null);
        return new PageOf<NotificationRow>(await Rows(mine).Skip((page - 1) * pageSize).Take(pageSize).ToListAsync(cancellationToken), await mine.CountAsync(cancellationToken), page, pageSize);
    }

    /// <summary>How each kind reaches the person: what they chose, else the kind's defaults.</summary>
    public async Task<WaysView> WaysAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var chosen = await db.NotificationChoices.AsNoTracking().Where(c => c.UserId == actor.UserId).ToDictionaryAsync(c => c.Kind, cancellationToken);
        var address = await db.WebhookAddresses.AsNoTracking().Where(a => a.UserId == actor.UserId).Select(a => new { a.Host, a.ChangedAt }).SingleOrDefaultAsync(cancellationToken);
        var choices = Enum.GetValues<NotificationKind>().Select(k => chosen.GetValueOrDefault(k) is { } c ? new Choice(k, c.InApp, c.Email, c.Webhook) : new Choice(k, true, NotificationDefaults.ByEmail(k), false));
        return new WaysView([.. choices], mail.IsConfigured, address?.Host, address?.ChangedAt);
    }

    /// <summary>What did not arrive of the person's own, failed ones and then newest first; at most 20.</summary>
    public async Task<IReadOnlyList<DeliveryRow>> MyFailuresAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Deliveries(db, d => d.State == DeliveryState.Failed || (d.State == DeliveryState.Waiting && d.LastError != null), actor.UserId).Take(20).ToListAsync(cancellationToken);
    }

    /// <summary>Everybody's that wait or failed, failed ones and then newest first; null for people who are no administrators.</summary>
    /// <param name="page">From 1.</param>
    public async Task<PageOf<DeliveryRow>?> DeliveriesAsync(DeliveryState? state, int page, int pageSize, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ManageDeliveries)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var wanted = Deliveries(db, d => state == null ? d.State != DeliveryState.Delivered : d.State == state, null);
        var rows = await wanted.Skip((page - 1) * pageSize).Take(pageSize).ToListAsync(cancellationToken);
        return new PageOf<DeliveryRow>(rows, await wanted.CountAsync(cancellationToken), page, pageSize);
    }

    private static IQueryable<Notification> Mine(PortalDbContext db, Actor actor) => db.Notifications.AsNoTracking().Where(n => n.UserId == actor.UserId && n.InApp);

    private static IQueryable<NotificationRow> Rows(IQueryable<Notification> of) =>
        of.OrderByDescending(n => n.CreatedAt).ThenByDescending(n => n.Id).Select(n => new NotificationRow(n.Id, n.Kind, n.Title, n.Text, n.Link, n.CreatedAt, n.ReadAt));

    private static IQueryable<DeliveryRow> Deliveries(PortalDbContext db, System.Linq.Expressions.Expression<Func<NotificationDelivery, bool>> which, Guid? of) =>
        from d in db.NotificationDeliveries.AsNoTracking().Where(which)
        join n in db.Notifications on d.NotificationId equals n.Id
        join u in db.Users on n.UserId equals u.Id
        where of == null || n.UserId == of
        // Failed comes before waiting, as words do.
        orderby d.State, d.CreatedAt descending, d.Id
        select new DeliveryRow(d.Id, d.Channel, d.State, u.DisplayName, u.Email ?? "", n.Kind, n.Title, d.Attempts, d.LastError, d.NextAttemptAt, d.CreatedAt);
}
