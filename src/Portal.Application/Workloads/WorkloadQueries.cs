using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Lists of workloads, as far as the caller may see them.</summary>
public sealed class WorkloadQueries(IDbContextFactory<PortalDbContext> contexts, PublishedItems items)
{
    private static readonly WorkloadPhase[] Waiting = [WorkloadPhase.PendingApproval, WorkloadPhase.Queued, WorkloadPhase.Placing, WorkloadPhase.Starting, WorkloadPhase.Recovering];
    private static readonly WorkloadPhase[] Busy = [WorkloadPhase.Running, WorkloadPhase.Starting, WorkloadPhase.Stopping];

    public async Task<PageOf<WorkloadRow>> ListAsync(WorkloadFilter filter, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var matching = await MatchAsync(db, filter, actor, cancellationToken);
        var total = await matching.CountAsync(cancellationToken);
        var (page, size) = (Math.Max(filter.Page, 1), Math.Clamp(filter.PageSize, 1, PageOf<WorkloadRow>.MaxSize));
        // Which ones first, then what they are: to sort thousands of whole rows, parameters and all, takes many times as long.
        var ids = await Order(matching, filter.Sort).Skip((page - 1) * size).Take(size).Select(w => w.Id).ToListAsync(cancellationToken);
        var rows = (await RowsAsync(db, db.VisibleWorkloads(actor).Where(w => ids.Contains(w.Id)), actor, cancellationToken)).ToDictionary(r => r.Id);
        return new PageOf<WorkloadRow>([.. ids.Where(rows.ContainsKey).Select(id => rows[id])], total, page, size);
    }

    /// <summary>Numbers for the tabs above the list; <paramref name="team"/> narrows all but "mine".</summary>
    public async Task<WorkloadCounts> CountsAsync(Actor actor, string? team, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var (week, tomorrow) = (now.AddDays(-7), now.AddHours(24));
        var visible = db.VisibleWorkloads(actor).Where(w => w.Phase != WorkloadPhase.Deleted);
        var mine = await visible.CountAsync(w => w.OwnerId == actor.UserId, cancellationToken);
        if (team is not null) visible = visible.Where(w => db.Teams.Any(t => t.Id == w.TeamId && t.Slug == team));
        var counts = await visible.GroupBy(_ => 1).Select(g => new
        {
            All = g.Count(),
            Running = g.Count(w => w.Phase == WorkloadPhase.Running),
            Waiting = g.Count(w => Waiting.Contains(w.Phase)),
            Failed = g.Count(w => w.Phase == WorkloadPhase.Failed && w.PhaseSince > week),
            Ending = g.Count(w => w.Phase == WorkloadPhase.Running && w.ExpiresAt < tomorrow),
            Price = g.Where(w => Busy.Contains(w.Phase)).Sum(w => (decimal?)w.HourlyPrice) ?? 0,
        }).SingleOrDefaultAsync(cancellationToken);
        return counts is null ? new(mine, 0, 0, 0, 0, 0, 0) : new(mine, counts.All, counts.Running, counts.Waiting, counts.Failed, counts.Ending, counts.Price);
    }

    /// <summary>A name not taken in one of the actor's teams, made from the item's slug: <c>jupyter-notebook-03</c>. Names of other teams are none of their business.</summary>
    public async Task<string> FreeNameAsync(string itemSlug, string team, Actor actor, CancellationToken cancellationToken)
    {
        var stem = itemSlug.Length > 34 ? itemSlug[..34] : itemSlug;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var taken = await db.VisibleWorkloads(actor).Where(w => w.Phase != WorkloadPhase.Deleted && w.Name.StartsWith(stem) && db.Teams.Any(t => t.Id == w.TeamId && t.Slug == team)).Select(w => w.Name).ToListAsync(cancellationToken);
        return Enumerable.Range(1, taken.Count + 1).Select(n => $"{stem}-{n:00}").First(name => !taken.Contains(name));
    }

    private static async Task<IQueryable<Workload>> MatchAsync(PortalDbContext db, WorkloadFilter filter, Actor actor, CancellationToken cancellationToken)
    {
        var query = db.VisibleWorkloads(actor);
        if (!filter.IncludeDeleted && !filter.Phases.Contains(WorkloadPhase.Deleted)) query = query.Where(w => w.Phase != WorkloadPhase.Deleted);
        if (!string.IsNullOrEmpty(filter.Team)) query = query.Where(w => db.Teams.Any(t => t.Id == w.TeamId && t.Slug == filter.Team));
        if (!string.IsNullOrEmpty(filter.Owner))
        {
            var email = filter.Owner.ToUpperInvariant();
            var ownerId = filter.Owner == "me" ? actor.UserId : Guid.TryParse(filter.Owner, out var id) ? id : await db.Users.Where(u => u.NormalizedEmail == email).Select(u => u.Id).SingleOrDefaultAsync(cancellationToken);
            query = query.Where(w => w.OwnerId == ownerId);
        }
        if (filter.Kinds.Count > 0) query = query.Where(w => filter.Kinds.Contains(w.Kind));
        if (filter.Phases.Count > 0) query = query.Where(w => filter.Phases.Contains(w.Phase));
        if (!string.IsNullOrEmpty(filter.Target)) query = query.Where(w => w.Target == filter.Target);
        if (filter.Since is { } since) query = query.Where(w => w.PhaseSince >= since);
        if (filter.EndsBefore is { } end) query = query.Where(w => w.ExpiresAt < end);
        if (!string.IsNullOrEmpty(filter.Item))
            query = query.Where(w => db.ItemVersions.Any(v => v.Id == w.ItemVersionId && db.CatalogItems.Any(i => i.Id == v.ItemId && i.Slug == filter.Item)));
        if (!string.IsNullOrWhiteSpace(filter.Q) && !filter.Q.Contains('\0'))
        {
            var pattern = "%" + filter.Q.Trim().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
            // jsonb is text only when asked to be, which LINQ cannot say.
            var tagged = db.Database.SqlQuery<Guid>($"select id as \"Value\" from workloads where tags::text ilike {pattern}");
            query = query.Where(w => EF.Functions.ILike(w.Name, pattern) || db.Users.Any(u => u.Id == w.OwnerId && EF.Functions.ILike(u.DisplayName, pattern)) || tagged.Contains(w.Id)
                || db.ItemVersions.Any(v => v.Id == w.ItemVersionId && db.CatalogItems.Any(i => i.Id == v.ItemId && EF.Functions.ILike(i.Slug, pattern))));
        }
        return query;
    }

    private static IOrderedQueryable<Workload> Order(IQueryable<Workload> query, string? sort) => sort switch
    {
        "createdAt" => query.OrderBy(w => w.CreatedAt).ThenBy(w => w.Id),
        "-createdAt" => query.OrderByDescending(w => w.CreatedAt).ThenByDescending(w => w.Id),
        "name" => query.OrderBy(w => w.Name).ThenBy(w => w.Id),
        "-name" => query.OrderByDescending(w => w.Name).ThenBy(w => w.Id),
        "price" => query.OrderBy(w => w.HourlyPrice).ThenBy(w => w.Id),
        "-price" => query.OrderByDescending(w => w.HourlyPrice).ThenBy(w => w.Id),
        "expiresAt" => query.OrderBy(w => w.ExpiresAt).ThenBy(w => w.Id),
        "-expiresAt" => query.OrderByDescending(w => w.ExpiresAt).ThenBy(w => w.Id),
        "-phase" => query.OrderByDescending(w => w.PhaseSince).ThenBy(w => w.Id),
        "phase" => query.OrderBy(w => w.PhaseSince).ThenBy(w => w.Id),
        _ => query.OrderBy(w => w.Phase == WorkloadPhase.Failed ? 0 : Waiting.Contains(w.Phase) || w.Phase == WorkloadPhase.Stopping ? 1 : w.Phase == WorkloadPhase.Running ? 2 : w.Phase == WorkloadPhase.Stopped ? 3 : 4)
            .ThenByDescending(w => w.PhaseSince).ThenBy(w => w.Id),
    };

    /// <summary>Rows for a query, in its order: three reads whatever their number.</summary>
    internal async Task<List<WorkloadRow>> RowsAsync(PortalDbContext db, IQueryable<Workload> query, Actor actor, CancellationToken cancellationToken)
    {
        var found = await query.AsNoTracking().Select(w => new
        {
            Workload = w,
            Owner = db.Users.Where(u => u.Id == w.OwnerId).Select(u => new { u.DisplayName, u.Email }).First(),
            Team = db.Teams.Where(t => t.Id == w.TeamId).Select(t => t.Slug).First(),
            InstanceType = db.Allocations.Where(a => a.WorkloadId == w.Id).OrderByDescending(a => a.Attempt).Select(a => a.InstanceType).FirstOrDefault(),
            Share = db.WorkloadShares.Where(s => s.WorkloadId == w.Id && s.UserId == actor.UserId).Select(s => (ShareLevel?)s.Level).FirstOrDefault(),
        }).ToListAsync(cancellationToken);
        var costs = await CostQueries.ToDateAsync(db, found.Select(f => f.Workload.Id).ToList(), cancellationToken);
        var rows = new List<WorkloadRow>(found.Count);
        foreach (var f in found)
        {
            var (w, version, subject) = (f.Workload, await items.GetAsync(f.Workload.ItemVersionId, cancellationToken), Subject.OfWorkload.Of(f.Workload, f.Share));
            rows.Add(new WorkloadRow(w.Id, w.Name, w.Kind, version.Spec.Slug, version.Spec.Name, version.Version, w.OwnerId, f.Owner.DisplayName, f.Owner.Email ?? "", f.Team,
                w.Desired, w.Phase, w.PhaseReason, w.PhaseSince, w.Target, w.Capacity, w.Hardware, f.InstanceType, w.HourlyPrice, costs.GetValueOrDefault(w.Id)?.Cost ?? 0, w.Currency,
                w.CreatedAt, w.StartedAt, w.ReadyAt, w.EndedAt, w.ExpiresAt, w.Failure, w.ExitCode, w.Attempt, version.Spec.Ports.Count > 0,
                actor.May(PortalAction.ChangeWorkload, subject), actor.May(PortalAction.OpenWorkload, subject))
            {
                MayOperate = actor.May(PortalAction.OperateWorkload, subject),
                Activity = new WorkloadActivity(w.ActivityAt, w.ActivityWhat, w.Phase == WorkloadPhase.Running ? w.IdleStopAt : null, w.ProbedAt, w.ProbeProblem, IdlePolicy.RulesFor(version.Spec.Activity, w.IdleTimeout)),
            });
        }
        return rows;
    }
}
