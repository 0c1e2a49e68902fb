using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Application.Settings;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>
/// Finds workloads whose owner is disabled or has left the team: their leads are told, and what runs is stopped once a grace is over. Nothing is ever deleted.
/// Looks at how things are, not at what happened: a missed run is made up by the next, and an owner who comes back is forgotten.
/// </summary>
public sealed class WatchOwners(IDbContextFactory<PortalDbContext> contexts, PortalSettings settings, ReconcileRequests requests)
{
    private const int Batch = 200;

    private sealed record Found(Guid Id, bool Gone);

    /// <summary>Notices who has gone or come back and stops what is due; answers how many workloads were changed.</summary>
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        var grace = (await settings.GetAsync(cancellationToken)).OwnerGrace;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var changed = await db.Database.SqlQuery<Found>($"""
            select id, gone from (
              select w.id, w.owner_gone_at, (u.disabled or not exists (select 1 from team_members m where m.team_id = w.team_id and m.user_id = w.owner_id)) as gone
              from workloads w join users u on u.id = w.owner_id where w.desired <> 'Deleted' and w.phase <> 'Deleted') found
            where gone <> (owner_gone_at is not null) limit {Batch}
            """).ToListAsync(cancellationToken);
        foreach (var found in changed) await NoticeAsync(found.Id, found.Gone, grace, cancellationToken);
        var due = await db.Database.SqlQuery<Guid>($"""
            select id as "Value" from workloads where owner_gone_at + {grace} < clock_timestamp() and desired = 'Running' and phase not in ('Stopped', 'Succeeded', 'Failed', 'Rejected', 'Deleted') limit {Batch}
            """).ToListAsync(cancellationToken);
        foreach (var id in due) await StopAsync(id, grace, cancellationToken);
        return changed.Count + due.Count;
    }

    private async Task NoticeAsync(Guid id, bool gone, TimeSpan grace, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var workload = await LockAsync(db, id, cancellationToken);
        // Another replica may have been here, or the owner may be back.
        if (gone != await IsGoneAsync(db, workload, cancellationToken) || gone == workload.OwnerGoneAt is not null) return;
        var now = await db.NowAsync(cancellationToken);
        workload.OwnerGoneAt = gone ? now : null;
        var owner = await db.Users.Where(u => u.Id == workload.OwnerId).Select(u => new { u.DisplayName, u.Disabled }).SingleAsync(cancellationToken);
        var why = owner.Disabled ? "account is disabled" : "is no longer in the team";
        var runs = workload.Desired == DesiredState.Running && workload.Phase.IsActive();
        db.Record(workload, workload.Phase, !gone ? $"{owner.DisplayName} is back; it stays theirs." : owner.Disabled ? $"The account of its owner, {owner.DisplayName}, is disabled.{Plan(runs, grace)}" : $"Its owner, {owner.DisplayName}, {why}.{Plan(runs, grace)}", null, now);
        db.Audit(null, now, gone ? "workload.ownerGone" : "workload.ownerBack", "workload", id.ToString(), workload.Name, new { owner = workload.OwnerId, why = gone ? why : null });
        if (gone)
            await db.TellAsync(await LeadsAsync(db, workload, cancellationToken), new News(NotificationKind.OwnerGone, $"owner:{id}:{now.UtcTicks}", $"“{workload.Name}” has no owner any more", $"/workloads/{id}",
                $"{owner.DisplayName}{(owner.Disabled ? "'s account is disabled" : " left the team")}. Take it over or offer it to somebody.{Plan(runs, grace)} Its files are kept."), now, cancellationToken);
        await CommitAsync(db, transaction, id, cancellationToken);
    }

    private async Task StopAsync(Guid id, TimeSpan grace, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (workload, now) = (await LockAsync(db, id, cancellationToken), await db.NowAsync(cancellationToken));
        if (workload.OwnerGoneAt is not { } since || since + grace > now || workload.Desired != DesiredState.Running || !workload.Phase.IsActive() || !await IsGoneAsync(db, workload, cancellationToken)) return;
        (workload.Desired, workload.RestartRequested, workload.StopReason) = (DesiredState.Stopped, false, "Its owner has gone, and nobody took it over.");
        workload.Wake(now);
        db.Record(workload, workload.Phase, workload.StopReason + " Stopping; its files are kept.", null, now);
        db.Audit(null, now, "workload.ownerGoneStop", "workload", id.ToString(), workload.Name, new { since });
        await db.TellAsync(await LeadsAsync(db, workload, cancellationToken), new News(NotificationKind.OwnerGone, $"owner:{id}:{since.UtcTicks}:stop", $"“{workload.Name}” was stopped: nobody took it over", $"/workloads/{id}", "Its files are kept. Take it over to start it again."), now, cancellationToken);
        await CommitAsync(db, transaction, id, cancellationToken);
        requests.Enqueue(id);
    }

    private static async Task CommitAsync(PortalDbContext db, Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync([id], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static string Plan(bool runs, TimeSpan grace) => runs ? $" It is stopped in {grace.TotalHours:0.#} hours unless somebody takes it over." : "";

    private static Task<Workload> LockAsync(PortalDbContext db, Guid id, CancellationToken cancellationToken) =>
        db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {id} for no key update").SingleAsync(cancellationToken);

    private static async Task<bool> IsGoneAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken) =>
        !await db.TeamMembers.AnyAsync(m => m.TeamId == workload.TeamId && m.UserId == workload.OwnerId && db.Users.Any(u => u.Id == m.UserId && !u.Disabled), cancellationToken);

    /// <summary>The team's leads; administrators where there is none.</summary>
    private static async Task<List<Guid>> LeadsAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken)
    {
        var leads = await db.TeamMembers.Where(m => m.TeamId == workload.TeamId && m.Role == TeamRole.Lead && m.UserId != workload.OwnerId && db.Users.Any(u => u.Id == m.UserId && !u.Disabled)).Select(m => m.UserId).ToListAsync(cancellationToken);
        return leads.Count > 0 ? leads : await db.UserRoles.Where(r => db.Roles.Any(role => role.Id == r.RoleId && role.Name == PortalRoles.Admin) && db.Users.Any(u => u.Id == r.UserId && !u.Disabled)).Select(r => r.UserId).ToListAsync(cancellationToken);
    }
}
