using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>A view a person keeps.</summary>
/// <param name="Query">The query part of the list's address.</param>
public sealed record SavedViewRow(Guid Id, string Name, string Query);

/// <summary>Filters of the list of workloads that people keep under a name; each sees their own only.</summary>
public sealed class SavedViews(IDbContextFactory<PortalDbContext> contexts)
{
    private const int Most = 20;

    public async Task<IReadOnlyList<SavedViewRow>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.SavedViews.Where(v => v.UserId == actor.UserId).OrderBy(v => v.CreatedAt).Select(v => new SavedViewRow(v.Id, v.Name, v.Query)).ToListAsync(cancellationToken);
    }

    /// <summary>Keeps a view; one of the same name is replaced. Null when it was kept, otherwise what is wrong.</summary>
    public async Task<string?> SaveAsync(string name, string query, Actor actor, CancellationToken cancellationToken)
    {
        name = name.Trim();
        if (name.Length is 0 or > 40 || name.Any(char.IsControl)) return "A name has 1 to 40 characters.";
        if (query.Length > 2000 || query.Contains('\0')) return "This filter is too long to be kept.";
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var views = await db.SavedViews.Where(v => v.UserId == actor.UserId).ToListAsync(cancellationToken);
        if (views.FirstOrDefault(v => v.Name == name) is { } same) same.Query = query;
        else if (views.Count >= Most) return $"At most {Most} views are kept; remove one first.";
        else
        {
            var now = await db.NowAsync(cancellationToken);
            db.SavedViews.Add(new SavedView { Id = Guid.CreateVersion7(now), UserId = actor.UserId, Name = name, Query = query, CreatedAt = now });
        }
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return "It was just saved elsewhere; look again.";
        }
        return null;
    }

    /// <summary>Forgets a view of one's own; safe to repeat.</summary>
    public async Task RemoveAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.SavedViews.Where(v => v.Id == id && v.UserId == actor.UserId).ExecuteDeleteAsync(cancellationToken);
    }
}
