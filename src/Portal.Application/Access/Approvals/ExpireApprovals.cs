using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access.Approvals;

namespace Portal.Application.Access.Approvals;

/// <summary>Ends requests on which nobody has decided in time, by the database's clock. Run by the portal's own clock; safe on any number of replicas.</summary>
public sealed class ExpireApprovals(IDbContextFactory<PortalDbContext> contexts, ApprovalEffects effects)
{
    /// <summary>Ends what is due; answers how many.</summary>
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var looking = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await looking.Database.SqlQuery<Guid>($"""select id as "Value" from approval_requests where state = 'Waiting' and expires_at <= clock_timestamp() order by expires_at limit 200""").ToListAsync(cancellationToken);
        var ended = 0;
        foreach (var id in due) ended += await ExpireAsync(id, cancellationToken) ? 1 : 0;
        return ended;
    }

    private async Task<bool> ExpireAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var held = await ApprovalLock.TakeAsync(db, id, cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        // Somebody may have decided, or a step may have begun anew, since it was found.
        if (held is not { Request.State: ApprovalState.Waiting } || held.Request.ExpiresAt > now) return false;
        await effects.EndAsync(db, held, ApprovalState.Expired, "Nobody decided in time.", null, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
