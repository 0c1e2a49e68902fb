using Portal.Testing.Compute;

namespace Portal.Testing.Data;

/// <summary>The promises about resources, checked over database and target together.</summary>
public static class WorkloadInvariants
{
    /// <summary>What is broken at this instant, in words; empty when all holds. Safe to ask while workers are at work.</summary>
    public static async Task<IReadOnlyList<string>> AtAnyTimeAsync(PortalDatabaseFixture database)
    {
        var twice = await database.QueryAsync<Guid>("select workload_id from allocations where ended_at is null group by workload_id having count(*) > 1");
        return [.. twice.Select(id => $"workload {id} has two live allocations")];
    }

    /// <summary>As above, once nothing is left to do: what runs is wanted, what is wanted runs, and the ledger is right.</summary>
    public static async Task<IReadOnlyList<string>> AtRestAsync(PortalDatabaseFixture database, FakeComputeTarget target)
    {
        var wrong = new List<string>(await AtAnyTimeAsync(database));
        var live = await database.QueryAsync<Guid>("select id from allocations where ended_at is null");
        wrong.AddRange(target.Alive.Except(live).Select(id => $"resource of {id} has no live allocation"));
        wrong.AddRange(live.Except(target.Alive).Select(id => $"live allocation {id} has no resource"));
        wrong.AddRange((await database.QueryAsync<Guid>("""
            select w.id from workloads w where (select count(*) from allocations a where a.workload_id = w.id and a.ended_at is null) <> (case when w.phase = 'Running' then 1 else 0 end)
            """)).Select(id => $"workload {id} and its allocations disagree"));
        wrong.AddRange((await database.QueryAsync<Guid>("""
            select id from workloads where (desired = 'Stopped' and phase not in ('Stopped', 'Failed', 'Succeeded', 'Rejected')) or (desired = 'Deleted' and phase <> 'Deleted')
              or (desired = 'Running' and phase not in ('Running', 'Failed', 'Succeeded', 'Queued', 'PendingApproval'))
            """)).Select(id => $"workload {id} is not what is wanted"));
        wrong.AddRange(await LedgerInvariants.ViolationsAsync(database));
        return wrong;
    }
}
