using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;

namespace Portal.Application.Access.Approvals;

/// <summary>A delegation as its two people see it.</summary>
public sealed record DelegationRow(Guid Id, string From, string To, DateTimeOffset StartsAt, DateTimeOffset EndsAt, bool IsMine, DateTimeOffset? RevokedAt);

/// <summary>Stands somebody in for absences: what the one may decide, the other may, but never their own requests.</summary>
public sealed class Delegations(IDbContextFactory<PortalDbContext> contexts)
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(90);

    public async Task<ApprovalOutcome> CreateAsync(string toEmail, DateTimeOffset startsAt, DateTimeOffset endsAt, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.Delegate) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        // The database keeps instants in UTC.
        (startsAt, endsAt) = (startsAt.ToUniversalTime(), endsAt.ToUniversalTime());
        var wanted = toEmail.Trim().ToUpperInvariant();
        var to = await db.Users.Where(u => u.NormalizedEmail == wanted && !u.Disabled).Select(u => new { u.Id, u.DisplayName }).SingleOrDefaultAsync(cancellationToken);
        if (to is null) return Invalid("to", $"There is no account '{toEmail.Trim()}'.");
        if (to.Id == actor.UserId) return Invalid("to", "Somebody else than yourself.");
        if (endsAt < startsAt.AddMinutes(1) || endsAt <= now) return Invalid("endsAt", "After the start, and not in the past.");
        if (endsAt - startsAt > Longest) return Invalid("endsAt", $"At most {Longest.TotalDays:0} days.");
        var delegation = new Delegation { Id = Guid.CreateVersion7(now), FromUserId = actor.UserId, ToUserId = to.Id, StartsAt = startsAt, EndsAt = endsAt, CreatedAt = now };
        db.Delegations.Add(delegation);
        db.Audit(actor, now, "delegation.create", "delegation", delegation.Id.ToString(), to.DisplayName, new { to = to.Id, startsAt, endsAt });
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(delegation.Id, ApprovalState.Waiting);
    }

    /// <summary>Ends it now, by whoever gave it.</summary>
    public async Task<ApprovalOutcome> RevokeAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.Delegate) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var delegation = await db.Delegations.SingleOrDefaultAsync(d => d.Id == id && d.FromUserId == actor.UserId, cancellationToken);
        if (delegation is null) return new ApprovalOutcome.NotFound();
        if (delegation.RevokedAt is not null) return new ApprovalOutcome.Done(id, ApprovalState.Waiting);
        var now = await db.NowAsync(cancellationToken);
        delegation.RevokedAt = now;
        db.Audit(actor, now, "delegation.revoke", "delegation", id.ToString(), actor.Name);
        await db.SaveChangesAsync(cancellationToken);
        return new ApprovalOutcome.Done(id, ApprovalState.Waiting);
    }

    /// <summary>Those of the person, given and received, that have not ended.</summary>
    public async Task<IReadOnlyList<DelegationRow>> MineAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        return await (from d in db.Delegations join f in db.Users on d.FromUserId equals f.Id join t in db.Users on d.ToUserId equals t.Id
                      where (d.FromUserId == actor.UserId || d.ToUserId == actor.UserId) && d.EndsAt > now && d.RevokedAt == null
                      orderby d.StartsAt select new DelegationRow(d.Id, f.DisplayName, t.DisplayName, d.StartsAt, d.EndsAt, d.FromUserId == actor.UserId, d.RevokedAt)).ToListAsync(cancellationToken);
    }

    /// <summary>For whom the person stands in now.</summary>
    internal static IQueryable<Guid> To(PortalDbContext db, Guid userId, DateTimeOffset now) =>
        db.Delegations.Where(d => d.ToUserId == userId && d.RevokedAt == null && d.StartsAt <= now && d.EndsAt > now).Select(d => d.FromUserId).Distinct();

    private static ApprovalOutcome.Invalid Invalid(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
