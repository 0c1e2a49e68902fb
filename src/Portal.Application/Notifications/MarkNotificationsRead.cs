using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;

namespace Portal.Application.Notifications;

/// <summary>Marks a person's notifications as read, in all their open pages.</summary>
public sealed class MarkNotificationsRead(IDbContextFactory<PortalDbContext> contexts)
{
    /// <param name="ids">Which; null: all. Others' are passed over.</param>
    /// <param name="upTo">Only those made until then, such as when the list was shown; null: until now.</param>
    /// <returns>How many were unread before.</returns>
    public async Task<int> ExecuteAsync(IReadOnlyCollection<Guid>? ids, DateTimeOffset? upTo, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var until = (upTo ?? now).ToUniversalTime();
        var unread = db.Notifications.Where(n => n.UserId == actor.UserId && n.ReadAt == null && n.CreatedAt <= until);
        if (ids is not null) unread = unread.Where(n => ids.Contains(n.Id));
        var marked = await unread.ExecuteUpdateAsync(n => n.SetProperty(x => x.ReadAt, now), cancellationToken);
        if (marked > 0) await db.AnnounceAsync([actor.UserId], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return marked;
    }
}
