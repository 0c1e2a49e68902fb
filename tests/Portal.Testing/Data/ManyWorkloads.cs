using Npgsql;
using NpgsqlTypes;

namespace Portal.Testing.Data;

/// <summary>Thousands of copies of one workload in the database: with its last attempt, its events and what it cost, as if each had been launched.</summary>
public static class ManyWorkloads
{
    /// <param name="spread">The copies lie evenly over this time, backwards from the model; zero: all at its instant.</param>
    public static async Task<IReadOnlyList<(Guid Workload, Guid Allocation)>> CopyAsync(PortalDatabaseFixture database, Guid model, int count, TimeSpan spread, CancellationToken cancellationToken)
    {
        var copies = Enumerable.Range(0, count).Select(_ => (Workload: Guid.CreateVersion7(), Allocation: Guid.CreateVersion7())).ToList();
        await using var connection = new NpgsqlConnection(database.OwnerConnectionString);
        await connection.OpenAsync(cancellationToken);
        foreach (var sql in new[] { Workloads, Allocations, Intervals, Records, Events, "analyze" })
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
            if (sql != "analyze")
            {
                command.Parameters.Add(new NpgsqlParameter("workloads", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = copies.Select(c => c.Workload).ToArray() });
                command.Parameters.Add(new NpgsqlParameter("allocations", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = copies.Select(c => c.Allocation).ToArray() });
                command.Parameters.AddWithValue("model", model);
                command.Parameters.AddWithValue("step", spread / count);
            }
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        return copies;
    }

    private const string Copies = "unnest(@workloads, @allocations) with ordinality c (workload, allocation, number)";

    private const string Workloads = $"""
        insert into workloads select (jsonb_populate_record(w, jsonb_build_object('id', c.workload, 'request_id', c.workload, 'name', 'copy-' || c.number,
          'created_at', w.created_at - c.number * @step, 'queued_at', w.queued_at - c.number * @step, 'started_at', w.started_at - c.number * @step, 'ready_at', w.ready_at - c.number * @step,
          'ended_at', w.ended_at - c.number * @step, 'phase_since', w.phase_since - c.number * @step, 'next_action_at', case when w.ended_at is null then now() + interval '1 day' end))).*
        from workloads w, {Copies} where w.id = @model
        """;

    private const string Allocations = $"""
        insert into allocations select (jsonb_populate_record(null::allocations, to_jsonb(a) || jsonb_build_object('id', c.allocation, 'workload_id', c.workload, 'resource_id', c.allocation,
          'created_at', a.created_at - c.number * @step, 'started_at', a.started_at - c.number * @step, 'ready_at', a.ready_at - c.number * @step, 'ended_at', a.ended_at - c.number * @step))).*
        from (select * from allocations where workload_id = @model order by attempt desc limit 1) a, {Copies}
        """;

    private const string Intervals = $"""
        insert into usage_intervals select (jsonb_populate_record(i, jsonb_build_object('id', md5(c.allocation::text || i.id)::uuid, 'allocation_id', c.allocation, 'workload_id', c.workload,
          'started_at', i.started_at - c.number * @step, 'ended_at', i.ended_at - c.number * @step, 'posted_until', i.posted_until - c.number * @step))).*
        from usage_intervals i, {Copies} where i.allocation_id = (select id from allocations where workload_id = @model order by attempt desc limit 1)
        """;

    private const string Records = $"""
        insert into usage_records select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'interval_id', md5(c.allocation::text || r.interval_id)::uuid, 'allocation_id', c.allocation, 'workload_id', c.workload,
          'period_start', r.period_start - c.number * @step, 'period_end', r.period_end - c.number * @step))).*
        from usage_records r, {Copies} where r.allocation_id = (select id from allocations where workload_id = @model order by attempt desc limit 1)
        """;

    private const string Events = $"""
        insert into workload_events (workload_id, at, "from", "to", reason, actor, actor_id, attempt)
        select c.workload, e.at - c.number * @step, e."from", e."to", e.reason, e.actor, e.actor_id, e.attempt from workload_events e, {Copies} where e.workload_id = @model order by e.seq
        """;
}
