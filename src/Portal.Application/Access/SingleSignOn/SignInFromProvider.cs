using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;

namespace Portal.Application.Access.SingleSignOn;

/// <summary>A person as the provider vouches for them.</summary>
/// <param name="Subject">The provider's name for the person, which never changes.</param>
/// <param name="Groups">Null: the provider could not list them, and nothing is made of them.</param>
public sealed record ProviderIdentity(string Issuer, string Subject, string? Email, bool IsEmailVerified, string? Name, IReadOnlyList<string>? Groups);

/// <summary>
/// Lets in whom the provider vouches for: the same account for the same issuer and subject, a new one the first time. What the groups give is applied at every sign-in, all in one transaction.
/// </summary>
public sealed class SignInFromProvider(PortalDbContext db, UserManager<PortalUser> users, ProviderGroups groups, SignInSettings settings)
{
    /// <summary>Why somebody stays out.</summary>
    public enum Refusal
    {
        /// <summary>The account is disabled here.</summary>
        Disabled,
        /// <summary>The provider gave no usable e-mail, and there is no account yet.</summary>
        NoEmail,
        /// <summary>Another account has the e-mail, and it may not be taken over.</summary>
        EmailTaken,
    }

    public abstract record Outcome
    {
        private Outcome() { }

        /// <param name="IsNew">The account was made by this sign-in.</param>
        public sealed record SignedIn(Guid UserId, bool IsNew) : Outcome;

        public sealed record Refused(Refusal Why) : Outcome;
    }

    public async Task<Outcome> ExecuteAsync(ProviderIdentity identity, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (user, isNew) = (await users.FindByLoginAsync(identity.Issuer, identity.Subject), false);
        if (user is null)
        {
            // First sign-ins come one after the other: two tabs of one person make one account, and two people do not get the same e-mail.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('first-sign-in', 0))", cancellationToken);
            user = await users.FindByLoginAsync(identity.Issuer, identity.Subject);
        }
        if (user is null)
        {
            if (EmailOf(identity) is not { } email) return new Outcome.Refused(Refusal.NoEmail);
            user = await users.FindByEmailAsync(email);
            isNew = user is null;
            if (user is not null && (!identity.IsEmailVerified || (await users.GetLoginsAsync(user)).Count > 0)) return new Outcome.Refused(Refusal.EmailTaken);
            if (user?.Disabled == true) return new Outcome.Refused(Refusal.Disabled);
            user = user is null ? await CreateAsync(identity, email, cancellationToken) : await LinkAsync(user, identity, cancellationToken);
        }
        if (!user.Disabled && identity.Groups is { } memberOf) await groups.ApplyAsync(user, memberOf, cancellationToken);
        if (user.Disabled) return new Outcome.Refused(Refusal.Disabled);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Outcome.SignedIn(user.Id, isNew);
    }

    private async Task<PortalUser> CreateAsync(ProviderIdentity identity, string email, CancellationToken cancellationToken)
    {
        var now = await db.NowAsync(cancellationToken);
        var user = new PortalUser { Id = Guid.CreateVersion7(now), Email = email, UserName = email, EmailConfirmed = identity.IsEmailVerified, DisplayName = NameOf(identity, email), CreatedAt = now, LockoutEnabled = true };
        Require(await users.CreateAsync(user));
        Require(await users.AddLoginAsync(user, LoginOf(identity)));
        db.Audit(null, now, "user.create", "user", user.Id.ToString(), email, new { issuer = identity.Issuer, subject = identity.Subject });
        return user;
    }

    private async Task<PortalUser> LinkAsync(PortalUser user, ProviderIdentity identity, CancellationToken cancellationToken)
    {
        Require(await users.AddLoginAsync(user, LoginOf(identity)));
        db.Audit(null, await db.NowAsync(cancellationToken), "user.link", "user", user.Id.ToString(), user.Email!, new { issuer = identity.Issuer, subject = identity.Subject });
        return user;
    }

    private UserLoginInfo LoginOf(ProviderIdentity identity) => new(identity.Issuer, identity.Subject, settings.Oidc.DisplayName);

    private static string? EmailOf(ProviderIdentity identity) =>
        identity.Email?.Trim() is { Length: > 0 and <= 200 } email && System.Net.Mail.MailAddress.TryCreate(email, out var address) && address.Address == email ? email : null;

    private static string NameOf(ProviderIdentity identity, string email)
    {
        var name = new string([.. (identity.Name ?? "").Where(c => !char.IsControl(c))]).Trim();
        if (name.Length == 0) name = email[..email.IndexOf('@', StringComparison.Ordinal)];
        return name.Length <= 100 ? name : name[..100];
    }

    private static void Require(IdentityResult result)
    {
        if (!result.Succeeded) throw new InvalidOperationException(string.Join(" ", result.Errors.Select(e => e.Description)));
    }
}
