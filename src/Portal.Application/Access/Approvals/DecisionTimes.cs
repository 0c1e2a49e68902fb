using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access.Approvals;

/// <summary>How long people waited for an answer, in one group.</summary>
/// <param name="Name">Of the team, the rule or what was asked for.</param>
/// <param name="Decided">Requests approved or denied.</param>
/// <param name="Expired">Requests that nobody decided.</param>
/// <param name="Median">From the request to its last decision; half were quicker. Null: none decided.</param>
/// <param name="P90">Nine of ten were quicker.</param>
public sealed record DecisionTimeRow(string Name, int Decided, int Expired, TimeSpan? Median, TimeSpan? P90);

/// <summary>Request → decision times, and what waits longest now.</summary>
public sealed record DecisionTimeReport(DecisionTimeRow All, IReadOnlyList<DecisionTimeRow> Teams, IReadOnlyList<DecisionTimeRow> Rules, IReadOnlyList<DecisionTimeRow> Subjects, IReadOnlyList<WaitingRow> Waiting);

/// <summary>A request that waits.</summary>
public sealed record WaitingRow(Guid Id, string Title, string Requester, string Team, string Rule, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>Engineers' time lost to waiting: for those who see everything over all teams, for leads over theirs.</summary>
public sealed class DecisionTimes(IDbContextFactory<PortalDbContext> contexts)
{
    private const int Longest = 10;

    private sealed record Group(string Name, int Decided, int Expired, double? Median, double? P90);

    /// <param name="days">How far back requests were made, 1 to 366.</param>
    /// <returns>Null for people who neither see everything nor lead a team.</returns>
    public async Task<DecisionTimeReport?> ReadAsync(int days, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadDecisionTimes)) return null;
        var teams = Permissions.TeamsOfDecisionTimes(actor);
        var (all, led) = (teams is null, teams?.ToArray() ?? []);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var since = await db.NowAsync(cancellationToken) - TimeSpan.FromDays(Math.Clamp(days, 1, 366));
        async Task<List<DecisionTimeRow>> ByAsync(string group) =>
            [.. (await db.Database.SqlQuery<Group>($"""
                select case {group} when 'team' then (select t.slug from teams t where t.id = team_id) when 'rule' then rule when 'subject' then coalesce(subject_kind || ' ', '') || subject else '' end as name, count(*) filter (where state in ('Approved', 'Denied'))::int as decided, count(*) filter (where state = 'Expired')::int as expired,
                  percentile_cont(0.5) within group (order by extract(epoch from ended_at - created_at)) filter (where state in ('Approved', 'Denied')) as median,
                  percentile_cont(0.9) within group (order by extract(epoch from ended_at - created_at)) filter (where state in ('Approved', 'Denied')) as p90
                from approval_requests where created_at >= {since} and ({all} or team_id = any({led})) and state in ('Approved', 'Denied', 'Expired') group by 1 order by 4 desc nulls last, 1 limit 50
                """).ToListAsync(cancellationToken)).Select(Row)];
        var total = (await ByAsync("all")).FirstOrDefault() ?? new DecisionTimeRow("", 0, 0, null, null);
        var waiting = await (from r in db.ApprovalRequests join u in db.Users on r.RequesterId equals u.Id join t in db.Teams on r.TeamId equals t.Id
                             where r.State == Domain.Access.Approvals.ApprovalState.Waiting && (all || led.Contains(r.TeamId)) orderby r.CreatedAt
                             select new WaitingRow(r.Id, r.Title, u.DisplayName, t.Slug, r.Rule, r.CreatedAt, r.ExpiresAt)).Take(Longest).ToListAsync(cancellationToken);
        return new DecisionTimeReport(total, await ByAsync("team"), await ByAsync("rule"), await ByAsync("subject"), waiting);
    }

    private static DecisionTimeRow Row(Group g) => new(g.Name, g.Decided, g.Expired, g.Median is { } m ? TimeSpan.FromSeconds(m) : null, g.P90 is { } p ? TimeSpan.FromSeconds(p) : null);
}
