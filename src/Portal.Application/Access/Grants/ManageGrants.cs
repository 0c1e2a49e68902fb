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
        if (actor.Refusal(PortalAction.Restrict) is { } may) return new ApprovalOutcome.Forbidden(may);
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
        object? before = null;
        if (await db.AccessRestrictions.SingleOrDefaultAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken) is { } known)
        {
            before = Terms(known);
            if (known.OnEnd != terms.OnEnd || terms.Grace < known.Grace) known.CreatedAt = now;
            (known.StepsJson, known.LongestGrant, known.OnEnd, known.Grace, known.Reason) = (steps, terms.LongestGrant, terms.OnEnd, terms.Grace, reason);
        }
        else db.AccessRestrictions.Add(known = new AccessRestriction { Kind = kind, Slug = slug, StepsJson = steps, LongestGrant = terms.LongestGrant, OnEnd = terms.OnEnd, Grace = terms.Grace, Reason = reason, CreatedAt = now });
        db.Audit(actor, now, "access.restrict", ClosedDoor.Word(kind), slug, slug, new { before, after = Terms(known) }, reason);
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(Guid.Empty, ApprovalState.Approved);
    }

    /// <summary>Lets everybody use it again. Grants stay on record.</summary>
    public async Task<ApprovalOutcome> OpenAsync(RestrictedKind kind, string slug, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.Restrict) is { } may) return new ApprovalOutcome.Forbidden(may);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.AccessRestrictions.SingleOrDefaultAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken) is not { } restriction) return new ApprovalOutcome.NotFound();
        db.AccessRestrictions.Remove(restriction);
        db.Audit(actor, await db.NowAsync(cancellationToken), "access.open", ClosedDoor.Word(kind), slug, slug, new { before = Terms(restriction), after = (object?)null });
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(Guid.Empty, ApprovalState.Approved);
    }

    /// <summary>Gives access unasked, to a person (e-mail) or a team (slug). Nobody grants to themselves.</summary>
    public async Task<ApprovalOutcome> GrantAsync(RestrictedKind kind, string slug, string to, TimeSpan duration, string? reason, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var owners = await RequestAccess.OwnersAsync(db, kind, slug, cancellationToken);
        if (actor.Refusal(PortalAction.GiveGrant, new Subject.Restricted(owners)) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        if (!await db.AccessRestrictions.AnyAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken)) return new ApprovalOutcome.Conflict("It is not restricted: everybody may use it.");
        if (duration < TimeSpan.FromHours(1) || duration > TimeSpan.FromDays(366)) return Invalid("duration", "From 1 hour to 366 days.");
        if (reason is { Length: > 500 } || reason?.Contains('\0') == true) return Invalid("reason", "At most 500 characters.");
        if (to.Contains('\0', StringComparison.Ordinal)) return Invalid("to", "Must not contain NUL.");
        var email = to.Trim().ToUpperInvariant();
        var user = await db.Users.Where(u => u.NormalizedEmail == email && !u.Disabled).Select(u => (Guid?)u.Id).SingleOrDefaultAsync(cancellationToken);
        var team = user is null ? await db.Teams.Where(t => t.Slug == to.Trim()).Select(t => (Guid?)t.Id).SingleOrDefaultAsync(cancellationToken) : null;
        if (user is null && team is null) return Invalid("to", $"There is neither an account nor a team '{to.Trim()}'.");
        if (actor.Refusal(PortalAction.GiveGrant, new Subject.Grant(user, team, owners)) is { } own) return new ApprovalOutcome.Forbidden(own);
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
        var ruling = Permissions.Of(actor, PortalAction.RevokeGrant, new Subject.Grant(grant.UserId, grant.TeamId, await RequestAccess.OwnersAsync(db, grant.Kind, grant.Slug, cancellationToken)));
        if (!ruling.Allowed) return ruling.Hidden ? new ApprovalOutcome.NotFound() : new ApprovalOutcome.Forbidden(ruling.Reason);
        if (reason is { Length: > 500 } || reason?.Contains('\0') == true) return Invalid("reason", "At most 500 characters.");
        if (grant.RevokedAt is not null) return new ApprovalOutcome.Done(id, ApprovalState.Approved);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        (grant.RevokedAt, grant.RevokedById, grant.RevokeReason) = (now, actor.UserId, reason);
        db.Audit(actor, now, "grant.revoke", "grant", id.ToString(), $"{ClosedDoor.Word(grant.Kind)} {grant.Slug}", new { before = new { until = grant.EndsAt }, after = new { until = now } }, reason);
        await db.SaveChangesAsync(cancellationToken);
        // Of a team's grant its leads are told, as of its end.
        var holders = grant.UserId is { } person ? [person] : await db.TeamMembers.Where(m => m.TeamId == grant.TeamId && m.Role == Domain.Teams.TeamRole.Lead).Select(m => m.UserId).ToListAsync(cancellationToken);
        await db.TellAsync(holders.Where(h => h != actor.UserId), new News(NotificationKind.AccessEnding, $"grant:{id}:revoked", $"Access to {ClosedDoor.Word(grant.Kind)} {grant.Slug} was revoked by {actor.Name}", "/access", reason), now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(id, ApprovalState.Approved);
    }

    private static object Terms(AccessRestriction restriction) =>
        new { steps = JsonSerializer.Deserialize<JsonElement>(restriction.StepsJson), restriction.LongestGrant, restriction.OnEnd, restriction.Grace, restriction.Reason };

    private static Task<bool> ExistsAsync(PortalDbContext db, RestrictedKind kind, string slug, CancellationToken cancellationToken) => kind switch
    {
        RestrictedKind.Item => db.CatalogItems.AnyAsync(i => i.Slug == slug, cancellationToken),
        RestrictedKind.Category => db.Categories.AnyAsync(c => c.Slug == slug, cancellationToken),
        _ => db.HardwareProfiles.AnyAsync(h => h.Slug == slug, cancellationToken),
    };

    private static ApprovalOutcome.Invalid Invalid(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
