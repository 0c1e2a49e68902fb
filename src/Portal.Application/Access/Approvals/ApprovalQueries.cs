using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Approvals;

/// <summary>Which requests.</summary>
public enum ApprovalBox
{
    /// <summary>Waiting, and the person can decide them now.</summary>
    ForMe,
    /// <summary>Asked by the person.</summary>
    Mine,
    /// <summary>Ended, as far as the person may see them.</summary>
    Decided,
}

/// <summary>One answer on a request.</summary>
/// <param name="OnBehalfOf">Name of who delegated; null: nobody.</param>
public sealed record DecisionRow(int Step, string By, string? OnBehalfOf, Verdict Verdict, string? Comment, DateTimeOffset At);

/// <summary>One step with who could decide it.</summary>
public sealed record ApprovalStepRow(ApprovalStep Step, string Who, IReadOnlyList<string> People, IReadOnlyList<DecisionRow> Decisions);

/// <summary>A request as approvers and the requester see it.</summary>
/// <param name="ItemName">Null for access to a category or hardware.</param>
/// <param name="ListHourlyPrice">On demand.</param>
/// <param name="MayDecide">The caller can decide it now.</param>
/// <param name="MayOpenWorkload">The caller may see the workload's page.</param>
public sealed record ApprovalRow(
    Guid Id, ApprovalKind Kind, string Title, string Subject, string? SubjectKind, Guid RequesterId, string Requester, string RequesterEmail, string Team, string? Reason, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    ApprovalState State, int StepNumber, IReadOnlyList<ApprovalStepRow> Steps, string Rule, int? PolicyNumber, string Why, decimal HourlyPrice, decimal? ListHourlyPrice, decimal? Hours, string Currency, Guid? WorkloadId,
    string? Hardware, string? ItemName, string? ItemVersion, int Revision, DateTimeOffset? EndedAt, string? EndReason, bool IsMine, bool MayDecide, bool MayOpenWorkload)
{
    /// <summary>Of a move that waits: the hardware it is on.</summary>
    public string? MovesFrom { get; init; }

    /// <summary>Of a budget raise: the amount per month that is asked for.</summary>
    public decimal? Amount { get; init; }

    /// <summary>Price times hours; null when it has no end or no price.</summary>
    public decimal? InAll => Hours is { } hours && HourlyPrice > 0 ? HourlyPrice * hours : null;
}

/// <summary>A past request for the same thing.</summary>
public sealed record SimilarRow(Guid Id, string Title, string Requester, DateTimeOffset EndedAt, decimal? InAll, ApprovalState State);

/// <summary>Reads requests, as far as the caller may see them.</summary>
public sealed class ApprovalQueries(IDbContextFactory<PortalDbContext> contexts, PublishedItems items, CostReportQueries costs)
{
    private const int Most = 200;

    /// <summary>Waiting ones by what expires first, others newest first; at most 200.</summary>
    public async Task<IReadOnlyList<ApprovalRow>> ListAsync(ApprovalBox box, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.Read)) return [];
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var requests = db.ApprovalRequests.AsNoTracking();
        var found = await (box switch
        {
            ApprovalBox.ForMe => requests.Where(r => r.State == ApprovalState.Waiting && r.RequesterId != actor.UserId).OrderBy(r => r.ExpiresAt),
            ApprovalBox.Mine => requests.Where(r => r.RequesterId == actor.UserId).OrderByDescending(r => r.CreatedAt),
            _ => requests.Where(r => r.State != ApprovalState.Waiting).Readable(db.ApprovalDecisions, actor).OrderByDescending(r => r.EndedAt),
        }).Take(box == ApprovalBox.ForMe ? 2000 : Most).ToListAsync(cancellationToken);
        var rows = await RowsAsync(db, found, actor, cancellationToken);
        return [.. (box == ApprovalBox.ForMe ? rows.Where(r => r.MayDecide) : rows).Take(Most)];
    }

    /// <summary>How many wait for the person.</summary>
    public async Task<int> CountForMeAsync(Actor actor, CancellationToken cancellationToken)
    {
        // Every open page asks this whenever a request moves: only what the answer needs is read.
        if (!actor.May(PortalAction.Read)) return 0;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var waiting = await db.ApprovalRequests.AsNoTracking().Where(r => r.State == ApprovalState.Waiting && r.RequesterId != actor.UserId && r.ExpiresAt > now).OrderBy(r => r.ExpiresAt).Take(2000).ToListAsync(cancellationToken);
        if (waiting.Count == 0) return 0;
        var steps = waiting.ToDictionary(r => r.Id, r => PolicyJson.ReadSteps(r.StepsJson));
        var book = await ApproverBook.ReadAsync(db, steps.Values.SelectMany(s => s), cancellationToken);
        var delegators = await Delegations.To(db, actor.UserId, now).ToListAsync(cancellationToken);
        var ids = waiting.Select(r => r.Id).ToList();
        var about = waiting.Select(r => r.WorkloadId).OfType<Guid>().ToList();
        var owners = await db.Workloads.Where(w => about.Contains(w.Id)).Select(w => new { w.Id, w.OwnerId }).ToDictionaryAsync(w => w.Id, w => (Guid?)w.OwnerId, cancellationToken);
        var used = (await db.ApprovalDecisions.Where(d => ids.Contains(d.RequestId)).Select(d => new { d.RequestId, d.Revision, d.ById, d.OnBehalfOfId }).ToListAsync(cancellationToken)).ToLookup(d => (d.RequestId, d.Revision), d => (d.ById, d.OnBehalfOfId));
        return Math.Min(Most, waiting.Count(Mine));

        bool Mine(ApprovalRequest r)
        {
            var answers = used[(r.Id, r.Revision)].ToList();
            return MayDecide(r, DecideApproval.About(book, r, steps[r.Id], actor, delegators, IsAsked(book, r, steps[r.Id], actor, delegators, answers, r.WorkloadId is { } workload ? owners.GetValueOrDefault(workload) : null), hasDecided: false), actor, answers, now);
        }
    }

    private static bool MayDecide(ApprovalRequest r, Subject.Request subject, Actor actor, IReadOnlyList<(Guid ById, Guid OnBehalfOfId)> used, DateTimeOffset now) =>
        r.State == ApprovalState.Waiting && r.ExpiresAt > now && !used.Any(d => d.ById == actor.UserId) && actor.May(PortalAction.BeAsked, subject);

    /// <summary>The actor, or somebody they stand in for, is among those asked now and has not answered.</summary>
    private static bool IsAsked(ApproverBook book, ApprovalRequest r, IReadOnlyList<ApprovalStep> steps, Actor actor, IReadOnlyList<Guid> delegators, IReadOnlyList<(Guid ById, Guid OnBehalfOfId)> used, Guid? ownerId)
    {
        if (r.State != ApprovalState.Waiting || actor.UserId == ownerId) return false;
        var eligible = book.For(steps[r.Step].Approvers, r.TeamId, r.ItemTeamId, r.RequesterId, ownerId).Select(a => a.Id).ToHashSet();
        return delegators.Prepend(actor.UserId).Any(p => eligible.Contains(p) && !used.Any(d => d.OnBehalfOfId == p || d.ById == p));
    }

    /// <summary>One request; null when it is not the caller's to know.</summary>
    public async Task<ApprovalRow?> FindAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.Read)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await db.ApprovalRequests.AsNoTracking().Where(r => r.Id == id).ToListAsync(cancellationToken);
        return (await RowsAsync(db, found, actor, cancellationToken)).FirstOrDefault();
    }

    /// <summary>What waits about a workload; null when nothing does.</summary>
    public async Task<ApprovalRow?> OfWorkloadAsync(Guid workloadId, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await db.ApprovalRequests.AsNoTracking().Where(r => r.WorkloadId == workloadId).OrderByDescending(r => r.CreatedAt).Take(1).ToListAsync(cancellationToken);
        return (await RowsAsync(db, found, actor, cancellationToken)).FirstOrDefault();
    }

    /// <summary>The last decisions on the same item or subject, as far as the caller may see them.</summary>
    public async Task<IReadOnlyList<SimilarRow>> SimilarAsync(ApprovalRow to, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await db.ApprovalRequests.AsNoTracking().Where(r => r.Subject == to.Subject && r.Kind == to.Kind && r.Id != to.Id && (r.State == ApprovalState.Approved || r.State == ApprovalState.Denied))
            .OrderByDescending(r => r.EndedAt).Take(40).ToListAsync(cancellationToken);
        return [.. (await RowsAsync(db, found, actor, cancellationToken)).Take(4).Select(r => new SimilarRow(r.Id, r.Title, r.Requester, r.EndedAt!.Value, r.InAll, r.State))];
    }

    /// <summary>What the team has spent this month (UTC); null when the caller may not see the team's costs.</summary>
    public async Task<decimal?> TeamMonthAsync(string team, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadTeamCosts, Subject.Team.Named(actor, team))) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var report = await costs.ReadAsync(new CostQuery { From = month, GroupBy = [CostDimension.Parse("team")!], Filters = [new CostFilter(CostDimension.Parse("team")!, [team])] }, null, actor, cancellationToken);
        return report.Rows.Sum(r => r.Cost);
    }

    private async Task<List<ApprovalRow>> RowsAsync(PortalDbContext db, List<ApprovalRequest> found, Actor actor, CancellationToken cancellationToken)
    {
        if (found.Count == 0) return [];
        var now = await db.NowAsync(cancellationToken);
        var steps = found.ToDictionary(r => r.Id, r => PolicyJson.ReadSteps(r.StepsJson));
        var book = await ApproverBook.ReadAsync(db, steps.Values.SelectMany(s => s), cancellationToken);
        var delegators = await Delegations.To(db, actor.UserId, now).ToListAsync(cancellationToken);
        var ids = found.Select(r => r.Id).ToList();
        var decisions = await (from d in db.ApprovalDecisions join u in db.Users on d.ById equals u.Id join p in db.Users on d.OnBehalfOfId equals p.Id where ids.Contains(d.RequestId)
                               orderby d.At select new { d.RequestId, d.Revision, d.ById, d.OnBehalfOfId, Row = new DecisionRow(d.Step, u.DisplayName, d.ById == d.OnBehalfOfId ? null : p.DisplayName, d.Verdict, d.Comment, d.At) }).ToListAsync(cancellationToken);
        var people = found.Select(r => r.RequesterId).Distinct().ToList();
        var names = await db.Users.Where(u => people.Contains(u.Id)).Select(u => new { u.Id, u.DisplayName, u.Email }).ToDictionaryAsync(u => u.Id, cancellationToken);
        var teamIds = found.Select(r => r.TeamId).Distinct().ToList();
        var teams = await db.Teams.Where(t => teamIds.Contains(t.Id)).ToDictionaryAsync(t => t.Id, t => t.Slug, cancellationToken);
        var workloadIds = found.Select(r => r.WorkloadId).OfType<Guid>().ToList();
        var workloads = await db.Workloads.Where(w => workloadIds.Contains(w.Id)).Select(w => new { w.Id, w.OwnerId, w.TeamId, w.HardwareJson, w.ItemVersionId, w.ListHourlyPrice, w.Audience, Share = db.WorkloadShares.Where(s => s.WorkloadId == w.Id && s.UserId == actor.UserId).Select(s => (ShareLevel?)s.Level).FirstOrDefault() }).ToDictionaryAsync(w => w.Id, cancellationToken);
        var rows = new List<ApprovalRow>();
        foreach (var r in found)
        {
            var given = decisions.Where(d => d.RequestId == r.Id).ToList();
            var workload = r.WorkloadId is { } id ? workloads[id] : null;
            var version = workload is null ? null : await items.GetAsync(workload.ItemVersionId, cancellationToken);
            var hardware = workload is null ? null : PortalJson.Read<HardwareProfileSpec>(workload.HardwareJson).Name;
            var change = r.ChangeJson is null ? null : PortalJson.Read<PlaceChange>(r.ChangeJson);
            var inRevision = given.Where(d => d.Revision == r.Revision).ToList();
            var used = inRevision.Select(d => (d.ById, d.OnBehalfOfId)).ToList();
            var subject = DecideApproval.About(book, r, steps[r.Id], actor, delegators, IsAsked(book, r, steps[r.Id], actor, delegators, used, workload?.OwnerId), given.Exists(d => d.ById == actor.UserId));
            if (!actor.May(PortalAction.ReadRequest, subject)) continue;
            var mayDecide = MayDecide(r, subject, actor, used, now);
            rows.Add(new ApprovalRow(
                r.Id, r.Kind, r.Title, r.Subject, r.SubjectKind, r.RequesterId, names[r.RequesterId].DisplayName, names[r.RequesterId].Email ?? "", teams[r.TeamId], r.Reason, r.CreatedAt, r.ExpiresAt, r.State, r.Step + 1,
                [.. steps[r.Id].Select((s, i) => new ApprovalStepRow(s, PolicyWords.Who(s), [.. book.For(s.Approvers, r.TeamId, r.ItemTeamId, r.RequesterId, workload?.OwnerId).Select(a => a.Name)], [.. inRevision.Where(d => d.Row.Step == i).Select(d => d.Row)]))],
                r.Rule, r.PolicyNumber, r.Why, r.HourlyPrice, change?.ListHourlyPrice ?? workload?.ListHourlyPrice, r.Hours, r.Currency, r.WorkloadId, change?.Hardware.Name ?? hardware, version?.Spec.Name, version?.Version,
                r.Revision, r.EndedAt, r.EndReason, r.RequesterId == actor.UserId, mayDecide, workload is not null && actor.May(PortalAction.ReadWorkload, new Subject.OfWorkload(workload.OwnerId, workload.TeamId, workload.Audience, workload.Share)))
            {
                MovesFrom = change is null || r.State != ApprovalState.Waiting ? null : hardware,
                Amount = r.Amount,
            });
        }
        return rows;
    }
}
