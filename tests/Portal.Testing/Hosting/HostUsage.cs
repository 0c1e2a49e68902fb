using Portal.Application.Data;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Testing.Hosting;

/// <summary>Usage written as the reconciler and the posting write it, for tests of what is added up.</summary>
public static class HostUsage
{
    /// <summary>An attempt of a workload with one stretch of usage, posted up to an instant (an hour's start, or the end).</summary>
    /// <param name="endedAt">Null: it runs on.</param>
    /// <param name="postedUntil">Null: nothing is posted.</param>
    /// <param name="learntEnd">An end that is learnt after the posting, and corrected for.</param>
    public static async Task<Guid> AddUsageAsync(this ApplicationHost host, Guid workloadId, int attempt, DateTimeOffset startedAt, DateTimeOffset? endedAt, DateTimeOffset? postedUntil, decimal hourlyPrice, decimal? listHourlyPrice = null,
        CapacityType capacity = CapacityType.OnDemand, string target = "local", DateTimeOffset? learntEnd = null)
    {
        await using var db = await host.OpenAsync();
        var now = await db.NowAsync(default);
        (startedAt, endedAt, learntEnd) = (Accrual.ToMicroseconds(startedAt), endedAt is { } e ? Accrual.ToMicroseconds(e) : null, learntEnd is { } l ? Accrual.ToMicroseconds(l) : null);
        var allocation = new Allocation
        {
            Id = Guid.CreateVersion7(), WorkloadId = workloadId, Attempt = attempt, Target = target, Region = "local", Zone = "local", InstanceType = "share", Capacity = capacity, Vcpu = 1, MemoryGib = 1, Gpus = 0,
            HourlyPrice = hourlyPrice, ListHourlyPrice = listHourlyPrice ?? hourlyPrice, Currency = "USD", CreatedAt = startedAt, StartedAt = startedAt, EndedAt = learntEnd ?? endedAt, ProtectedCredential = "",
        };
        var interval = new UsageInterval
        {
            Id = Guid.CreateVersion7(), AllocationId = allocation.Id, WorkloadId = workloadId, Component = "compute", StartedAt = startedAt, EndedAt = endedAt, PostedUntil = startedAt, HourlyPrice = hourlyPrice,
            ListHourlyPrice = allocation.ListHourlyPrice, Currency = "USD", CapacityType = capacity.ToWord(),
        };
        var records = postedUntil is { } until ? LedgerPosting.Due(interval, until, now) : [];
        if (records.Count > 0) interval.PostedUntil = records[^1].PeriodEnd;
        if (learntEnd is { } end)
        {
            records = [.. records, .. LedgerPosting.Corrections(interval, records, end, now)];
            (interval.EndedAt, interval.PostedUntil) = (end, end);
        }
        db.Allocations.Add(allocation);
        db.UsageIntervals.Add(interval);
        await db.SaveChangesAsync();
        db.UsageRecords.AddRange(records);
        await db.SaveChangesAsync();
        return allocation.Id;
    }
}
