using Microsoft.EntityFrameworkCore;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Sets who may open or operate a workload: only its owner, the whole team, and people by name.</summary>
public sealed class ShareWorkload(ChangeWorkload change)
{
    private const int MaxPeople = 50;

    /// <param name="openers">E-mails of people who may see and open it.</param>
    /// <param name="operators">E-mails of people who may also start, stop, restart, extend and keep it. Whoever is in both lists may operate.</param>
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, WorkloadAudience audience, IReadOnlyList<string> openers, IReadOnlyList<string> operators, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.share", async (db, workload, now) =>
        {
            var (opening, operating) = (Normalized(openers), Normalized(operators));
            var wanted = opening.Union(operating).ToList();
            var people = await db.Users.Where(u => wanted.Contains(u.NormalizedEmail!) && !u.Disabled).Select(u => new { u.Id, u.NormalizedEmail, u.Email }).ToListAsync(cancellationToken);
            var unknown = wanted.Except(people.Select(p => p.NormalizedEmail!)).ToList();
            if (unknown.Count > 0 || wanted.Count > MaxPeople)
            {
                var message = unknown.Count > 0 ? $"No account: {string.Join(", ", unknown).ToLowerInvariant()}." : $"At most {MaxPeople} people.";
                return new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { [unknown.Count > 0 && operating.Overlaps(unknown) && !opening.Overlaps(unknown) ? "operators" : "people"] = [message] });
            }
            // Whoever administers or leads has no back door into people's programs.
            if (actor.UserId != workload.OwnerId && people.Exists(p => p.Id == actor.UserId) && !await db.WorkloadShares.AnyAsync(s => s.WorkloadId == id && s.UserId == actor.UserId, cancellationToken))
                return new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { ["people"] = ["Nobody opens somebody else's workload to themselves. Ask its owner."] });
            workload.Audience = audience;
            await db.WorkloadShares.Where(s => s.WorkloadId == id).ExecuteDeleteAsync(cancellationToken);
            ShareLevel LevelOf(string email) => operating.Contains(email) ? ShareLevel.Operate : ShareLevel.Open;
            db.WorkloadShares.AddRange(people.Where(p => p.Id != workload.OwnerId).Select(p => new WorkloadShare { WorkloadId = id, UserId = p.Id, Level = LevelOf(p.NormalizedEmail!) }));
            var who = string.Join(", ", people.Select(p => p.Email + (LevelOf(p.NormalizedEmail!) == ShareLevel.Operate ? " (may operate it)" : "")).Prepend(audience == WorkloadAudience.Team ? "the team" : "its owner"));
            db.Record(workload, workload.Phase, $"{actor.Name} opened it to {who}.", actor, now);
            return null;
        }, null, cancellationToken, PortalAction.ShareWorkload);

    private static HashSet<string> Normalized(IReadOnlyList<string> emails) => [.. emails.Select(e => e.Trim().ToUpperInvariant())];
}
