using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Costs;

/// <summary>A team's budget for this month (UTC) and what is held against it.</summary>
/// <param name="Spent">From the ledger plus what is open.</param>
/// <param name="Committed">What live workloads will still cost: hourly price × the smaller of their remaining lifetime and the rest of the month.</param>
public sealed record BudgetState(string Team, decimal Amount, string Currency, decimal Spent, decimal Committed)
{
    /// <summary>Spent by the end of the month if everything runs to its end.</summary>
    public decimal Forecast => Spent + Committed;

    /// <summary>What may still be promised.</summary>
    public decimal Left => Amount - Forecast;
}

/// <summary>Reads budgets.</summary>
public sealed class TeamBudgets(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>Of the caller's teams; of all for those who see everything. Teams without a budget are left out.</summary>
    public async Task<IReadOnlyList<BudgetState>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.Read)) return [];
        var all = actor.May(PortalAction.ReadEverything);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = actor.Teams.Select(t => t.Id).ToList();
        var teams = await db.TeamBudgets.Where(b => all || own.Contains(b.TeamId)).Join(db.Teams, b => b.TeamId, t => t.Id, (_, t) => new { t.Id, t.Slug }).OrderBy(t => t.Slug).ToListAsync(cancellationToken);
        var states = new List<BudgetState>();
        foreach (var team in teams)
            if (await OfAsync(db, team.Id, null, cancellationToken) is { } state) states.Add(state);
        return states;
    }

    /// <summary>One team's; null when it has none, or it is not the caller's to know.</summary>
    public async Task<BudgetState?> FindAsync(string team, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var id = await db.Teams.Where(t => t.Slug == team).Select(t => (Guid?)t.Id).SingleOrDefaultAsync(cancellationToken);
        return id is { } known && actor.May(PortalAction.ReadTeamCosts, new Subject.Team(known)) ? await OfAsync(db, known, null, cancellationToken) : null;
    }

    /// <summary>What would be left after something of this price and length; null when the team has no budget.</summary>
    /// <param name="duration">Until it ends; null: it has no end.</param>
    /// <param name="except">A workload whose own commitment this replaces.</param>
    internal static async Task<decimal?> LeftAfterAsync(PortalDbContext db, Guid teamId, decimal hourlyPrice, TimeSpan? duration, Guid? except, CancellationToken cancellationToken)
    {
        if (await OfAsync(db, teamId, except, cancellationToken) is not { } state) return null;
        var rest = NextMonth(await db.NowAsync(cancellationToken)) - await db.NowAsync(cancellationToken);
        return state.Left - hourlyPrice * (decimal)(duration is { } wanted && wanted < rest ? wanted : rest).TotalHours;
    }

    /// <summary>Inside a transaction the team's row is locked until its end, so that two launches cannot both spend the last dollar.</summary>
    internal static async Task<BudgetState?> OfAsync(PortalDbContext db, Guid teamId, Guid? except, CancellationToken cancellationToken)
    {
        var rows = db.Database.CurrentTransaction is null ? db.TeamBudgets.AsNoTracking().Where(b => b.TeamId == teamId) : db.TeamBudgets.FromSql($"select b.*, b.xmin from team_budgets b where b.team_id = {teamId} for update").AsNoTracking();
        if ((await rows.ToListAsync(cancellationToken)).FirstOrDefault() is not { } budget) return null;
        var slug = await db.Teams.Where(t => t.Id == teamId).Select(t => t.Slug).SingleAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var (month, next) = (new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero), NextMonth(now));
        var posted = await db.UsageRecords.Where(r => r.PeriodStart >= month && db.Workloads.Any(w => w.Id == r.WorkloadId && w.TeamId == teamId)).SumAsync(r => r.Cost, cancellationToken);
        var open = await db.UsageIntervals.AsNoTracking().Where(i => (i.EndedAt == null || i.PostedUntil < i.EndedAt) && db.Workloads.Any(w => w.Id == i.WorkloadId && w.TeamId == teamId)).ToListAsync(cancellationToken);
        var running = open.Sum(i => Between(i, i.PostedUntil > month ? i.PostedUntil : month, i.EndedAt ?? now));
        var live = await db.Workloads.Where(w => w.TeamId == teamId && w.Id != except && w.Desired == DesiredState.Running
            && (w.Phase == WorkloadPhase.Queued || w.Phase == WorkloadPhase.Placing || w.Phase == WorkloadPhase.Starting || w.Phase == WorkloadPhase.Running || w.Phase == WorkloadPhase.Recovering))
            .Select(w => new { w.HourlyPrice, w.ExpiresAt }).ToListAsync(cancellationToken);
        var committed = live.Sum(w => w.HourlyPrice * (decimal)Math.Max(0, ((w.ExpiresAt is { } end && end < next ? end : next) - now).TotalHours));
        return new BudgetState(slug, budget.Amount, budget.Currency, posted + running, committed);
    }

    private static decimal Between(UsageInterval interval, DateTimeOffset from, DateTimeOffset to) => to <= from ? 0 : Accrual.Between(interval.StartedAt, from, to, interval.HourlyPrice);

    private static DateTimeOffset NextMonth(DateTimeOffset now) => new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
}
