using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Access.Approvals;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Grants;

/// <summary>Asks for the use of something restricted, for a time, with a reason.</summary>
public sealed class RequestAccess(IDbContextFactory<PortalDbContext> contexts)
{
    /// <param name="team">The team in whose name it is asked; null for people with one team.</param>
    public async Task<ApprovalOutcome> ExecuteAsync(RestrictedKind kind, string slug, TimeSpan duration, string reason, string? team, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.AskAccess) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.AccessRestrictions.AsNoTracking().SingleOrDefaultAsync(r => r.Kind == kind && r.Slug == slug, cancellationToken) is not { } restriction)
            return new ApprovalOutcome.Conflict($"{ClosedDoor.Word(kind)} '{slug}' is not restricted: everybody may use it.");
        var errors = new Dictionary<string, string[]>();
        if (duration < TimeSpan.FromHours(1) || duration > restriction.LongestGrant) errors["duration"] = [$"From 1 hour to {restriction.LongestGrant.TotalDays:0.#} days."];
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > 500 || reason.Contains('\0')) errors["reason"] = ["Say why, in at most 500 characters."];
        var own = team is null ? actor.Teams.Count == 1 ? actor.Teams[0] : null : actor.Teams.FirstOrDefault(t => t.Slug == team);
        if (own is null) errors["team"] = [actor.Teams.Count == 0 ? "You are in no team yet; ask an administrator to add you to one." : $"Say for which team: {string.Join(", ", actor.Teams.Select(t => t.Slug))}."];
        if (errors.Count > 0) return new ApprovalOutcome.Invalid(errors);
        if (await AccessRights.Holding(db, restriction, actor.UserId, own!.Id).AnyAsync(cancellationToken)) return new ApprovalOutcome.Conflict("You have access already.");
        var steps = PolicyJson.ReadSteps(restriction.StepsJson);
        var itemTeam = await OwnersAsync(db, kind, slug, cancellationToken);
        var book = await ApproverBook.ReadAsync(db, steps, cancellationToken);
        if (!book.CanBeMet(steps, own.Id, itemTeam, actor.UserId)) return new ApprovalOutcome.Conflict($"It is for {PolicyWords.Steps(steps)} to decide, and besides you there are not enough people for that. Tell an administrator.");
        var now = await db.NowAsync(cancellationToken);
        var request = new ApprovalRequest
        {
            Id = Guid.CreateVersion7(now), Kind = ApprovalKind.Access, RequesterId = actor.UserId, TeamId = own.Id, ItemTeamId = itemTeam, SubjectKind = ClosedDoor.Word(kind), Subject = slug,
            Title = $"{slug} for {duration.TotalDays:0.#} d", Reason = reason.Trim(), Rule = $"{ClosedDoor.Word(kind)} {slug} is restricted", Why = restriction.Reason ?? "it needs a grant", StepsJson = restriction.StepsJson,
            Hours = (decimal)duration.TotalHours, StepSince = now, ExpiresAt = now + steps[0].ExpiresAfter, CreatedAt = now,
        };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.ApprovalRequests.Add(request);
        db.Audit(actor, now, "access.ask", "approval", request.Id.ToString(), request.Title, new { kind = ClosedDoor.Word(kind), slug, hours = request.Hours }, request.Reason);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return new ApprovalOutcome.Conflict("You have asked for it already; see My requests.");
        }
        await db.NotifyAsync([request.Id], cancellationToken);
        await db.TellApproversAsync(request, actor.UserId, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(request.Id, ApprovalState.Waiting);
    }

    /// <summary>The team that supports it; null where it is an administrator's to say.</summary>
    internal static async Task<Guid?> OwnersAsync(PortalDbContext db, RestrictedKind kind, string slug, CancellationToken cancellationToken)
    {
        if (kind != RestrictedKind.Item) return null;
        var json = await (from i in db.CatalogItems join v in db.ItemVersions on i.Id equals v.ItemId where i.Slug == slug orderby v.PublishedAt descending select v.SpecJson).FirstOrDefaultAsync(cancellationToken);
        if (json is null) return null;
        var owner = PortalJson.Read<Domain.Catalog.ItemSpec>(json).Owner;
        return await db.Teams.Where(t => t.Slug == owner).Select(t => (Guid?)t.Id).SingleOrDefaultAsync(cancellationToken);
    }
}
