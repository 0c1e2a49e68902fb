using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Search;

/// <summary>What kind of thing was found.</summary>
public enum HitKind { Page, Item, Workload, Person }

/// <summary>Something found.</summary>
/// <param name="Detail">A second line: what it is, who owns it.</param>
/// <param name="Address">Where it is in the portal.</param>
public sealed record SearchHit(HitKind Kind, string Title, string? Detail, string Address, WorkloadKind? Workload = null);

/// <summary>Finds items, workloads and people by a few letters, as far as the actor may see them.</summary>
public sealed class SearchQueries(IDbContextFactory<PortalDbContext> contexts, PublishedItems items)
{
    private const int OfEach = 6;

    public async Task<IReadOnlyList<SearchHit>> FindAsync(string words, Actor actor, CancellationToken cancellationToken)
    {
        var text = words.Trim();
        if (text.Length is 0 or > 100 || text.Contains('\0') || !actor.May(PortalAction.Read)) return [];
        var pattern = "%" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return [.. await ItemsAsync(db, text, cancellationToken), .. await WorkloadsAsync(db, pattern, actor, cancellationToken), .. await PeopleAsync(db, pattern, actor, cancellationToken)];
    }

    private async Task<IEnumerable<SearchHit>> ItemsAsync(PortalDbContext db, string text, CancellationToken cancellationToken)
    {
        var slugs = await db.CatalogItems.Where(i => i.Lifecycle == ItemLifecycle.Published).Select(i => i.Slug).ToListAsync(cancellationToken);
        var found = new List<SearchHit>();
        foreach (var slug in slugs)
            if (await items.FindAsync(slug, null, cancellationToken) is { Spec: { } spec } && new[] { spec.Name, spec.Slug, spec.Summary, spec.Category }.Concat(spec.Tags).Any(t => t.Contains(text, StringComparison.OrdinalIgnoreCase)))
                found.Add(new SearchHit(HitKind.Item, spec.Name, spec.Summary, $"/catalog/{slug}", spec.Kind));
        return found.OrderByDescending(h => h.Title.Contains(text, StringComparison.OrdinalIgnoreCase)).ThenBy(h => h.Title, StringComparer.OrdinalIgnoreCase).Take(OfEach);
    }

    private static async Task<IEnumerable<SearchHit>> WorkloadsAsync(PortalDbContext db, string pattern, Actor actor, CancellationToken cancellationToken) =>
        (await db.VisibleWorkloads(actor).Where(w => w.Phase != WorkloadPhase.Deleted && EF.Functions.ILike(w.Name, pattern)).OrderByDescending(w => w.OwnerId == actor.UserId).ThenByDescending(w => w.CreatedAt).Take(OfEach)
            .Select(w => new { w.Id, w.Name, w.Kind, w.Phase, Owner = db.Users.Where(u => u.Id == w.OwnerId).Select(u => u.DisplayName).First(), Team = db.Teams.Where(t => t.Id == w.TeamId).Select(t => t.Slug).First() }).ToListAsync(cancellationToken))
        .Select(w => new SearchHit(HitKind.Workload, w.Name, $"{w.Phase} · {w.Owner} · {w.Team}", $"/workloads/{w.Id}", w.Kind));

    // People one shares a team with; everybody for those who see everything.
    private static async Task<IEnumerable<SearchHit>> PeopleAsync(PortalDbContext db, string pattern, Actor actor, CancellationToken cancellationToken)
    {
        var (teams, everybody) = (actor.Teams.Select(t => t.Id).ToList(), actor.May(PortalAction.ReadEverything));
        var found = await db.Users.Where(u => !u.Disabled && (EF.Functions.ILike(u.DisplayName, pattern) || EF.Functions.ILike(u.Email!, pattern)) && (everybody || db.TeamMembers.Any(m => m.UserId == u.Id && teams.Contains(m.TeamId))))
            .OrderBy(u => u.DisplayName).Take(OfEach).Select(u => new { u.DisplayName, u.Email }).ToListAsync(cancellationToken);
        return found.Select(u => new SearchHit(HitKind.Person, u.DisplayName, u.Email, $"/workloads?view=all&q={Uri.EscapeDataString(u.DisplayName)}"));
    }
}
