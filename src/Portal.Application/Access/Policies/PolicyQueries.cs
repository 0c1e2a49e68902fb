using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Policies;

/// <summary>A published list with who published it.</summary>
/// <param name="Asked">By rule name: how often it asked for approval in the last 30 days.</param>
public sealed record PolicyView(int Number, PolicyList List, DateTimeOffset? PublishedAt, string? PublishedBy, string? Note, IReadOnlyDictionary<string, int> Asked);

/// <summary>A line of the history.</summary>
public sealed record PolicyHistoryRow(int Number, DateTimeOffset PublishedAt, string PublishedBy, string? Note);

/// <summary>Reads policies, for administrators and auditors.</summary>
public sealed class PolicyQueries(IDbContextFactory<PortalDbContext> contexts, PolicyBook book)
{
    /// <param name="number">Null: the one in force.</param>
    /// <returns>Null for people who neither administer nor audit, and for a number there is not.</returns>
    public async Task<PolicyView?> ReadAsync(int? number, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadPolicies)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var wanted = number ?? (await book.GetAsync(db, cancellationToken)).Number;
        var since = (await db.NowAsync(cancellationToken)).AddDays(-30);
        var asked = await db.ApprovalRequests.Where(r => r.PolicyNumber != null && r.CreatedAt > since).GroupBy(r => r.Rule).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        if (wanted == 0) return new PolicyView(0, PolicyList.Open, null, null, null, asked);
        var row = await (from p in db.PolicyVersions join u in db.Users on p.PublishedById equals u.Id where p.Number == wanted select new { p.PublishedAt, u.DisplayName, p.Note }).SingleOrDefaultAsync(cancellationToken);
        return row is null ? null : new PolicyView(wanted, await book.ReadAsync(db, wanted, cancellationToken), row.PublishedAt, row.DisplayName, row.Note, asked);
    }

    /// <summary>Newest first; empty for people who may not see it.</summary>
    public async Task<IReadOnlyList<PolicyHistoryRow>> HistoryAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadPolicies)) return [];
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await (from p in db.PolicyVersions join u in db.Users on p.PublishedById equals u.Id orderby p.Number descending select new PolicyHistoryRow(p.Number, p.PublishedAt, u.DisplayName, p.Note)).Take(200).ToListAsync(cancellationToken);
    }
}
