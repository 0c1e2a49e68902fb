using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Costs;

namespace Portal.Application.Costs;

/// <summary>Sets or takes away a team's budget for each month. Administrators and FinOps.</summary>
public sealed class SetBudget(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>More than anybody has, and fits the column.</summary>
    public const decimal Most = 1_000_000_000;

    /// <param name="amount">US dollars a month; null: no budget.</param>
    public async Task<ApprovalOutcome> ExecuteAsync(string team, decimal? amount, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.SetBudget) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        if (amount is < 0 or > Most) return new ApprovalOutcome.Invalid(new Dictionary<string, string[]> { ["amount"] = ["From 0 to a billion."] });
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.Teams.Where(t => t.Slug == team).Select(t => new { t.Id, t.Name }).SingleOrDefaultAsync(cancellationToken) is not { } known) return new ApprovalOutcome.NotFound();
        await SetAsync(db, known.Id, team, known.Name, amount, actor, await db.NowAsync(cancellationToken), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(Guid.Empty, ApprovalState.Approved);
    }

    /// <summary>The same in a transaction of somebody else's, such as an approval's.</summary>
    internal static async Task SetAsync(PortalDbContext db, Guid teamId, string slug, string name, decimal? amount, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One at a time, so that the trail's "before" is what really was; also where there is no row to lock yet.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"budget:" + slug}, 0))", cancellationToken);
        var row = await db.TeamBudgets.SingleOrDefaultAsync(b => b.TeamId == teamId, cancellationToken);
        db.Audit(actor, now, "budget.set", "team", slug, name, new { before = row?.Amount, after = amount });
        if (amount is not { } wanted)
        {
            if (row is not null) db.TeamBudgets.Remove(row);
        }
        else if (row is null) db.TeamBudgets.Add(new TeamBudget { TeamId = teamId, Amount = wanted, ChangedAt = now });
        else (row.Amount, row.ChangedAt) = (wanted, now);
    }
}
