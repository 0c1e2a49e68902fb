using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Approvals;

/// <summary>Takes back one's own request while nobody has decided it.</summary>
public sealed class WithdrawApproval(IDbContextFactory<PortalDbContext> contexts, ApprovalEffects effects)
{
    public async Task<ApprovalOutcome> ExecuteAsync(Guid requestId, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.WithdrawRequest) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await ApprovalLock.TakeAsync(db, requestId, cancellationToken) is not { } held) return new ApprovalOutcome.NotFound();
        var steps = PolicyJson.ReadSteps(held.Request.StepsJson);
        var book = await ApproverBook.ReadAsync(db, steps, cancellationToken);
        var ruling = Permissions.Of(actor, PortalAction.WithdrawRequest, DecideApproval.About(book, held.Request, steps, actor, [], isAsked: false, hasDecided: false));
        if (!ruling.Allowed) return ruling.Hidden ? new ApprovalOutcome.NotFound() : new ApprovalOutcome.Forbidden(ruling.Reason);
        if (held.Request.State == ApprovalState.Withdrawn) return new ApprovalOutcome.Done(requestId, ApprovalState.Withdrawn);
        if (held.Request.State != ApprovalState.Waiting) return new ApprovalOutcome.Conflict($"It is {held.Request.State.ToString().ToLowerInvariant()} already. {held.Request.EndReason}");
        var now = await db.NowAsync(cancellationToken);
        await effects.EndAsync(db, held, ApprovalState.Withdrawn, $"Withdrawn by {actor.Name}.", actor, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(requestId, ApprovalState.Withdrawn);
    }
}
