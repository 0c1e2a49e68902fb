using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>One thing to tell.</summary>
/// <param name="Key">What happened, such as <c>transfer:{id}:offered</c>: a person is told once of each.</param>
/// <param name="Link">A path of the portal, beginning with a slash.</param>
internal sealed record News(NotificationKind Kind, string Key, string Title, string Link, string? Text = null);

/// <summary>Writes notifications into the transaction of what they tell, so that neither is without the other.</summary>
internal static class NotifyPeople
{
    /// <summary>Tells each of these people once.</summary>
    public static async Task TellAsync(this PortalDbContext db, IEnumerable<Guid> people, News news, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var person in people.Distinct())
            await db.Database.ExecuteSqlAsync($"""
                insert into notifications (id, user_id, kind, title, text, link, key, in_app, created_at)
                values ({Guid.CreateVersion7(now)}, {person}, {news.Kind.ToString()}, {news.Title}, {news.Text}, {news.Link}, {news.Key}, true, {now}) on conflict (user_id, key) do nothing
                """, cancellationToken);
    }
}
