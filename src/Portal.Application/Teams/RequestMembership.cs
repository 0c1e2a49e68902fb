using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;
using Portal.Domain.Teams;

namespace Portal.Application.Teams;

/// <summary>Asks the leads of a team to be let in; where it has none, administrators decide.</summary>
public sealed class RequestMembership(IDbContextFactory<PortalDbContext> contexts, SignInSettings settings)
{
    /// <summary>What <see cref="ApprovalRequest.SubjectKind"/> says of such a request.</summary>
    public const string SubjectKind = "team";

    /// <summary>A week: the one who asks may have nothing else to do here, and leads have holidays.</summary>
    private static readonly ApprovalStep Leads = new(new Approvers.TeamLeads(), 1, TimeSpan.FromDays(7));

    public async Task<ApprovalOutcome> ExecuteAsync(string slug, string reason, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.AskMembership) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (slug.Contains('\0') || await db.Teams.AsNoTracking().SingleOrDefaultAsync(t => t.Slug == slug, cancellationToken) is not { } team) return new ApprovalOutcome.NotFound();
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > 500 || reason.Contains('\0'))
            return new ApprovalOutcome.Invalid(new Dictionary<string, string[]> { ["reason"] = ["Say why, in at most 500 characters."] });
        if (await db.TeamMembers.AnyAsync(m => m.TeamId == team.Id && m.UserId == actor.UserId, cancellationToken)) return new ApprovalOutcome.Conflict($"You are in {team.Name} already.");
        // Its groups would take the place away again at the next sign-in.
        if (settings.HasProvider && GroupMap.Read(settings.Oidc).Teams.FirstOrDefault(t => t.Team == slug && t.Role == TeamRole.Member) is { } mapped && await db.UserLogins.AnyAsync(l => l.UserId == actor.UserId, cancellationToken))
            return new ApprovalOutcome.Conflict($"People come into {team.Name} through the group “{mapped.Group}” at {settings.Oidc.DisplayName}. Ask for it there; you are in at your next sign-in.");
        var book = await ApproverBook.ReadAsync(db, [Leads], cancellationToken);
        if (!book.CanBeMet([Leads], team.Id, null, actor.UserId)) return new ApprovalOutcome.Conflict($"{team.Name} has no lead, and besides you there is no administrator who could decide.");
        var now = await db.NowAsync(cancellationToken);
        var request = new ApprovalRequest
        {
            Id = Guid.CreateVersion7(now), Kind = ApprovalKind.Membership, RequesterId = actor.UserId, TeamId = team.Id, SubjectKind = SubjectKind, Subject = slug, Title = $"Join {team.Name}", Reason = reason.Trim(),
            Rule = "Teams choose their members", Why = "its leads let people in", StepsJson = PolicyJson.Write([Leads]).ToJsonString(), StepSince = now, ExpiresAt = now + Leads.ExpiresAfter, CreatedAt = now,
        };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.ApprovalRequests.Add(request);
        db.Audit(actor, now, "team.ask", "approval", request.Id.ToString(), request.Title, new { team = slug }, request.Reason);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return new ApprovalOutcome.Conflict($"You have asked {team.Name} already; see My requests.");
        }
        await db.NotifyAsync([request.Id], cancellationToken);
        await db.TellApproversAsync(request, actor.UserId, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(request.Id, ApprovalState.Waiting);
    }
}
