using System.Data;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;

namespace Portal.Application.Costs;

/// <summary>Costs over workloads, added up in the database from the ledger plus what is open, as far as the caller may see the workloads; deleted ones count.</summary>
public sealed class CostReportQueries(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>Groups that have a colour of their own on the page.</summary>
    public const int TopGroups = 6;

    private const string NoCurrency = "USD";

    /// <summary>The groups in the order of their keys.</summary>
    /// <param name="most">No more rows than this; null: all.</param>
    public async Task<CostReport> ReadAsync(CostQuery query, int? most, Actor actor, CancellationToken cancellationToken)
    {
        await using var snapshot = await OpenAsync(actor, cancellationToken);
        return await snapshot.ReportAsync(query, most, costliestFirst: false, cancellationToken);
    }

    /// <summary>The <paramref name="most"/> expensive groups, dearest first.</summary>
    public async Task<CostReport> TopAsync(CostQuery query, int most, Actor actor, CancellationToken cancellationToken)
    {
        await using var snapshot = await OpenAsync(actor, cancellationToken);
        return await snapshot.ReportAsync(query, most, costliestFirst: true, cancellationToken);
    }

    /// <summary>All rows in the order of their keys, one after the other: for answers that may be longer than memory.</summary>
    public async IAsyncEnumerable<CostRow> StreamAsync(CostQuery query, Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var snapshot = await OpenAsync(actor, cancellationToken);
        await foreach (var (row, _) in snapshot.RowsAsync(query, cancellationToken)) yield return row;
    }

    /// <summary>The groups and their days, all of one instant. Takes the first grouping only.</summary>
    public async Task<CostOverview> OverviewAsync(CostQuery query, int most, Actor actor, CancellationToken cancellationToken)
    {
        var (group, day) = (query.GroupBy[0], new CostDimension(CostDimensionKind.Day));
        await using var snapshot = await OpenAsync(actor, cancellationToken);
        var report = await snapshot.ReportAsync(query with { GroupBy = [group] }, most, costliestFirst: true, cancellationToken);
        List<string> topKeys = [.. report.Rows.Take(TopGroups).Select(r => r.Keys[0])];
        var days = new List<(DateOnly Day, string? Group, decimal Cost)>();
        var rest = new SortedDictionary<DateOnly, decimal>();
        if (report.Groups > topKeys.Count)
            await foreach (var (row, _) in snapshot.RowsAsync(query with { GroupBy = [day] }, cancellationToken)) rest[Date(row.Keys[0])] = row.Cost;
        await foreach (var (row, _) in snapshot.RowsAsync(query with { GroupBy = [group, day], Filters = [.. query.Filters, new CostFilter(group, topKeys)] }, cancellationToken))
        {
            days.Add((Date(row.Keys[1]), row.Keys[0], row.Cost));
            if (rest.ContainsKey(days[^1].Day)) rest[days[^1].Day] -= row.Cost;
        }
        days.AddRange(rest.Where(r => r.Value != 0).Select(r => (r.Key, (string?)null, r.Value)));
        return new CostOverview(report, topKeys, days);
    }

    /// <summary>A workload's records and open stretches that the query counts, attempt by attempt; none when the actor may not see it.</summary>
    public async Task<IReadOnlyList<UsageRow>> RecordsAsync(CostQuery query, Guid workloadId, Actor actor, CancellationToken cancellationToken)
    {
        await using var snapshot = await OpenAsync(actor, cancellationToken);
        return await snapshot.RecordsAsync(query.Within(new CostDimension(CostDimensionKind.Workload), workloadId.ToString()) with { GroupBy = [] }, cancellationToken);
    }

    private static DateOnly Date(string key) => DateOnly.ParseExact(key, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private async Task<Snapshot> OpenAsync(Actor actor, CancellationToken cancellationToken)
    {
        var db = await contexts.CreateDbContextAsync(cancellationToken);
        try
        {
            // One snapshot for records and open stretches, so that a posting in between neither doubles nor drops one; the clock is asked within it.
            var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            // Measured with a million records: compiling the statement takes longer than running it, and grouping days in the default memory sorts on disk.
            await db.Database.ExecuteSqlRawAsync("set local jit = off; set local work_mem = '64MB'", cancellationToken);
            return new Snapshot(db, transaction, actor, await db.NowAsync(cancellationToken));
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    private sealed class Snapshot(PortalDbContext db, IDbContextTransaction transaction, Actor actor, DateTimeOffset now) : IAsyncDisposable
    {
        public async Task<CostReport> ReportAsync(CostQuery query, int? most, bool costliestFirst, CancellationToken cancellationToken)
        {
            var (rows, groups) = (new List<CostRow>(), 0);
            await foreach (var (row, count) in RowsAsync(query, cancellationToken, most, costliestFirst))
            {
                rows.Add(row);
                groups = count;
            }
            var counted = rows;
            if (groups > rows.Count)
            {
                counted = [];
                await foreach (var (row, _) in RowsAsync(query with { GroupBy = [] }, cancellationToken)) counted.Add(row);
            }
            return new CostReport(rows, counted.Aggregate(new CostSum(0, 0, 0), (sum, row) => sum + row), groups, rows.Select(r => r.Currency).FirstOrDefault(NoCurrency), now);
        }

        public async IAsyncEnumerable<(CostRow Row, int Groups)> RowsAsync(CostQuery query, [EnumeratorCancellation] CancellationToken cancellationToken, int? most = null, bool costliestFirst = false)
        {
            var dimensions = query.GroupBy.Count;
            await using var command = Command(query, sql => sql.Groups(most, costliestFirst));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var (keys, names) = (new string[dimensions], new string[dimensions]);
                for (var n = 0; n < dimensions; n++) (keys[n], names[n]) = (reader.GetString(2 * n), reader.GetString(2 * n + 1));
                var at = 2 * dimensions;
                yield return (new CostRow(keys, names, reader.GetDecimal(at), reader.GetDecimal(at + 1), reader.GetDecimal(at + 2), reader.GetString(at + 3)), reader.GetInt32(at + 4));
            }
        }

        public async Task<IReadOnlyList<UsageRow>> RecordsAsync(CostQuery query, CancellationToken cancellationToken)
        {
            var rows = new List<UsageRow>();
            await using var command = Command(query, sql => sql.Records());
            await using var r = await command.ExecuteReaderAsync(cancellationToken);
            while (await r.ReadAsync(cancellationToken))
                rows.Add(new UsageRow(r.GetGuid(0), r.GetInt32(1), r.GetString(2), r.GetFieldValue<DateTimeOffset>(3), r.GetFieldValue<DateTimeOffset>(4), r.GetInt32(5), r.GetDecimal(6), r.GetDecimal(7),
                    r.GetDecimal(8), r.GetDecimal(9), r.GetString(10), r.GetString(11), r.GetBoolean(12)));
            return rows;
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await db.DisposeAsync();
        }

        // The rule of who sees what is asked of its one place, and its words become part of the statement.
        private NpgsqlCommand Command(CostQuery query, Func<CostSql, string> write)
        {
            using var visible = db.VisibleWorkloads(actor).Select(w => w.Id).CreateDbCommand();
            var sql = new CostSql(query, now, visible.CommandText);
            var command = new NpgsqlCommand(write(sql), (NpgsqlConnection)db.Database.GetDbConnection(), (NpgsqlTransaction)transaction.GetDbTransaction());
            foreach (NpgsqlParameter parameter in visible.Parameters) command.Parameters.Add(parameter.Clone());
            foreach (var parameter in sql.Parameters) command.Parameters.Add(parameter);
            return command;
        }
    }
}
