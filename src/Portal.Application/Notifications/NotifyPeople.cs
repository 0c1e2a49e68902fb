using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>One thing to tell.</summary>
/// <param name="Key">What happened, such as <c>transfer:{id}:offered</c>: a person is told once of each.</param>
/// <param name="Link">A path of the portal, beginning with a slash.</param>
internal sealed record News(NotificationKind Kind, string Key, string Title, string Link, string? Text = null);

/// <summary>Writes notifications into the transaction of what they tell, so that neither is without the other.</summary>
internal static class NotifyPeople
{
    /// <summary>
    /// Tells each of these people once, by the ways they chose; disabled people, and people who want to hear nothing of the kind, are left out. What goes out by e-mail or webhook is written
    /// down here and sent later (<see cref="DeliverNotifications"/>). Needs a transaction where it is to stand or fall with something else.
    /// </summary>
    public static async Task TellAsync(this PortalDbContext db, IEnumerable<Guid> people, News news, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // In one order everywhere: two that tell the same people of the same at once must not wait for each other.
        var ids = people.Distinct().Order().ToArray();
        if (ids.Length == 0) return;
        var (kind, byEmail, mail) = (news.Kind.ToString(), NotificationDefaults.ByEmail(news.Kind), HasMail(db));
        var (title, text, link, key) = (OneLine(news.Title, 300), news.Text is { Length: > 0 } words ? Clean(words, 2000) : null, news.Link, news.Key);
        var (notes, mails, hooks) = (Fresh(ids.Length, now), Fresh(ids.Length, now), Fresh(ids.Length, now));
        var told = await db.Database.SqlQuery<Guid>($"""
            with person as (
              select p.id, p.note, p.mail, p.hook, coalesce(c.in_app, true) as in_app, {mail} and coalesce(u.email, '') <> '' and coalesce(c.email, {byEmail}) as email,
                     coalesce(c.webhook, false) and exists (select 1 from webhook_addresses a where a.user_id = p.id) as webhook
              from unnest({ids}, {notes}, {mails}, {hooks}) as p(id, note, mail, hook)
              join users u on u.id = p.id and not u.disabled
              left join notification_choices c on c.user_id = p.id and c.kind = {kind}),
            told as (
              insert into notifications (id, user_id, kind, title, text, link, key, in_app, created_at)
              select note, id, {kind}, {title}, {text}, {link}, {key}, in_app, {now} from person where in_app or email or webhook order by id
              on conflict (user_id, key) do nothing returning id, user_id),
            sent as (
              insert into notification_deliveries (id, notification_id, channel, state, attempts, next_attempt_at, created_at)
              select way.id, told.id, way.channel, 'Waiting', 0, {now}, {now} from told join person on person.id = told.user_id
              cross join lateral (values (person.mail, 'Email', person.email), (person.hook, 'Webhook', person.webhook)) as way(id, channel, wanted) where way.wanted)
            select user_id as "Value" from told
            """).ToListAsync(cancellationToken);
        await db.AnnounceAsync(told, cancellationToken);
    }

    /// <summary>Text without characters that no page or message shows: of the control characters only the line feed stays.</summary>
    internal static string Clean(string text, int most)
    {
        var clean = new string([.. text.ReplaceLineEndings("\n").Select(c => c != '\n' && (char.IsControl(c) || c is '\u2028' or '\u2029') ? ' ' : c)]).Trim();
        if (clean.Length <= most) return clean;
        // Not in the middle of a character of two parts.
        var cut = char.IsHighSurrogate(clean[most - 2]) ? most - 2 : most - 1;
        return clean[..cut] + "…";
    }

    internal static string OneLine(string text, int most) => Clean(text.ReplaceLineEndings(" "), most);

    private static Guid[] Fresh(int count, DateTimeOffset now) => [.. Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7(now))];

    // A message that nobody will ever send would wait for ever: whether there is a mail server is the host's to say. Hosts without one, such as the migrations, have no options.
    private static bool HasMail(PortalDbContext db) =>
        db.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider?.GetService<MailOptions>()?.IsConfigured ?? false;
}
