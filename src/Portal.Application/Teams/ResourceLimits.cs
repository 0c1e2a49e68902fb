using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Catalog;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;

namespace Portal.Application.Teams;

/// <summary>How much at once; null: not limited.</summary>
/// <param name="Gpus">By kind; a kind that is not named is not limited.</param>
/// <param name="HourlyPrice">Sum of hourly prices in US dollars.</param>
public sealed record LimitValues(int? Workloads, decimal? Vcpu, IReadOnlyDictionary<string, int> Gpus, decimal? HourlyPrice)
{
    public static LimitValues None { get; } = new(null, null, new Dictionary<string, int>(), null);

    public bool IsNone => Workloads is null && Vcpu is null && Gpus.Count == 0 && HourlyPrice is null;
}

/// <summary>What is in use now.</summary>
public sealed record ResourceUse(int Workloads, decimal Vcpu, IReadOnlyDictionary<string, int> Gpus, decimal HourlyPrice);

/// <summary>Limits of a team or a person with what is in use.</summary>
/// <param name="Scope"><c>team:slug</c> or <c>person:e-mail</c>.</param>
public sealed record LimitRow(string Scope, string Name, LimitValues Limits, ResourceUse Use);

/// <summary>Limits of teams and people. A launch beyond them waits in the queue and says for what; one that could never fit is refused.</summary>
public sealed class ResourceLimits(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>What the workload waits for, in words; null when it fits. Asked under the locks of <see cref="LockAsync"/> before anything is allocated.</summary>
    internal async Task<string?> MissingAsync(PortalDbContext db, Workload workload, HardwareProfileSpec hardware, CancellationToken cancellationToken)
    {
        foreach (var (limit, isTeam) in await OfAsync(db, workload.TeamId, workload.OwnerId, cancellationToken))
        {
            var use = await UseAsync(db, limit, cancellationToken);
            if (Over(Values(limit), use, hardware, workload.HourlyPrice) is { } over)
                // What a person uses in other teams is none of this team's business.
                return isTeam ? $"Waiting: the team has {over} in use at once. It starts by itself when something of that ends." : "Waiting: its owner's own limit is reached. It starts by itself when something of theirs ends.";
        }
        return null;
    }

    /// <summary>Why it could never run; null when it could.</summary>
    internal async Task<string?> NeverAsync(PortalDbContext db, Guid teamId, Guid ownerId, HardwareProfileSpec hardware, decimal hourlyPrice, CancellationToken cancellationToken)
    {
        foreach (var (limit, isTeam) in await OfAsync(db, teamId, ownerId, cancellationToken))
            if (Over(Values(limit), new ResourceUse(0, 0, new Dictionary<string, int>(), 0), hardware, hourlyPrice) is { } over) return $"It would never run: {(isTeam ? "the team" : "you")} may have at most {over[(over.IndexOf(" of ", StringComparison.Ordinal) + 4)..]} at once.";
        return null;
    }

    /// <summary>One placement at a time for a team and for a person, whatever the target; always after the target's own lock.</summary>
    internal static async Task LockAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"limit:" + workload.TeamId}, 0))", cancellationToken);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"limit:" + workload.OwnerId}, 0))", cancellationToken);
    }

    /// <summary>The caller's own and their teams'; all that are set, for administrators.</summary>
    public async Task<IReadOnlyList<LimitRow>> ListAsync(bool onlyMine, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.Read)) return [];
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = actor.Teams.Select(t => (Guid?)t.Id).ToList();
        var seesAll = !onlyMine && actor.May(PortalAction.ReadEverything);
        var limits = await db.ResourceLimits.AsNoTracking().Where(l => seesAll || l.UserId == actor.UserId || own.Contains(l.TeamId)).ToListAsync(cancellationToken);
        var teams = await db.Teams.Where(t => seesAll || own.Contains(t.Id)).ToDictionaryAsync(t => t.Id, t => t.Slug, cancellationToken);
        var people = limits.Where(l => l.UserId is not null).Select(l => l.UserId!.Value).ToList();
        var names = await db.Users.Where(u => people.Contains(u.Id)).ToDictionaryAsync(u => u.Id, u => (u.DisplayName, u.Email), cancellationToken);
        var rows = new List<LimitRow>();
        foreach (var limit in limits)
        {
            var (scope, name) = limit.TeamId is { } team ? ($"team:{teams[team]}", teams[team]) : ($"person:{names[limit.UserId!.Value].Email}", names[limit.UserId!.Value].DisplayName);
            rows.Add(new LimitRow(scope, name, Values(limit), await UseAsync(db, limit, cancellationToken)));
        }
        return [.. rows.OrderByDescending(r => r.Scope, StringComparer.Ordinal)];
    }

    /// <summary>Sets all limits of a scope; none at all takes them away.</summary>
    /// <param name="scope"><c>team:slug</c> or <c>person:e-mail</c>.</param>
    public async Task<ApprovalOutcome> SetAsync(string scope, LimitValues values, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.SetLimits) is { } refusal) return new ApprovalOutcome.Forbidden(refusal);
        const int most = 1_000_000;
        if (values.Workloads is < 0 or > most || values.Vcpu is < 0 or > most || values.HourlyPrice is < 0 or > most || values.Gpus.Any(g => g.Value is < 0 or > most || g.Key.Length is 0 or > 40 || g.Key.Contains('\0')) || values.Gpus.Count > 20)
            return new ApprovalOutcome.Invalid(new Dictionary<string, string[]> { ["limits"] = ["Numbers from 0 to a million; at most 20 kinds of GPU."] });
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (kind, name) = scope.Split(':', 2) is [var k, var n] ? (k, n) : ("", "");
        var normalized = name.ToUpperInvariant();
        var team = kind == "team" ? await db.Teams.Where(t => t.Slug == name).Select(t => (Guid?)t.Id).SingleOrDefaultAsync(cancellationToken) : null;
        var user = kind == "person" ? await db.Users.Where(u => u.NormalizedEmail == normalized).Select(u => (Guid?)u.Id).SingleOrDefaultAsync(cancellationToken) : null;
        if (team is null && user is null) return new ApprovalOutcome.NotFound();
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"limits:" + scope}, 0))", cancellationToken);
        var row = await db.ResourceLimits.SingleOrDefaultAsync(l => team != null ? l.TeamId == team : l.UserId == user, cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        db.Audit(actor, now, "limits.set", kind, name, name, new { before = row is null ? LimitValues.None : Values(row), after = values });
        if (values.IsNone)
        {
            if (row is not null) db.ResourceLimits.Remove(row);
        }
        else
        {
            if (row is null) db.ResourceLimits.Add(row = new ResourceLimit { Id = Guid.CreateVersion7(now), TeamId = team, UserId = user });
            (row.Workloads, row.Vcpu, row.GpusJson, row.HourlyPrice) = (values.Workloads, values.Vcpu, PortalJson.Write(values.Gpus), values.HourlyPrice);
        }
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ApprovalOutcome.Done(Guid.Empty, ApprovalState.Approved);
    }

    private static async Task<IReadOnlyList<(ResourceLimit Limit, bool IsTeam)>> OfAsync(PortalDbContext db, Guid teamId, Guid ownerId, CancellationToken cancellationToken) =>
        [.. (await db.ResourceLimits.AsNoTracking().Where(l => l.TeamId == teamId || l.UserId == ownerId).ToListAsync(cancellationToken)).Select(l => (l, l.TeamId is not null))];

    private static LimitValues Values(ResourceLimit limit) => new(limit.Workloads, limit.Vcpu, PortalJson.Read<Dictionary<string, int>>(limit.GpusJson), limit.HourlyPrice);

    private static async Task<ResourceUse> UseAsync(PortalDbContext db, ResourceLimit limit, CancellationToken cancellationToken)
    {
        var live = await (from a in db.Allocations join w in db.Workloads on a.WorkloadId equals w.Id where a.EndedAt == null && (limit.TeamId != null ? w.TeamId == limit.TeamId : w.OwnerId == limit.UserId)
                          select new { a.Vcpu, a.Gpus, a.HourlyPrice, Hardware = a.Gpus == 0 ? null : w.HardwareJson }).ToListAsync(cancellationToken);
        // How many is what was allocated: by now the workload may wish for other hardware, and have it from the next start on.
        var gpus = live.Where(a => a.Hardware is not null).Select(a => (a.Gpus, PortalJson.Read<HardwareProfileSpec>(a.Hardware!).Gpu?.Kind)).Where(g => g.Kind is not null).GroupBy(g => g.Kind!).ToDictionary(g => g.Key, g => g.Sum(x => x.Gpus));
        return new ResourceUse(live.Count, live.Sum(a => a.Vcpu), gpus, live.Sum(a => a.HourlyPrice));
    }

    /// <summary>"3 of 3 workloads" and the like; null when it fits.</summary>
    private static string? Over(LimitValues limits, ResourceUse use, HardwareProfileSpec hardware, decimal hourlyPrice)
    {
        if (limits.Workloads is { } workloads && use.Workloads + 1 > workloads) return $"{use.Workloads} of {workloads} workloads";
        if (limits.Vcpu is { } vcpu && use.Vcpu + hardware.Altogether.Vcpu > vcpu) return $"{Number(use.Vcpu)} of {Number(vcpu)} vCPU";
        if (hardware.Gpu is { Count: > 0 } gpu && limits.Gpus.TryGetValue(gpu.Kind, out var most) && use.Gpus.GetValueOrDefault(gpu.Kind) + hardware.Altogether.Gpus > most) return $"{use.Gpus.GetValueOrDefault(gpu.Kind)} of {most} {gpu.Kind} GPUs";
        return limits.HourlyPrice is { } price && use.HourlyPrice + hourlyPrice > price ? $"${Number(use.HourlyPrice)} of ${Number(price)} per hour" : null;
    }

    private static string Number(decimal value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
