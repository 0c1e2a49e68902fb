using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;
using Portal.Domain.Notifications;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Approvals;

/// <summary>Opens and closes requests inside the transaction of what they are about.</summary>
internal static class ApprovalRequests
{
    /// <summary>Asks about a workload.</summary>
    /// <param name="change">Of a move: what it becomes.</param>
    public static ApprovalRequest Ask(this PortalDbContext db, ApprovalKind kind, Workload workload, string item, LaunchRuling.NeedsApproval ruling, decimal? hours, string? reason, Actor requester, DateTimeOffset now, PlaceChange? change = null)
    {
        var steps = ruling.Verdict.Rule.Steps;
        var request = new ApprovalRequest
        {
            Id = Guid.CreateVersion7(now),
            Kind = kind,
            RequesterId = requester.UserId,
            TeamId = workload.TeamId,
            WorkloadId = workload.Id,
            ItemTeamId = ruling.ItemTeamId,
            Subject = item,
            Title = workload.Name,
            Reason = reason,
            Rule = ruling.Verdict.Rule.Name,
            PolicyNumber = ruling.PolicyNumber,
            Why = Cut(ruling.Verdict.Why, 2000),
            StepsJson = PolicyJson.Write(steps).ToJsonString(),
            Hours = hours,
            HourlyPrice = change?.HourlyPrice ?? workload.HourlyPrice,
            ChangeJson = change is null ? null : PortalJson.Write(change),
            Currency = workload.Currency,
            StepSince = now,
            ExpiresAt = now + steps[0].ExpiresAfter,
            CreatedAt = now,
        };
        db.ApprovalRequests.Add(request);
        db.Audit(requester, now, "approval.ask", "approval", request.Id.ToString(), request.Title, new { kind, rule = request.Rule, policies = request.PolicyNumber, workload = workload.Id, hours, hourlyPrice = request.HourlyPrice }, reason);
        return request;
    }

    /// <summary>A text of at most so many characters; what is longer is kept whole elsewhere.</summary>
    internal static string Cut(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    /// <summary>Takes back what is open about a workload, because somebody wants something else of it now. The workload's row must be locked.</summary>
    /// <param name="only">Only questions of this kind; null: all.</param>
    public static async Task WithdrawOpenAsync(this PortalDbContext db, Workload workload, Actor actor, DateTimeOffset now, CancellationToken cancellationToken, ApprovalKind? only = null)
    {
        var open = await db.ApprovalRequests.FromSql($"select r.*, r.xmin from approval_requests r where r.workload_id = {workload.Id} and r.state = 'Waiting' for update").ToListAsync(cancellationToken);
        foreach (var request in open.Where(r => only is null || r.Kind == only))
        {
            request.End(ApprovalState.Withdrawn, $"Withdrawn by {actor.Name}.", now);
            db.Audit(actor, now, "approval.withdraw", "approval", request.Id.ToString(), request.Title);
            if (request.RequesterId != actor.UserId)
                await db.TellAsync([request.RequesterId], new News(NotificationKind.ApprovalDecided, $"approval:{request.Id}:ended", $"{actor.Name} withdrew your request about “{workload.Name}”", $"/workloads/{workload.Id}", "They want something else of it now."), now, cancellationToken);
        }
        if (open.Count > 0) await db.AnnounceAsync([WorkloadChange.Approvals], cancellationToken);
    }

    /// <summary>Whether somebody has said yes to just this before: the same rule with the same steps, for no more hours and at a price within the tolerance.</summary>
    public static async Task<bool> IsCoveredAsync(this PortalDbContext db, Guid workloadId, LaunchRuling.NeedsApproval ruling, decimal? hours, decimal hourlyPrice, double tolerance, CancellationToken cancellationToken)
    {
        var rule = ruling.Verdict.Rule.Name;
        var given = await db.ApprovalRequests.AsNoTracking().Where(r => r.WorkloadId == workloadId && (r.Kind == ApprovalKind.Launch || r.Kind == ApprovalKind.Move) && r.State == ApprovalState.Approved && r.Rule == rule).ToListAsync(cancellationToken);
        return given.Exists(r => PolicyJson.ReadSteps(r.StepsJson).SequenceEqual(ruling.Verdict.Rule.Steps) && (r.Hours is null || hours <= r.Hours) && hourlyPrice <= r.HourlyPrice * (1 + (decimal)tolerance));
    }
}
