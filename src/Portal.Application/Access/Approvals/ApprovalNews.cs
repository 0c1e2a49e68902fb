using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Application.Workloads;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;
using Portal.Domain.Notifications;

namespace Portal.Application.Access.Approvals;

/// <summary>Tells approvers what waits for them and requesters what became of it, in the transaction of the request's change.</summary>
internal static class ApprovalNews
{
    /// <summary>Tells those who can decide the current step now, and those who stand in for them. Each step of each revision is told once.</summary>
    /// <param name="by">Who brought it here and needs no telling: the requester, or the approver of the step before.</param>
    public static async Task TellApproversAsync(this PortalDbContext db, ApprovalRequest request, Guid? by, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.AnnounceAsync([WorkloadChange.Approvals], cancellationToken);
        if (request.State != ApprovalState.Waiting) return;
        var steps = PolicyJson.ReadSteps(request.StepsJson);
        var book = await ApproverBook.ReadAsync(db, steps, cancellationToken);
        // A person counts once: whoever decided on an earlier step has nothing to say on this one.
        var used = await db.ApprovalDecisions.Where(d => d.RequestId == request.Id && d.Revision == request.Revision).Select(d => new { d.ById, d.OnBehalfOfId }).ToListAsync(cancellationToken);
        var spent = used.SelectMany(u => new[] { u.ById, u.OnBehalfOfId }).ToHashSet();
        var owner = request.WorkloadId is { } about ? await db.Workloads.Where(w => w.Id == about).Select(w => (Guid?)w.OwnerId).SingleOrDefaultAsync(cancellationToken) : null;
        var eligible = book.For(steps[request.Step].Approvers, request.TeamId, request.ItemTeamId, request.RequesterId, owner).Select(a => a.Id).Where(id => !spent.Contains(id)).ToList();
        var standIns = await db.Delegations.Where(d => eligible.Contains(d.FromUserId) && d.RevokedAt == null && d.StartsAt <= now && d.EndsAt > now).Select(d => d.ToUserId).ToListAsync(cancellationToken);
        var deciders = used.Select(u => u.ById).ToHashSet();
        var people = eligible.Concat(standIns).Where(id => id != request.RequesterId && id != owner && id != by && !deciders.Contains(id));
        var who = await db.Users.Where(u => u.Id == request.RequesterId).Select(u => u.DisplayName).SingleAsync(cancellationToken);
        var again = request.Revision > 1 && request.Step == 0 ? " The price has changed since it was asked." : "";
        await db.TellAsync(people, new News(NotificationKind.ApprovalWaiting, $"approval:{request.Id}:{request.Revision}:{request.Step}", $"{who} {Asks(request)}", $"/approvals?id={request.Id}",
            $"{(request.Reason is { Length: > 0 } reason ? $"“{reason}” " : "")}{(request.HourlyPrice > 0 ? $"{request.HourlyPrice:0.####} {request.Currency}/h. " : "")}Decide by {request.ExpiresAt:yyyy-MM-dd HH:mm} UTC.{again}"), now, cancellationToken);
    }

    /// <summary>Tells the requester of an end that others brought about; taking back one's own request is no news.</summary>
    public static async Task TellRequesterAsync(this PortalDbContext db, ApprovalRequest request, Guid? by, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.AnnounceAsync([WorkloadChange.Approvals], cancellationToken);
        if (request.State is ApprovalState.Waiting or ApprovalState.Withdrawn || request.RequesterId == by) return;
        var outcome = request.State switch { ApprovalState.Approved => "was approved", ApprovalState.Denied => "was denied", _ => "has expired" };
        var link = request.WorkloadId is { } workload ? $"/workloads/{workload}" : $"/approvals?id={request.Id}";
        await db.TellAsync([request.RequesterId], new News(NotificationKind.ApprovalDecided, $"approval:{request.Id}:ended", $"Your request {Of(request)} {outcome}", link, request.EndReason), now, cancellationToken);
    }

    private static string Asks(ApprovalRequest request) => request.Kind switch
    {
        ApprovalKind.Launch => $"asks to launch “{request.Title}”",
        ApprovalKind.Extension => $"asks to extend “{request.Title}”",
        ApprovalKind.Access => $"asks for access: {request.Title}",
        ApprovalKind.Move => $"asks to move “{request.Title}”",
        ApprovalKind.Budget => $"asks for a larger budget: {request.Title}",
        ApprovalKind.Membership => $"asks to join a team: {request.Title}",
        _ => $"asks: {request.Title}",
    };

    private static string Of(ApprovalRequest request) => request.Kind switch
    {
        ApprovalKind.Launch => $"to launch “{request.Title}”",
        ApprovalKind.Extension => $"to extend “{request.Title}”",
        ApprovalKind.Access => $"for access ({request.Title})",
        ApprovalKind.Move => $"to move “{request.Title}”",
        ApprovalKind.Budget => $"for a larger budget ({request.Title})",
        ApprovalKind.Membership => $"to join a team ({request.Title})",
        _ => $"“{request.Title}”",
    };
}
