using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Teams;

/// <summary>A person as administrators see them.</summary>
public sealed record PersonRow(Guid Id, string Email, string Name, bool Disabled, IReadOnlyList<string> Roles, IReadOnlyList<string> Teams);

/// <summary>What became of a change to a person or a team.</summary>
public abstract record PeopleOutcome
{
    private PeopleOutcome() { }

    /// <param name="Password">Set when the portal made one up; shown once.</param>
    public sealed record Done(string Id, string? Password = null) : PeopleOutcome;

    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : PeopleOutcome;

    public sealed record Forbidden(string Reason) : PeopleOutcome;

    public sealed record NotFound(string Reason) : PeopleOutcome;

    public sealed record Conflict(string Reason) : PeopleOutcome;
}

/// <summary>Makes an account: with a password, or without one while local accounts are off; then its person comes in with the provider, by the same e-mail.</summary>
public sealed class CreateUser(PortalDbContext db, UserManager<PortalUser> users, SignInSettings settings, TimeProvider time)
{
    public async Task<PeopleOutcome> ExecuteAsync(string email, string name, string? password, IReadOnlyList<string> roles, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ManagePeople) is { } refusal) return new PeopleOutcome.Forbidden(refusal);
        var errors = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(email) || email.Length > 200 || !System.Net.Mail.MailAddress.TryCreate(email, out _)) errors["email"] = ["An e-mail address, such as lena@example.org."];
        if (string.IsNullOrWhiteSpace(name) || name.Length > 100 || name.Contains('\0')) errors["name"] = ["1 to 100 characters."];
        if (roles.Except(PortalRoles.All).Any()) errors["roles"] = [$"Allowed: {string.Join(", ", PortalRoles.All)}."];
        if (!settings.LocalAccounts && password is not null) errors["password"] = [SignInSettings.LocalAccountsAreOff + " Leave it out."];
        if (errors.Count > 0) return new PeopleOutcome.Invalid(errors);
        var made = password is null && settings.LocalAccounts ? PasswordText.New() : null;
        var user = new PortalUser { Id = Guid.CreateVersion7(), Email = email.Trim(), UserName = email.Trim(), DisplayName = name.Trim(), CreatedAt = time.GetUtcNow(), LockoutEnabled = true };
        // UserManager writes through the same context: account, roles and audit entry come together or not at all.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var result = settings.LocalAccounts ? await users.CreateAsync(user, password ?? made!) : await users.CreateAsync(user);
        if (!result.Succeeded)
            return result.Errors.Any(e => e.Code is "DuplicateUserName" or "DuplicateEmail")
                ? new PeopleOutcome.Conflict($"There is already an account for {email}.")
                : new PeopleOutcome.Invalid(new Dictionary<string, string[]> { ["password"] = [.. result.Errors.Select(e => e.Description)] });
        if (roles.Count > 0) await users.AddToRolesAsync(user, roles.Distinct());
        db.Audit(actor, await db.NowAsync(cancellationToken), "user.create", "user", user.Id.ToString(), user.Email!, new { roles });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PeopleOutcome.Done(user.Id.ToString(), made);
    }
}

/// <summary>Disables or enables a person and sets their roles. The last administrator stays.</summary>
public sealed class UpdateUser(PortalDbContext db, UserManager<PortalUser> users)
{
    /// <param name="idOrEmail">Id or e-mail.</param>
    public async Task<PeopleOutcome> ExecuteAsync(string idOrEmail, bool? disabled, IReadOnlyList<string>? roles, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ManagePeople) is { } refusal) return new PeopleOutcome.Forbidden(refusal);
        if (roles?.Except(PortalRoles.All).Any() == true) return new PeopleOutcome.Invalid(new Dictionary<string, string[]> { ["roles"] = [$"Allowed: {string.Join(", ", PortalRoles.All)}."] });
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // One at a time: two administrators who disable each other at once must not both succeed.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('administrators', 0))", cancellationToken);
        var user = Guid.TryParse(idOrEmail, out _) ? await users.FindByIdAsync(idOrEmail) : await users.FindByEmailAsync(idOrEmail);
        if (user is null) return new PeopleOutcome.NotFound($"There is no account '{idOrEmail}'.");
        var current = await users.GetRolesAsync(user);
        var losesAdmin = current.Contains(PortalRoles.Admin) && (disabled == true || roles?.Contains(PortalRoles.Admin) == false);
        if (losesAdmin && (await users.GetUsersInRoleAsync(PortalRoles.Admin)).All(u => u.Id == user.Id || u.Disabled))
            return new PeopleOutcome.Conflict("This is the last administrator; make another one first.");
        var before = new { disabled = user.Disabled, roles = current.Order() };
        if (disabled is { } off) user.Disabled = off;
        await users.UpdateAsync(user);
        // Every cookie of this person is checked against the stamp, so that rights taken away are gone at once.
        await users.UpdateSecurityStampAsync(user);
        if (roles is not null)
        {
            await users.RemoveFromRolesAsync(user, current.Except(roles));
            await users.AddToRolesAsync(user, roles.Except(current));
        }
        db.Audit(actor, await db.NowAsync(cancellationToken), "user.update", "user", user.Id.ToString(), user.Email!, new { before, after = new { disabled = user.Disabled, roles = (roles ?? [.. current]).Order() } });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PeopleOutcome.Done(user.Id.ToString());
    }
}

/// <summary>Reads people and teams.</summary>
public sealed class PeopleQueries(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>Everybody, for administrators; null for others.</summary>
    public async Task<IReadOnlyList<PersonRow>?> PeopleAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadPeople)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var users = await db.Users.AsNoTracking().OrderBy(u => u.Email).Select(u => new { u.Id, u.Email, u.DisplayName, u.Disabled }).ToListAsync(cancellationToken);
        var roles = await db.UserRoles.Join(db.Roles, r => r.RoleId, r => r.Id, (r, role) => new { r.UserId, role.Name }).ToListAsync(cancellationToken);
        var teams = await db.TeamMembers.Join(db.Teams, m => m.TeamId, t => t.Id, (m, t) => new { m.UserId, t.Slug }).ToListAsync(cancellationToken);
        return [.. users.Select(u => new PersonRow(u.Id, u.Email ?? "", u.DisplayName, u.Disabled, [.. roles.Where(r => r.UserId == u.Id).Select(r => r.Name!)], [.. teams.Where(t => t.UserId == u.Id).Select(t => t.Slug)]))];
    }

    /// <summary>The caller's teams, or all for those who see everything.</summary>
    public async Task<IReadOnlyList<TeamRow>> TeamsAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var teams = await db.Teams.Readable(actor).OrderBy(t => t.Slug).ToListAsync(cancellationToken);
        var members = await db.TeamMembers.Join(db.Users, m => m.UserId, u => u.Id, (m, u) => new { m.TeamId, u.Email, u.DisplayName, m.Role }).ToListAsync(cancellationToken);
        return [.. teams.Select(t => new TeamRow(t.Slug, t.Name, t.CostCentre, [.. members.Where(m => m.TeamId == t.Id).OrderBy(m => m.Email, StringComparer.Ordinal).Select(m => new TeamMemberRow(m.Email ?? "", m.DisplayName, m.Role))]))];
    }
}

/// <summary>A team with its people.</summary>
public sealed record TeamRow(string Slug, string Name, string? CostCentre, IReadOnlyList<TeamMemberRow> Members);

/// <summary>A person in a team.</summary>
public sealed record TeamMemberRow(string Email, string Name, Domain.Teams.TeamRole Role);

/// <summary>Passwords the portal makes up: 24 characters, about 140 bit, nothing that is mistaken when read aloud.</summary>
public static class PasswordText
{
    private const string Letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    public static string New() => new(System.Security.Cryptography.RandomNumberGenerator.GetItems<char>(Letters, 24));
}
