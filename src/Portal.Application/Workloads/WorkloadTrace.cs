using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>What of a workload people change, as the audit trail tells it: before and after, by name.</summary>
internal sealed class WorkloadTrace
{
    private readonly Dictionary<string, object?> _values;

    private WorkloadTrace(Dictionary<string, object?> values) => _values = values;

    public static async Task<WorkloadTrace> OfAsync(PortalDbContext db, Workload workload, CancellationToken cancellationToken)
    {
        var shared = await db.WorkloadShares.Where(s => s.WorkloadId == workload.Id).Join(db.Users, s => s.UserId, u => u.Id, (s, u) => new { u.Email, s.Level }).OrderBy(s => s.Email).ToListAsync(cancellationToken);
        return new WorkloadTrace(new()
        {
            ["wish"] = workload.Desired.ToString(), ["phase"] = workload.Phase.ToString(), ["ends"] = workload.ExpiresAt, ["owner"] = workload.OwnerId, ["target"] = workload.Target, ["hardware"] = workload.Hardware,
            ["capacity"] = workload.Capacity.ToString(), ["audience"] = workload.Audience.ToString(), ["sharedWith"] = string.Join(", ", shared.Select(s => $"{s.Email} ({s.Level})")),
        });
    }

    /// <summary>What differs; null when nothing of it does.</summary>
    public object? ChangesTo(WorkloadTrace after)
    {
        var changed = _values.Keys.Where(k => !Equals(_values[k], after._values[k])).ToList();
        return changed.Count == 0 ? null : new { before = changed.ToDictionary(k => k, k => _values[k]), after = changed.ToDictionary(k => k, k => after._values[k]) };
    }
}
