using Hangfire.PostgreSql;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Data;

namespace Portal.Migrations;

/// <summary>Applies the schema as its owner, under a lock, and grants the portal's own role what it needs and no more.</summary>
public static class Migrator
{
    private const long LockKey = 0x506F7274616C4D69; // one migrator at a time, whatever started it

    /// <summary>Reads <c>ConnectionStrings__PortalOwner</c> (else <c>ConnectionStrings__Portal</c>) and <c>Portal__DatabaseRole</c>; 0 when the schema is current, 3 when it is a newer portal's.</summary>
    public static async Task<int> RunAsync(Func<string, string?> setting, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var connection = setting("ConnectionStrings__PortalOwner") ?? setting("ConnectionStrings__Portal");
        if (string.IsNullOrWhiteSpace(connection))
        {
            await error.WriteLineAsync("Set ConnectionStrings__PortalOwner (or ConnectionStrings__Portal) to the database to migrate.");
            return 2;
        }
        if (await UnknownAsync(connection, cancellationToken) is [.., var newest])
        {
            await error.WriteLineAsync($"The database was brought up to date by a newer portal: it has {newest}, which this one does not know. Go on with that version or a newer one, or restore a backup from before it.");
            return 3;
        }
        var applied = await ApplyAsync(connection, setting("Portal__DatabaseRole") ?? RoleOf(setting("ConnectionStrings__Portal")) ?? "portal", cancellationToken);
        await output.WriteLineAsync(applied.Count == 0 ? "The database is up to date." : $"Applied {applied.Count} migration(s): {string.Join(", ", applied)}");
        return 0;
    }

    /// <summary>What the database has and this program does not know: a newer one has been here.</summary>
    private static async Task<IReadOnlyList<string>> UnknownAsync(string connection, CancellationToken cancellationToken)
    {
        await using var dataSource = new NpgsqlDataSourceBuilder(connection).Build();
        var options = new DbContextOptionsBuilder<PortalDbContext>();
        PortalDatabase.Configure(options, dataSource);
        await using var db = new PortalDbContext(options.Options);
        return [.. (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).Except(db.Database.GetMigrations()).Order(StringComparer.Ordinal)];
    }

    /// <summary>Applies what is pending and answers its names.</summary>
    public static async Task<IReadOnlyList<string>> ApplyAsync(string ownerConnection, string appRole, CancellationToken cancellationToken)
    {
        await using var dataSource = new NpgsqlDataSourceBuilder(ownerConnection).Build();
        await using var held = await dataSource.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(held, $"select pg_advisory_lock({LockKey})", cancellationToken);
        var options = new DbContextOptionsBuilder<PortalDbContext>();
        PortalDatabase.Configure(options, dataSource);
        await using var db = new PortalDbContext(options.Options);
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        await db.Database.MigrateAsync(cancellationToken);
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        {
            PostgreSqlObjectsInstaller.Install(connection, "hangfire");
            await GrantAsync(connection, appRole, cancellationToken);
        }
        return pending;
    }

    private static async Task GrantAsync(NpgsqlConnection connection, string role, CancellationToken cancellationToken)
    {
        await using var who = new NpgsqlCommand("select exists(select 1 from pg_roles where rolname = @role) and @role <> current_user", connection);
        who.Parameters.AddWithValue("role", role);
        if (await who.ExecuteScalarAsync(cancellationToken) is not true) return;
        var quoted = "\"" + role.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        await ExecuteAsync(connection, $"""
            grant usage on schema public, hangfire to {quoted};
            grant select, insert, update, delete on all tables in schema public to {quoted};
            grant select, insert, update, delete on all tables in schema hangfire to {quoted};
            grant usage, select, update on all sequences in schema public, hangfire to {quoted};
            revoke update, delete on usage_records, audit_entries, audit_seals, item_versions, workload_events, policy_versions, approval_decisions from {quoted};
            revoke insert, update, delete on "__EFMigrationsHistory" from {quoted};
            """, cancellationToken);
    }

    private static string? RoleOf(string? connectionString) =>
        connectionString is null ? null : new NpgsqlConnectionStringBuilder(connectionString).Username;

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
