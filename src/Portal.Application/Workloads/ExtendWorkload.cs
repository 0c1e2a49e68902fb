using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Moves the hard end of an active workload.</summary>
public sealed class ExtendWorkload(ChangeWorkload change)
{
    public Task<WorkloadOutcome> ExecuteAsync(Guid id, TimeSpan by, Actor actor, CancellationToken cancellationToken) =>
        change.ExecuteAsync(id, actor, "workload.extend", (db, workload, now) =>
        {
            if (by < TimeSpan.FromMinutes(1) || by > LaunchOptions.LongestLifetime)
                return Refuse(new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { ["by"] = [$"From PT1M to P{LaunchOptions.LongestLifetime.Days}D."] }));
            if (workload.Desired != DesiredState.Running || !workload.Phase.IsActive()) return Refuse(new WorkloadOutcome.Conflict("It is not running, so there is no end to move. Start it first."));
            if (workload.ExpiresAt is not { } end) return Refuse(new WorkloadOutcome.Conflict("It has no end, so there is nothing to extend."));
            var extended = (end > now ? end : now) + by;
            if (extended > now + LaunchOptions.LongestLifetime)
                return Refuse(new WorkloadOutcome.Invalid(new Dictionary<string, string[]> { ["by"] = [$"The end may lie at most {LaunchOptions.LongestLifetime.Days} days ahead."] }));
            workload.ExpiresAt = extended;
            db.Record(workload, workload.Phase, $"Extended by {actor.Name} until {extended:yyyy-MM-dd HH:mm} UTC.", actor, now);
            return Task.FromResult<WorkloadOutcome?>(null);
        }, null, cancellationToken);

    private static Task<WorkloadOutcome?> Refuse(WorkloadOutcome outcome) => Task.FromResult<WorkloadOutcome?>(outcome);
}
