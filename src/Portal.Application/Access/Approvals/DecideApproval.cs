using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Audit;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Settings;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Approvals;

/// <summary>What became of a wish about a request.</summary>
public abstract record ApprovalOutcome
{
    private ApprovalOutcome() { }

    /// <param name="State">Waiting: more approvals are needed.</param>
    public sealed record Done(Guid RequestId, ApprovalState State) : ApprovalOutcome;

    /// <summary>Also when its existence is not the caller's to know.</summary>
    public sealed record NotFound : ApprovalOutcome;

    public sealed record Forbidden(string Reason) : ApprovalOutcome;

    /// <summary>It has ended, was decided by the caller, or is not what was shown.</summary>
    public sealed record Conflict(string Reason) : ApprovalOutcome;

    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : ApprovalOutcome;
}

/// <summary>
/// Takes one approver's answer. The workload's row and the request's row are locked, in this order as everywhere, so that two approvers, an expiry and a withdrawal come one after the other.
/// </summary>
public sealed class DecideApproval(IDbContextFactory<PortalDbContext> contexts, ApprovalEffects effects, CurrentQuotes quotes, PortalSettings settings, ReconcileRequests reconcile)
{
    /// <param name="revision">The revision the approver has seen; null: whatever it is now.</param>
    /// <param name="comment">Needed to deny.</param>
    public async Task<ApprovalOutcome> ExecuteAsync(Guid requestId, Verdict verdict, string? comment, int? revision, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.DecideRequest) is { } may) return new ApprovalOutcome.Forbidden(may);
        comment = string.IsNullOrWhiteSpace(comment) ? null : comment.Trim();
        if (comment is { Length: > 2000 } || comment?.Contains('\0') == true) return Invalid("comment", "At most 2000 characters.");
        if (verdict == Verdict.Deny && comment is null) return Invalid("comment", "Say why, so that the requester can do better.");
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await ApprovalLock.TakeAsync(db, requestId, cancellationToken) is not { } held) return new ApprovalOutcome.NotFound();
        var (request, now) = (held.Request, await db.NowAsync(cancellationToken));
        var steps = PolicyJson.ReadSteps(request.StepsJson);
        var book = await ApproverBook.ReadAsync(db, steps, cancellationToken);
        var right = await RightAsync(db, book, held, steps, actor, now, cancellationToken);
        if (right.Refusal is { } refusal) return refusal;
        if (request.State != ApprovalState.Waiting) return new ApprovalOutcome.Conflict($"It is {request.State.ToString().ToLowerInvariant()} already. {request.EndReason}");
        if (request.ExpiresAt <= now)
        {
            await effects.EndAsync(db, held, ApprovalState.Expired, "Nobody decided in time.", null, now, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new ApprovalOutcome.Conflict("It has expired: nobody decided in time.");
        }
        if (revision is { } seen && seen != request.Revision) return new ApprovalOutcome.Conflict("The request has changed since it was shown. Look at it again.");
        if (verdict == Verdict.Approve && await effects.ObstacleAsync(db, held, cancellationToken) is { } obstacle) return new ApprovalOutcome.Conflict(obstacle);
        if (verdict == Verdict.Approve && await AskedAgainAsync(db, held, steps, actor, now, cancellationToken) is { } changed)
        {
            await transaction.CommitAsync(cancellationToken);
            return changed;
        }
        db.ApprovalDecisions.Add(new ApprovalDecision
        {
            Id = Guid.CreateVersion7(now), RequestId = requestId, Revision = request.Revision, Step = request.Step, ById = actor.UserId, OnBehalfOfId = right.Principal!.Value, Verdict = verdict, Comment = comment, At = now,
        });
        var before = await db.ApprovalDecisions.CountAsync(d => d.RequestId == requestId && d.Revision == request.Revision && d.Step == request.Step && d.Verdict == Verdict.Approve, cancellationToken);
        db.Audit(actor, now, verdict == Verdict.Approve ? "approval.approve" : "approval.deny", "approval", requestId.ToString(), request.Title, new { step = request.Step + 1, onBehalfOf = right.Principal == actor.UserId ? null : right.Principal }, comment);
        var ended = request.Take(verdict, actor.Name, steps, before + 1, now);
        if (ended) await effects.ApplyAsync(db, held, comment, actor, now, cancellationToken);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "approval_decisions" })
        {
            return new ApprovalOutcome.Conflict("You have decided on it already. A person counts once.");
        }
        await db.NotifyAsync(held.Ids, cancellationToken);
        if (ended) await db.TellRequesterAsync(request, actor.UserId, now, cancellationToken);
        else await db.TellApproversAsync(request, actor.UserId, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (ended && request.WorkloadId is { } workload) reconcile.Enqueue(workload);
        return new ApprovalOutcome.Done(requestId, request.State);
    }

    /// <summary>Whose right the actor uses: their own, or that of somebody who delegated to them.</summary>
    private static async Task<(Guid? Principal, ApprovalOutcome? Refusal)> RightAsync(PortalDbContext db, ApproverBook book, HeldApproval held, IReadOnlyList<ApprovalStep> steps, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (request, owner) = (held.Request, held.Workload?.OwnerId);
        // Somebody else may have asked about it, such as one who operates it.
        if (owner == actor.UserId && request.RequesterId != actor.UserId) return (null, new ApprovalOutcome.Forbidden("Nobody decides about their own workload."));
        var delegators = await Delegations.To(db, actor.UserId, now).ToListAsync(cancellationToken);
        var eligible = book.For(steps[request.Step].Approvers, request.TeamId, request.ItemTeamId, request.RequesterId, owner).Select(a => a.Id).ToList();
        var used = await db.ApprovalDecisions.Where(d => d.RequestId == request.Id && d.Revision == request.Revision).Select(d => new { d.ById, d.OnBehalfOfId }).ToListAsync(cancellationToken);
        if (request.State == ApprovalState.Waiting && used.Exists(u => u.ById == actor.UserId)) return (null, new ApprovalOutcome.Conflict("You have decided on it already. A person counts once."));
        var free = delegators.Prepend(actor.UserId).Where(p => eligible.Contains(p)).ToList();
        var ruling = Permissions.Of(actor, PortalAction.DecideRequest, About(book, request, steps, actor, delegators, free.Count > 0, used.Exists(u => u.ById == actor.UserId)));
        if (!ruling.Allowed) return (null, ruling.Hidden ? new ApprovalOutcome.NotFound() : new ApprovalOutcome.Forbidden(ruling.Reason));
        return free.Find(p => used.TrueForAll(u => u.OnBehalfOfId != p && u.ById != p)) is var principal && principal != Guid.Empty ? (principal, null) : (null, new ApprovalOutcome.Conflict("Whoever you stand in for has decided on it already."));
    }

    /// <summary>A request as <see cref="Permissions"/> wants to know it.</summary>
    internal static Subject.Request About(ApproverBook book, ApprovalRequest request, IReadOnlyList<ApprovalStep> steps, Actor actor, IReadOnlyList<Guid> delegators, bool isAsked, bool hasDecided) =>
        new(request.RequesterId, request.TeamId, isAsked,
            hasDecided || steps.Any(s => book.For(s.Approvers, request.TeamId, request.ItemTeamId, request.RequesterId).Any(a => a.Id == actor.UserId || delegators.Contains(a.Id))), PolicyWords.Who(steps[request.Step]));

    /// <summary>A price that has moved is another question: everybody is asked anew.</summary>
    private async Task<ApprovalOutcome?> AskedAgainAsync(PortalDbContext db, HeldApproval held, IReadOnlyList<ApprovalStep> steps, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (held.Workload is not { } workload) return null;
        var change = held.Request.ChangeJson is { } json ? PortalJson.Read<PlaceChange>(json) : null;
        var quote = change is null ? await quotes.OfAsync(workload, cancellationToken) : await quotes.OfAsync(change.Target, change.Hardware, change.Capacity, workload.OwnerId, cancellationToken);
        var price = quote?.HourlyPrice ?? held.Request.HourlyPrice;
        var tolerance = (await settings.GetAsync(cancellationToken)).QuoteTolerance;
        if (Math.Abs(price - held.Request.HourlyPrice) <= held.Request.HourlyPrice * (decimal)tolerance) return null;
        var old = held.Request.HourlyPrice;
        held.Request.AskAgain(price, steps, now);
        if (change is not null && quote is not null) held.Request.ChangeJson = PortalJson.Write(change with { HourlyPrice = price, ListHourlyPrice = quote.ListHourlyPrice });
        db.Audit(actor, now, "approval.askAgain", "approval", held.Request.Id.ToString(), held.Request.Title, new { before = old, after = price });
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync(held.Ids, cancellationToken);
        await db.TellApproversAsync(held.Request, actor.UserId, now, cancellationToken);
        return new ApprovalOutcome.Conflict($"The price has moved from ${old:0.####}/h to ${price:0.####}/h since it was asked. Everybody is asked again with the new price.");
    }

    private static ApprovalOutcome.Invalid Invalid(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
