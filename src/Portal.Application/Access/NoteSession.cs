using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access;

/// <summary>Writes into the trail who came in by a browser, who left, and who was refused.</summary>
public sealed class NoteSession(IDbContextFactory<PortalDbContext> contexts, ActorDirectory actors)
{
    /// <summary>What became of somebody at the door.</summary>
    public enum Step
    {
        SignedIn,
        SignedOut,
        /// <summary>The password was wrong.</summary>
        Refused,
        /// <summary>The password was wrong once too often; for a while none is taken.</summary>
        LockedOut,
    }

    /// <param name="source">The address they came from.</param>
    public async Task ExecuteAsync(Step step, Guid userId, string? source, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Users.Where(u => u.Id == userId).Select(u => u.Email).SingleOrDefaultAsync(cancellationToken) is not { } email) return;
        // Whoever was refused has not shown who they are: the entry is the portal's, about the account.
        var actor = step is Step.SignedIn or Step.SignedOut && await actors.FindAsync(userId, null, cancellationToken) is { } found ? found with { Source = source } : null;
        var (action, why) = step switch
        {
            Step.SignedIn => ("session.signIn", null),
            Step.SignedOut => ("session.signOut", null),
            Step.LockedOut => ("session.lockOut", "Too many wrong passwords."),
            _ => ("session.refuse", (string?)"Wrong password."),
        };
        db.Audit(actor, await db.NowAsync(cancellationToken), action, "user", userId.ToString(), email, null, why, source);
        await db.SaveChangesAsync(cancellationToken);
    }
}
