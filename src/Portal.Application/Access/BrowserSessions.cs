using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access;

/// <summary>Which sign-ins by browser still count.</summary>
public sealed class BrowserSessions(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>The claim of a signed-in person that names the session.</summary>
    public const string Claim = "sid";

    /// <summary>Begins one; those of the person that are over for a day are forgotten.</summary>
    /// <param name="longest">How long it counts at most, however much it is used.</param>
    public async Task<Guid> BeginAsync(Guid userId, TimeSpan longest, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var forgotten = now.AddDays(-1);
        await db.BrowserSessions.Where(s => s.UserId == userId && (s.EndsAt < forgotten || s.EndedAt < forgotten)).ExecuteDeleteAsync(cancellationToken);
        var session = new BrowserSession { Id = Guid.CreateVersion7(), UserId = userId, StartedAt = now, EndsAt = now + longest };
        db.BrowserSessions.Add(session);
        await db.SaveChangesAsync(cancellationToken);
        return session.Id;
    }

    /// <summary>Whether a session of a person counts at this moment.</summary>
    public async Task<bool> HoldsAsync(Guid id, Guid userId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        return await db.BrowserSessions.AnyAsync(s => s.Id == id && s.UserId == userId && s.EndedAt == null && s.EndsAt > now, cancellationToken);
    }

    /// <summary>Ends one; ending it twice changes nothing.</summary>
    public async Task EndAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await EndAsync(db, db.BrowserSessions.Where(s => s.Id == id), cancellationToken);
    }

    /// <summary>Ends all of a person's, in the caller's transaction.</summary>
    internal static Task EndAllAsync(PortalDbContext db, Guid userId, CancellationToken cancellationToken) =>
        EndAsync(db, db.BrowserSessions.Where(s => s.UserId == userId), cancellationToken);

    private static async Task EndAsync(PortalDbContext db, IQueryable<BrowserSession> sessions, CancellationToken cancellationToken)
    {
        var now = await db.NowAsync(cancellationToken);
        await sessions.Where(s => s.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellationToken);
    }
}
