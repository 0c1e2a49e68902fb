using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Access.Policies;
using Portal.Domain.Notifications;

namespace Portal.Application.Access.Grants;

/// <summary>Terms of a restriction.</summary>
/// <param name="Steps">Who decides; null: the item's owners, or an administrator where there is no item.</param>
public sealed record RestrictionTerms(JsonElement? Steps, TimeSpan LongestGrant, OnGrantEnd OnEnd, TimeSpan Grace, string? Reason);

/// <summary>Restricts, opens, grants and revokes. Administrators do; an item's owners grant and revoke for their item.</summary>
public sealed class ManageGrants(IDbContextFactory<PortalDbContext> contexts)
{
    internal const string AdminStep = """[{"approvers": {"role": "Admin"}}]""";
    internal const string OwnerStep = """[{"approvers": {"itemOwners": true}}]""";

    /// <summary>Restricts something, or changes the terms of its restriction.</summary>
    public async Task<ApprovalOutcome> RestrictAsync(RestrictedKind kind, string slug, RestrictionTerms terms, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin) return AdminsOnly;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await ExistsAsync(db, kind, slug, cancellationToken)) return new ApprovalOutcome.NotFound();
        var steps = kind == RestrictedKind.Item ? OwnerStep : AdminStep;
        if (terms.Steps is { } given)
        {
            var (read, errors) = PolicyReader.ReadSteps(given, "steps");
            if (read is null) return new ApprovalOutcome.Invalid(errors);
            steps = PolicyJson.Write(read).ToJsonString();
        }
        var wrong = new Dictionary<string, string[]>();
        if (terms.LongestGrant < TimeSpan.FromHours(1) || terms.LongestGrant > TimeSpan.FromDays(366)) wrong["longestGrant"] = ["From 1 hour to 366 days."];
        if (terms.Grace < TimeSpan.Zero || terms.Grace > TimeSpan.FromDays(30)) wrong["grace"] = ["From none to 30 days."];
        if (terms.Reason is { Length: > 500 } || terms.Reason?.Contains('\0') == true) wrong["reason"] = ["At most 500 characters."];
        if (wrong.Count > 0) return new ApprovalOutcome.Invalid(wrong);
        var now = await db.NowAsync(cancellationToken);
        var reason = string.IsNullOrWhiteSpace(terms.Reason) ? null : terms.Reason.Trim();
        if (await db.AccessRestrictions.SingleOrDefaultAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken) is { } known)
        {
            if (known.OnEnd != terms.OnEnd || terms.Grace < known.Grace) known.CreatedAt = now;
            (known.StepsJson, known.LongestGrant, known.OnEnd, known.Grace, known.Reason) = (steps, terms.LongestGrant, terms.OnEnd, terms.Grace, reason);
        }
        else db.AccessRestrictions.Add(new AccessRestriction { Kind = kind, Slug = slug, StepsJson = steps, LongestGrant = terms.LongestGrant, OnEnd = terms.OnEnd, Grace = terms.Grace, Reason = reason, CreatedAt = now });
        db.Audit(actor, now, "access.restrict", ClosedDoor.Word(kind), slug, slug, new { steps = JsonSerializer.Deserialize<JsonElement>(steps), terms.LongestGrant, terms.OnEnd, terms.Grace }, reason);
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(Guid.Empty, ApprovalState.Approved);
    }

    /// <summary>Lets everybody use it again. Grants stay on record.</summary>
    public async Task<ApprovalOutcome> OpenAsync(RestrictedKind kind, string slug, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin) return AdminsOnly;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.AccessRestrictions.SingleOrDefaultAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken) is not { } restriction) return new ApprovalOutcome.NotFound();
        db.AccessRestrictions.Remove(restriction);
        db.Audit(actor, await db.NowAsync(cancellationToken), "access.open", ClosedDoor.Word(kind), slug, slug);
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(Guid.Empty, ApprovalState.Approved);
    }

    /// <summary>Gives access unasked, to a person (e-mail) or a team (slug). Nobody grants to themselves.</summary>
    public async Task<ApprovalOutcome> GrantAsync(RestrictedKind kind, string slug, string to, TimeSpan duration, string? reason, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await RefusalAsync(db, kind, slug, actor, cancellationToken) is { } refusal) return refusal;
        if (!await db.AccessRestrictions.AnyAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken)) return new ApprovalOutcome.Conflict("It is not restricted: everybody may use it.");
        if (duration < TimeSpan.FromHours(1) || duration > TimeSpan.FromDays(366)) return Invalid("duration", "From 1 hour to 366 days.");
        if (reason is { Length: > 500 } || reason?.Contains('\0') == true) return Invalid("reason", "At most 500 characters.");
        if (to.Contains('\0', StringComparison.Ordinal)) return Invalid("to", "Must not contain NUL.");
        var email = to.Trim().ToUpperInvariant();
        var user = await db.Users.Where(u => u.NormalizedEmail == email && !u.Disabled).Select(u => (Guid?)u.Id).SingleOrDefaultAsync(cancellationToken);
        var team = user is null ? await db.Teams.Where(t => t.Slug == to.Trim()).Select(t => (Guid?)t.Id).SingleOrDefaultAsync(cancellationToken) : null;
        if (user is null && team is null) return Invalid("to", $"There is neither an account nor a team '{to.Trim()}'.");
        if (user == actor.UserId || (team is { } t && actor.IsMemberOf(t))) return new ApprovalOutcome.Forbidden("Nobody grants access to themselves or their own team. Ask for it; somebody else decides.");
        var now = await db.NowAsync(cancellationToken);
        var grant = new AccessGrant { Id = Guid.CreateVersion7(now), Kind = kind, Slug = slug, UserId = user, TeamId = team, StartsAt = now, EndsAt = now + duration, GrantedById = actor.UserId };
        db.AccessGrants.Add(grant);
        db.Audit(actor, now, "grant.give", "grant", grant.Id.ToString(), $"{ClosedDoor.Word(kind)} {slug}", new { to = to.Trim(), until = grant.EndsAt }, reason);
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(grant.Id, ApprovalState.Approved);
    }

    /// <summary>Takes access away; new launches stop at once.</summary>
    public async Task<ApprovalOutcome> RevokeAsync(Guid id, string? reason, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.AccessGrants.SingleOrDefaultAsync(g => g.Id == id, cancellationToken) is not { } grant) return new ApprovalOutcome.NotFound();
        // Giving back one's own is always possible.
        if (grant.UserId == actor.UserId && !actor.MayLaunch) return new ApprovalOutcome.Forbidden("This token may not give it back; it needs the scope 'launch'.");
        if (grant.UserId != actor.UserId && await RefusalAsync(db, grant.Kind, grant.Slug, actor, cancellationToken) is { } refusal)
            return actor.SeesEverything || (grant.TeamId is { } team && actor.IsMemberOf(team)) ? refusal : new ApprovalOutcome.NotFound();
        if (reason is { Length: > 500 } || reason?.Contains('\0') == true) return Invalid("reason", "At most 500 characters.");
        if (grant.RevokedAt is not null) return new ApprovalOutcome.Done(id, ApprovalState.Approved);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        (grant.RevokedAt, grant.RevokedById, grant.RevokeReason) = (now, actor.UserId, reason);
        db.Audit(actor, now, "grant.revoke", "grant", id.ToString(), $"{ClosedDoor.Word(grant.Kind)} {grant.Slug}", null, reason);
        await db.SaveChangesAsync(cancellationToken);
        // Of a team's grant its leads are told, as of its end.
        var holders = grant.UserId is { } person ? [person] : await db.TeamMembers.Where(m => m.TeamId == grant.TeamId && m.Role == Domain.Teams.TeamRole.Lead).Select(m => m.UserId).ToListAsync(cancellationToken);
        await db.TellAsync(holders.Where(h => h != actor.UserId), new News(NotificationKind.AccessEnding, $"grant:{id}:revoked", $"Access to {ClosedDoor.Word(grant.Kind)} {grant.Slug} was revoked by {actor.Name}", "/access", reason), now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(id, ApprovalState.Approved);
    }

    private static ApprovalOutcome.Forbidden AdminsOnly { get; } = new("Only administrators may restrict (role Admin, token scope 'admin').");

    private static async Task<ApprovalOutcome?> RefusalAsync(PortalDbContext db, RestrictedKind kind, string slug, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.IsAdmin) return null;
        var owners = await RequestAccess.OwnersAsync(db, kind, slug, cancellationToken);
        return owners is { } team && actor.Leads(team) && actor.Scopes.Contains(TokenScopes.Approve) ? null : new ApprovalOutcome.Forbidden("Grants are given and taken away by administrators and by leads of the item's owner team.");
    }

    private static Task<bool> ExistsAsync(PortalDbContext db, RestrictedKind kind, string slug, CancellationToken cancellationToken) => kind switch
    {
        RestrictedKind.Item => db.CatalogItems.AnyAsync(i => i.Slug == slug, cancellationToken),
        RestrictedKind.Category => db.Categories.AnyAsync(c => c.Slug == slug, cancellationToken),
        _ => db.HardwareProfiles.AnyAsync(h => h.Slug == slug, cancellationToken),
    };

    private static ApprovalOutcome.Invalid Invalid(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
