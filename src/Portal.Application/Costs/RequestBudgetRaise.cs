using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Access.Approvals;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Costs;

/// <summary>Asks for a larger monthly budget of one's team. FinOps decide; where nobody else is one, administrators.</summary>
public sealed class RequestBudgetRaise(IDbContextFactory<PortalDbContext> contexts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromDays(7);

    /// <param name="amount">US dollars a month: the whole, not what is added.</param>
    public async Task<ApprovalOutcome> ExecuteAsync(string team, decimal amount, string reason, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Teams.Where(t => t.Slug == team).Select(t => new { t.Id, t.Name }).SingleOrDefaultAsync(cancellationToken) is not { } own) return new ApprovalOutcome.NotFound();
        var ruling = Permissions.Of(actor, PortalAction.AskBudget, new Subject.Team(own.Id));
        if (!ruling.Allowed) return ruling.Hidden ? new ApprovalOutcome.NotFound() : new ApprovalOutcome.Forbidden(ruling.Reason);
        var current = await db.TeamBudgets.Where(b => b.TeamId == own.Id).Select(b => (decimal?)b.Amount).SingleOrDefaultAsync(cancellationToken);
        if (current is null) return new ApprovalOutcome.Conflict($"Team {team} has no budget, so there is nothing to raise.");
        var errors = new Dictionary<string, string[]>();
        amount = decimal.Round(amount, 2);
        if (amount <= current || amount > SetBudget.Most) errors["amount"] = [$"More than the ${current:0.##} a month it is now."];
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > 500 || reason.Contains('\0')) errors["reason"] = ["Say why, in at most 500 characters."];
        if (errors.Count > 0) return new ApprovalOutcome.Invalid(errors);
        var steps = await StepsAsync(db, own.Id, actor, cancellationToken);
        if (steps is null) return new ApprovalOutcome.Conflict("Besides you there is nobody who could decide it: no FinOps and no administrator.");
        var now = await db.NowAsync(cancellationToken);
        var request = new ApprovalRequest
        {
            Id = Guid.CreateVersion7(now), Kind = ApprovalKind.Budget, RequesterId = actor.UserId, TeamId = own.Id, SubjectKind = "budget", Subject = team, Title = $"Budget of {own.Name}", Reason = reason.Trim(),
            Rule = "Budgets are raised by request", Why = $"it is ${current:0.##} a month now", StepsJson = PolicyJson.Write(steps).ToJsonString(), Amount = amount, StepSince = now, ExpiresAt = now + Patience, CreatedAt = now,
        };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.ApprovalRequests.Add(request);
        db.Audit(actor, now, "budget.ask", "approval", request.Id.ToString(), request.Title, new { team, before = current, after = request.Amount }, request.Reason);
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

    private static async Task<IReadOnlyList<ApprovalStep>?> StepsAsync(PortalDbContext db, Guid teamId, Actor actor, CancellationToken cancellationToken)
    {
        foreach (var role in new[] { PortalRoles.FinOps, PortalRoles.Admin })
        {
            IReadOnlyList<ApprovalStep> steps = [new(new Approvers.InRole(role), 1, Patience)];
            if ((await ApproverBook.ReadAsync(db, steps, cancellationToken)).CanBeMet(steps, teamId, null, actor.UserId)) return steps;
        }
        return null;
    }
}
