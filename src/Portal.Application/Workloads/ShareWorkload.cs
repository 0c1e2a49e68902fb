using Microsoft.EntityFrameworkCore;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Sets who may open a workload: only its owner, the whole team, and people by name.</summary>
public sealed class ShareWorkload(ChangeWorkload change)
{
    private const int MaxPeople = 50;

    public Task<WorkloadOutcome> ExecuteAsync(Guid id, WorkloadAudience audience, IReadOnlyList<string> emails, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.share", async (db, workload, now) =>
        {
            var wanted = emails.Select(e => e.Trim().ToUpperInvariant()).Distinct().ToList();
            var people = await db.Users.Where(u => wanted.Contains(u.NormalizedEmail!) && !u.Disabled).Select(u => new { u.Id, u.NormalizedEmail, u.Email }).ToListAsync(cancellationToken);
            var unknown = wanted.Except(people.Select(p => p.NormalizedEmail!)).ToList();
            if (unknown.Count > 0 || wanted.Count > MaxPeople)
                return new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { ["people"] = [unknown.Count > 0 ? $"No account: {string.Join(", ", unknown).ToLowerInvariant()}." : $"At most {MaxPeople} people."] });
            workload.Audience = audience;
            await db.WorkloadShares.Where(s => s.WorkloadId == id).ExecuteDeleteAsync(cancellationToken);
            db.WorkloadShares.AddRange(people.Where(p => p.Id != workload.OwnerId).Select(p => new WorkloadShare { WorkloadId = id, UserId = p.Id }));
            var who = string.Join(", ", people.Select(p => p.Email).Prepend(audience == WorkloadAudience.Team ? "the team" : "its owner"));
            db.Record(workload, workload.Phase, $"{actor.Name} opened it to {who}.", actor, now);
            return null;
        }, null, cancellationToken, PortalAction.ShareWorkload);
}
