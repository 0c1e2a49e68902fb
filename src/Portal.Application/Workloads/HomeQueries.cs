using Microsoft.EntityFrameworkCore;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>An item used lately.</summary>
public sealed record RecentItem(string Slug, string Name, WorkloadKind Kind, decimal FromHourlyPrice, int TimesThisMonth, DateTimeOffset LastUsed, bool ByTeamOnly);

/// <summary>Everything Home shows.</summary>
/// <param name="Attention">Failed (24 h), waiting for room, ending within the hour.</param>
/// <param name="MonthCost">Of the team since the month began (UTC), posted and open.</param>
public sealed record HomeView(
    IReadOnlyList<WorkloadRow> Attention, IReadOnlyList<WorkloadRow> Active, int ActiveTotal, IReadOnlyList<WorkloadRow> Ended, string? Team, decimal MonthCost, decimal MyMonthCost,
    IReadOnlyList<(DateOnly Day, decimal Cost)> ByDay, string Currency, IReadOnlyList<RecentItem> Recent, DateTimeOffset Now)
{
    /// <summary>Workloads offered to the person.</summary>
    public IReadOnlyList<OfferedWorkload> Offered { get; init; } = [];

    /// <summary>The shown team's budget; null: it has none.</summary>
    public BudgetState? Budget { get; init; }
}

/// <summary>A workload that somebody offers to the reader.</summary>
public sealed record OfferedWorkload(Guid Id, string Name, string OfferedBy, DateTimeOffset ExpiresAt);

/// <summary>Reads Home in one go.</summary>
public sealed class HomeQueries(IDbContextFactory<PortalDbContext> contexts, WorkloadQueries rows, CostReportQueries costs)
{
    private const int Shown = 8;

    /// <param name="team">Slug of the team whose month is shown; null or not one's own: the first.</param>
    public async Task<HomeView> ReadAsync(Actor actor, string? team, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var mine = db.VisibleWorkloads(actor).Where(w => w.OwnerId == actor.UserId && w.Phase != WorkloadPhase.Deleted);
        var week = now.AddDays(-7);
        var attention = await AttentionAsync(db, actor, now, cancellationToken);
        var active = mine.Where(w => w.Phase != WorkloadPhase.Stopped && w.Phase != WorkloadPhase.Failed && w.Phase != WorkloadPhase.Succeeded && w.Phase != WorkloadPhase.Rejected);
        var running = await rows.RowsAsync(db, active.OrderByDescending(w => w.CreatedAt).Take(Shown), actor, cancellationToken);
        var ended = await rows.RowsAsync(db, mine.Where(w => (w.Phase == WorkloadPhase.Stopped || w.Phase == WorkloadPhase.Failed || w.Phase == WorkloadPhase.Succeeded) && w.PhaseSince > week)
            .OrderByDescending(w => w.PhaseSince).Take(5), actor, cancellationToken);
        var shownTeam = actor.Teams.FirstOrDefault(t => t.Slug == team) ?? (actor.Teams.Count > 0 ? actor.Teams[0] : null);
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var byDay = shownTeam is null ? [] : await ByDayAsync(month, "team", shownTeam.Slug, actor, cancellationToken);
        var myDays = await ByDayAsync(month, "owner", actor.Email, actor, cancellationToken);
        return new HomeView(attention, running, await active.CountAsync(cancellationToken), ended, shownTeam?.Slug, byDay.Sum(d => d.Cost), myDays.Sum(d => d.Cost), byDay, "USD",
            await RecentAsync(db, actor, month, cancellationToken), now)
        {
            Offered = await (from t in db.WorkloadTransfers join w in db.VisibleWorkloads(actor) on t.WorkloadId equals w.Id join u in db.Users on t.OfferedById equals u.Id
                             where t.ToUserId == actor.UserId && t.State == TransferState.Offered && t.ExpiresAt > now select new OfferedWorkload(w.Id, w.Name, u.DisplayName, t.ExpiresAt)).ToListAsync(cancellationToken),
            Budget = shownTeam is null ? null : await TeamBudgets.OfAsync(db, shownTeam.Id, null, cancellationToken),
        };
    }

    private async Task<IReadOnlyList<(DateOnly Day, decimal Cost)>> ByDayAsync(DateTimeOffset from, string dimension, string value, Actor actor, CancellationToken cancellationToken)
    {
        var query = new CostQuery { From = from, GroupBy = [CostDimension.Parse("day")!], Filters = [new CostFilter(CostDimension.Parse(dimension)!, [value])] };
        var report = await costs.ReadAsync(query, null, actor, cancellationToken);
        return [.. report.Rows.Select(r => (DateOnly.ParseExact(r.Keys[0], "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), r.Cost)).OrderBy(d => d.Item1)];
    }

    /// <summary>What of the actor's own waits for them: failed (24 h), waiting for room, coming back, about to end or to be stopped for idleness.</summary>
    public async Task<IReadOnlyList<WorkloadRow>> AttentionAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await AttentionAsync(db, actor, await db.NowAsync(cancellationToken), cancellationToken);
    }

    private Task<List<WorkloadRow>> AttentionAsync(PortalDbContext db, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (day, hour) = (now.AddDays(-1), now.AddHours(1));
        var waiting = db.VisibleWorkloads(actor).Where(w => w.OwnerId == actor.UserId && ((w.Phase == WorkloadPhase.Failed && w.PhaseSince > day) || (w.Phase == WorkloadPhase.Queued && w.WaitsForCapacity)
            || w.Phase == WorkloadPhase.Recovering || (w.Phase == WorkloadPhase.Running && (w.ExpiresAt < hour || w.IdleStopAt != null))));
        return rows.RowsAsync(db, waiting.OrderByDescending(w => w.PhaseSince).Take(Shown), actor, cancellationToken);
    }

    private async Task<IReadOnlyList<RecentItem>> RecentAsync(PortalDbContext db, Actor actor, DateTimeOffset month, CancellationToken cancellationToken)
    {
        var latest = await rows.RowsAsync(db, db.VisibleWorkloads(actor).OrderByDescending(w => w.CreatedAt).Take(60), actor, cancellationToken);
        return [.. latest.GroupBy(w => w.ItemSlug).Select(g => new RecentItem(g.Key, g.First().ItemName, g.First().Kind, g.Min(w => w.HourlyPrice),
            g.Count(w => w.OwnerId == actor.UserId && w.CreatedAt >= month), g.Max(w => w.CreatedAt), g.All(w => w.OwnerId != actor.UserId))).OrderBy(r => r.ByTeamOnly).ThenByDescending(r => r.LastUsed).Take(3)];
    }
}
