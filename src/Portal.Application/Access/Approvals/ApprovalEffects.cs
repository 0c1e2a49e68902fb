using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Grants;
using Portal.Application.Audit;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Settings;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Access.Policies;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Approvals;

/// <summary>What an answer does, in the transaction of the answer: an approved launch goes into the queue without its owner being there.</summary>
public sealed class ApprovalEffects(PublishedItems items, LaunchTermsReader terms, ResourceLimits limits, AccessRights rights, LaunchPolicy policy, ActorDirectory actors, PortalSettings settings)
{
    /// <summary>Why it cannot be approved any more; null when it can.</summary>
    public async Task<string?> ObstacleAsync(PortalDbContext db, HeldApproval held, CancellationToken cancellationToken)
    {
        var request = held.Request;
        var requester = await db.Users.Where(u => u.Id == request.RequesterId).Select(u => new { u.DisplayName, u.Disabled }).SingleAsync(cancellationToken);
        if (requester.Disabled) return $"{requester.DisplayName}'s account is disabled, so nothing can be approved for it.";
        if (request.Kind == ApprovalKind.Budget && !await db.TeamBudgets.AnyAsync(b => b.TeamId == request.TeamId && b.Amount < request.Amount, cancellationToken)) return "The team has no budget any more, or one as large as that already.";
        if (held.Workload is not { } workload) return null;
        if (!await db.TeamMembers.AnyAsync(m => m.TeamId == workload.TeamId && m.UserId == workload.OwnerId, cancellationToken)) return "Its owner is no longer in the team that pays.";
        if (request.Kind == ApprovalKind.Extension && (workload.Desired != DesiredState.Running || !workload.Phase.IsActive())) return "It no longer runs, so there is no end to move.";
        if (request.Kind == ApprovalKind.Launch && (await settings.GetAsync(cancellationToken)).LaunchPaused is { Length: > 0 } paused) return $"Launches are paused: {paused}";
        if (request.Kind == ApprovalKind.Move && await MoveWorkload.ObstacleAsync(db, workload, cancellationToken) is { } unmoved) return unmoved;
        if (request.Kind == ApprovalKind.Move && await PlaceAsync(db, request, workload, cancellationToken) is { } unfit) return unfit;
        return await PoliciesAsync(db, request, workload, cancellationToken);
    }

    /// <summary>Since it was asked the item may have lost the place, or the team got a limit that it would wait for in vain.</summary>
    private async Task<string?> PlaceAsync(PortalDbContext db, ApprovalRequest request, Workload workload, CancellationToken cancellationToken)
    {
        var (spec, change) = ((await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec, ChangeOf(request));
        var place = await terms.PlaceAsync(new LaunchRequest { Item = spec.Slug, Hardware = change.Hardware.Slug, Target = change.Target, Capacity = change.Capacity.ToWord() }, spec, cancellationToken);
        if (place.Errors.Count > 0) return $"It cannot move there any more: {string.Join(" ", place.Errors.Values.SelectMany(e => e))}";
        return await limits.NeverAsync(db, workload.TeamId, workload.OwnerId, change.Hardware, change.HourlyPrice, cancellationToken);
    }

    /// <summary>An answer to an old question is none: grants and policies are asked as they are now.</summary>
    private async Task<string?> PoliciesAsync(PortalDbContext db, ApprovalRequest request, Workload workload, CancellationToken cancellationToken)
    {
        var (spec, now) = ((await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec, await db.NowAsync(cancellationToken));
        var requester = (await actors.FindAsync(request.RequesterId, null, cancellationToken))!;
        var lifetime = request.Kind == ApprovalKind.Extension && workload.ExpiresAt is { } end ? end + TimeSpan.FromHours((double)request.Hours!.Value) - (workload.StartedAt ?? workload.QueuedAt) : workload.Lifetime;
        var plan = request.Kind == ApprovalKind.Move ? await MoveWorkload.PlanAsync(db, workload, spec, ChangeOf(request), now, cancellationToken) : await ReturnToQueue.PlanAsync(db, workload, spec, request.HourlyPrice, lifetime, cancellationToken);
        // What has run is spent already: only what is still to come is held against the budget.
        if (request.Kind == ApprovalKind.Extension && workload.ExpiresAt is { } present) plan = plan with { Remaining = present - now + TimeSpan.FromHours((double)request.Hours!.Value) };
        var ruling = await policy.RuleAsync(db, plan, requester, cancellationToken);
        return ruling switch
        {
            LaunchRuling.Locked locked => $"Its owner has no access any more: {locked.Reason}",
            LaunchRuling.Denied denied => $"The policies have changed since it was asked, and refuse it now: {denied.Reason}",
            LaunchRuling.NeedsApproval needs when !needs.Verdict.Rule.Steps.SequenceEqual(PolicyJson.ReadSteps(request.StepsJson)) => $"The policies have changed since it was asked: it needs {needs.Who} now. The requester can withdraw it and ask again.",
            _ => null,
        };
    }

    /// <summary>After a decision that ended the request.</summary>
    internal async Task ApplyAsync(PortalDbContext db, HeldApproval held, string? comment, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (request, said) = (held.Request, comment is null ? "" : $" “{comment}”");
        if (request.State != ApprovalState.Approved)
        {
            request.EndReason = ApprovalRequests.Cut($"Denied by {actor.Name}.{said}", 1000);
            Refuse(db, held, request.EndReason, actor, now);
            return;
        }
        request.EndReason = ApprovalRequests.Cut($"Approved by {actor.Name}.{said}", 1000);
        if (request.Kind == ApprovalKind.Budget) await SetBudget.SetAsync(db, request.TeamId, request.Subject, request.Title, request.Amount, actor, now, cancellationToken);
        else if (request.Kind == ApprovalKind.Access) Grant(db, request, actor, now);
        else if (request.Kind == ApprovalKind.Move) await MoveAsync(db, held.Workload!, request, actor, now, cancellationToken);
        else if (request.Kind == ApprovalKind.Membership) await JoinAsync(db, request, actor, now, cancellationToken);
        else if (request.Kind == ApprovalKind.Extension) Extend(db, held.Workload!, request, actor, now);
        else await LaunchAsync(db, held.Workload!, request, actor, now, cancellationToken);
    }

    /// <summary>Ends it without a decision.</summary>
    internal async Task EndAsync(PortalDbContext db, HeldApproval held, ApprovalState state, string reason, Actor? actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        held.Request.End(state, reason, now);
        db.Audit(actor, now, state == ApprovalState.Expired ? "approval.expire" : "approval.withdraw", "approval", held.Request.Id.ToString(), held.Request.Title);
        Refuse(db, held, state == ApprovalState.Expired ? "The request expired: nobody decided in time." : reason, actor, now);
        await db.NotifyAsync(held.Ids, cancellationToken);
        await db.TellRequesterAsync(held.Request, actor?.UserId, now, cancellationToken);
    }

    private static void Refuse(PortalDbContext db, HeldApproval held, string reason, Actor? actor, DateTimeOffset now)
    {
        if (held.Workload is not { } workload) return;
        var from = workload.Phase;
        if (held.Request.Kind == ApprovalKind.Launch && workload.Phase == WorkloadPhase.PendingApproval) workload.Refuse(reason, now);
        var what = held.Request.Kind switch { ApprovalKind.Extension => "The extension was not granted: ", ApprovalKind.Move => "The move was not granted: ", _ => "" };
        db.Record(workload, from, what + reason, actor, now);
    }

    private async Task LaunchAsync(PortalDbContext db, Workload workload, ApprovalRequest request, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var from = workload.Phase;
        workload.HourlyPrice = request.HourlyPrice;
        workload.Enqueue("Approved; looking for a place.", now);
        db.Record(workload, from, request.EndReason!, actor, now);
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        await rights.NoteUseAsync(db, spec, workload.Hardware, workload.OwnerId, workload.TeamId, now, cancellationToken);
    }

    private async Task MoveAsync(PortalDbContext db, Workload workload, ApprovalRequest request, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        MoveWorkload.Apply(db, workload, ChangeOf(request), request.EndReason!, actor, now);
        var spec = (await items.GetAsync(workload.ItemVersionId, cancellationToken)).Spec;
        await rights.NoteUseAsync(db, spec, workload.Hardware, workload.OwnerId, workload.TeamId, now, cancellationToken);
    }

    /// <summary>What a move's workload becomes, at the price of now.</summary>
    private static PlaceChange ChangeOf(ApprovalRequest request) => PortalJson.Read<PlaceChange>(request.ChangeJson!) with { HourlyPrice = request.HourlyPrice };

    private static void Extend(PortalDbContext db, Workload workload, ApprovalRequest request, Actor actor, DateTimeOffset now)
    {
        if (workload.ExpiresAt is not { } end) return;
        var (wanted, latest) = ((end > now ? end : now) + TimeSpan.FromHours((double)request.Hours!.Value), now + LaunchOptions.LongestLifetime);
        workload.ExpiresAt = wanted < latest ? wanted : latest;
        workload.Wake(now);
        db.Record(workload, workload.Phase, $"{request.EndReason} It now ends {workload.ExpiresAt:yyyy-MM-dd HH:mm} UTC.", actor, now);
    }

    private static async Task JoinAsync(PortalDbContext db, ApprovalRequest request, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Somebody may have put them in since they asked, perhaps as a lead.
        if (await db.TeamMembers.AnyAsync(m => m.TeamId == request.TeamId && m.UserId == request.RequesterId, cancellationToken)) return;
        var (team, email) = (await db.Teams.SingleAsync(t => t.Id == request.TeamId, cancellationToken), await db.Users.Where(u => u.Id == request.RequesterId).Select(u => u.Email).SingleAsync(cancellationToken));
        db.TeamMembers.Add(new TeamMember { TeamId = team.Id, UserId = request.RequesterId, Role = TeamRole.Member });
        db.Audit(actor, now, "team.member", "team", team.Slug, team.Name, new { email, role = TeamRole.Member, request = request.Id });
    }

    private static void Grant(PortalDbContext db, ApprovalRequest request, Actor actor, DateTimeOffset now)
    {
        var grant = new AccessGrant
        {
            Id = Guid.CreateVersion7(now), Kind = Enum.Parse<RestrictedKind>(request.SubjectKind!, ignoreCase: true), Slug = request.Subject, UserId = request.RequesterId,
            StartsAt = now, EndsAt = now + TimeSpan.FromHours((double)request.Hours!.Value), GrantedById = actor.UserId, RequestId = request.Id,
        };
        db.AccessGrants.Add(grant);
        db.Audit(actor, now, "grant.give", "grant", grant.Id.ToString(), $"{request.SubjectKind} {request.Subject}", new { to = request.RequesterId, until = grant.EndsAt });
    }
}
