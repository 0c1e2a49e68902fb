using Microsoft.AspNetCore.Identity;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access;

/// <summary>Changes the actor's own password.</summary>
public sealed class ChangeOwnPassword(PortalDbContext db, UserManager<PortalUser> users, SignInSettings settings)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>Changed; every session of the person has to sign in again.</summary>
        public sealed record Changed : Outcome;

        /// <param name="Errors">By <c>current</c> and <c>new</c>.</param>
        public sealed record Invalid(IReadOnlyDictionary<string, string> Errors) : Outcome;
    }

    public async Task<Outcome> ExecuteAsync(string current, string wanted, Actor actor, CancellationToken cancellationToken)
    {
        if (!settings.LocalAccounts) return Wrong("current", SignInSettings.LocalAccountsAreOff);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = await users.FindByIdAsync(actor.UserId.ToString()) ?? throw new InvalidOperationException("The signed-in person has no account.");
        // Wrong guesses count as they do at sign-in: an open browser must not become a place to try passwords.
        if (await users.IsLockedOutAsync(user)) return Wrong("current", "Too many wrong passwords. Try again in five minutes.");
        if (current == wanted) return Wrong("new", "This is the current password. Choose another.");
        var result = await users.ChangePasswordAsync(user, current, wanted);
        if (result.Succeeded)
        {
            await users.ResetAccessFailedCountAsync(user);
            db.Audit(actor, await db.NowAsync(cancellationToken), "user.password", "user", user.Id.ToString(), user.Email!);
            await db.SaveChangesAsync(cancellationToken);
            await BrowserSessions.EndAllAsync(db, user.Id, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new Outcome.Changed();
        }
        if (result.Errors.All(e => e.Code != nameof(IdentityErrorDescriber.PasswordMismatch))) return Wrong("new", string.Join(" ", result.Errors.Select(e => e.Description)));
        await users.AccessFailedAsync(user);
        await transaction.CommitAsync(cancellationToken);
        return Wrong("current", "This is not your current password.");
    }

    private static Outcome.Invalid Wrong(string field, string message) => new(new Dictionary<string, string> { [field] = message });
}
