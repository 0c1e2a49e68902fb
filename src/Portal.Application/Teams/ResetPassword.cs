using Microsoft.AspNetCore.Identity;
using Portal.Application.Access;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Teams;

/// <summary>Gives a person a new random password, ends their sessions and a lock-out. Their access tokens stay.</summary>
public sealed class ResetPassword(PortalDbContext db, UserManager<PortalUser> users, SignInSettings settings)
{
    /// <param name="idOrEmail">Id or e-mail.</param>
    public async Task<PeopleOutcome> ExecuteAsync(string idOrEmail, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ManagePeople) is { } refusal) return new PeopleOutcome.Forbidden(refusal);
        if (!settings.LocalAccounts) return new PeopleOutcome.Conflict(SignInSettings.LocalAccountsAreOff);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var user = Guid.TryParse(idOrEmail, out _) ? await users.FindByIdAsync(idOrEmail) : await users.FindByEmailAsync(idOrEmail);
        if (user is null) return new PeopleOutcome.NotFound($"There is no account '{idOrEmail}'.");
        var password = PasswordText.New();
        // Whoever knew the old one is out, in pages that are open too.
        await users.RemovePasswordAsync(user);
        var result = await users.AddPasswordAsync(user, password);
        if (!result.Succeeded) throw new InvalidOperationException(string.Join(" ", result.Errors.Select(e => e.Description)));
        await users.SetLockoutEndDateAsync(user, null);
        await users.ResetAccessFailedCountAsync(user);
        db.Audit(actor, await db.NowAsync(cancellationToken), "user.passwordReset", "user", user.Id.ToString(), user.Email!);
        await db.SaveChangesAsync(cancellationToken);
        await BrowserSessions.EndAllAsync(db, user.Id, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PeopleOutcome.Done(user.Id.ToString(), password);
    }
}
