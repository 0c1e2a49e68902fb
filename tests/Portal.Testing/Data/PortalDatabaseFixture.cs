using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Data;
using Portal.Migrations;
using Portal.Testing.Hosting;
using Portal.Testing.Postgres;

namespace Portal.Testing.Data;

/// <summary>
/// A database of one's own with schema, default catalog, rates and roles, copied from a template that is made once in a test process.
/// What is under test connects as a role with the portal's granted rights and no more; tests look and tamper as the superuser.
/// </summary>
public sealed class PortalDatabaseFixture : IAsyncDisposable
{
    /// <summary>The role the portal connects as.</summary>
    public const string PortalRole = "portal_app";

    private const string RolePassword = "portal-app-of-tests";

    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);

    private readonly PostgresServer _server;

    private PortalDatabaseFixture(PostgresServer server, string ownerConnectionString)
    {
        (_server, OwnerConnectionString) = (server, ownerConnectionString);
        ConnectionString = AsPortal(ownerConnectionString);
    }

    /// <summary>As the portal connects.</summary>
    public string ConnectionString { get; }

    /// <summary>As the superuser, for what the portal must not be able to do.</summary>
    public string OwnerConnectionString { get; }

    /// <summary>A fresh database on the server that tests of this process share.</summary>
    public static async Task<PortalDatabaseFixture> CreateAsync(CancellationToken ct = default)
    {
        var server = await PostgresServer.SharedAsync();
        return new PortalDatabaseFixture(server, await server.CreateDatabaseAsync(await Template.Value.WaitAsync(ct), ct));
    }

    /// <summary>A fresh database on a server of the caller's own, for tests that stop it.</summary>
    public static async Task<PortalDatabaseFixture> CreateOnAsync(PostgresServer server, CancellationToken ct = default)
    {
        var owner = await server.CreateDatabaseAsync(ct: ct);
        await PrepareAsync(server, owner, ct);
        return new PortalDatabaseFixture(server, owner);
    }

    /// <summary>A database without any schema.</summary>
    public static async Task<PortalDatabaseFixture> CreateEmptyAsync(CancellationToken ct = default)
    {
        var server = await PostgresServer.SharedAsync();
        await CreateRoleAsync(server, ct);
        return new PortalDatabaseFixture(server, await server.CreateDatabaseAsync(ct: ct));
    }

    /// <summary>A context with the superuser's rights.</summary>
    public PortalDbContext OpenAsOwner()
    {
        var options = new DbContextOptionsBuilder<PortalDbContext>();
        PortalDatabase.Configure(options, OwnerConnectionString);
        return new PortalDbContext(options.Options);
    }

    /// <summary>Runs SQL as the superuser; parameters are <c>$1</c>, <c>$2</c> …</summary>
    public async Task<int> ExecuteAsync(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(OwnerConnectionString);
        await connection.OpenAsync();
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of every row, as the superuser reads it.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(OwnerConnectionString);
        await connection.OpenAsync();
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(await reader.GetFieldValueAsync<T>(0));
        return rows;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await using (var pooled = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(pooled);
        if (_server.IsRunning) await _server.DropDatabaseAsync(OwnerConnectionString);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] parameters)
    {
#pragma warning disable CA2100 // SQL of tests; values go through parameters.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var parameter in parameters) command.Parameters.AddWithValue(parameter);
        return command;
    }

    private static string AsPortal(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Username = PortalRole, Password = RolePassword }.ConnectionString;

    private static async Task<string> MakeTemplateAsync()
    {
        var server = await PostgresServer.SharedAsync();
        var owner = await server.CreateDatabaseAsync();
        await PrepareAsync(server, owner, default);
        // PostgreSQL copies only a database that nobody is connected to.
        foreach (var connectionString in new[] { owner, AsPortal(owner) })
        {
            await using var pooled = new NpgsqlConnection(connectionString);
            NpgsqlConnection.ClearPool(pooled);
        }
        return new NpgsqlConnectionStringBuilder(owner).Database!;
    }

    private static async Task PrepareAsync(PostgresServer server, string owner, CancellationToken ct)
    {
        await CreateRoleAsync(server, ct);
        await Migrator.ApplyAsync(owner, PortalRole, ct);
        await DatabaseSeed.FillAsync(AsPortal(owner), ct);
    }

    private static async Task CreateRoleAsync(PostgresServer server, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(server.AdminConnectionString);
        await connection.OpenAsync(ct);
        await using var command = Command(connection, $"""
            do $$ begin
              create role {PortalRole} login password '{RolePassword}';
            exception when duplicate_object or unique_violation then null;
            end $$
            """, []);
        await command.ExecuteNonQueryAsync(ct);
    }
}
