using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Data;
using Portal.Migrations;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Data;

/// <summary>What the database itself refuses, whoever asks.</summary>
public sealed class SchemaTests : HostedTests
{
    private const string AppendOnly = "usage_records audit_entries item_versions workload_events";

    [Fact]
    public async Task Model_HasNoPendingChanges()
    {
        await using var db = Host.Database.OpenAsOwner();

        db.Database.HasPendingModelChanges().Should().BeFalse("a change of the model needs a migration");
        (await db.Database.GetPendingMigrationsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Migrations_RunTwiceAndAtOnce_ApplyOnce()
    {
        await using var empty = await PortalDatabaseFixture.CreateEmptyAsync();

        var applied = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => Migrator.ApplyAsync(empty.OwnerConnectionString, PortalDatabaseFixture.PortalRole, default))));

        applied.Count(names => names.Count > 0).Should().Be(1);
        (await Migrator.ApplyAsync(empty.OwnerConnectionString, PortalDatabaseFixture.PortalRole, default)).Should().BeEmpty();
        (await empty.QueryAsync<long>("select count(*) from workloads")).Should().Equal(0);
    }

    [Fact]
    public async Task Migrator_WithoutAConnectionString_SaysWhatToSet()
    {
        var error = new StringWriter();

        (await Migrator.RunAsync(_ => null, TextWriter.Null, error, default)).Should().Be(2);
        error.ToString().Should().Contain("ConnectionStrings__Portal");
    }

    [Theory]
    [InlineData("usage_records", "update usage_records set cost = 0")]
    [InlineData("usage_records", "delete from usage_records")]
    [InlineData("usage_records", "truncate usage_records")]
    [InlineData("audit_entries", "update audit_entries set actor_name = 'x'")]
    [InlineData("audit_entries", "delete from audit_entries")]
    [InlineData("audit_entries", "truncate audit_entries cascade")]
    [InlineData("item_versions", "update item_versions set version = 'x'")]
    [InlineData("item_versions", "delete from item_versions where id not in (select item_version_id from workloads)")]
    public async Task AppendOnly_EvenTheOwner_IsRefused(string table, string sql)
    {
        await StopAsync(await Host.LaunchRunningAsync(Lena));
        (await Host.Database.QueryAsync<long>($"select count(*) from {table}"))[0].Should().BePositive("otherwise nothing would be refused");

        var refused = await FluentActions.Awaiting(() => Host.Database.ExecuteAsync(sql)).Should().ThrowAsync<PostgresException>();

        refused.Which.MessageText.Should().Contain($"{table} is append-only");
    }

    [Fact]
    public async Task PortalRole_HasOnlyWhatItNeeds()
    {
        var granted = (await Host.Database.QueryAsync<string>("""
            select table_name || ' ' || string_agg(privilege_type, ' ' order by privilege_type) from information_schema.role_table_grants
            where grantee = $1 and table_schema = 'public' group by table_name
            """, PortalDatabaseFixture.PortalRole)).ToDictionary(line => line.Split(' ')[0], line => line[(line.IndexOf(' ') + 1)..]);

        foreach (var table in AppendOnly.Split(' ')) granted[table].Should().Be("INSERT SELECT", table);
        granted["__EFMigrationsHistory"].Should().Be("SELECT");
        granted["workloads"].Should().Be("DELETE INSERT SELECT UPDATE");
        (await Host.Database.QueryAsync<long>("select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = $1", PortalDatabaseFixture.PortalRole))[0].Should().Be(0, "it owns nothing");
        (await Host.Database.QueryAsync<bool>("select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls from pg_roles where rolname = $1", PortalDatabaseFixture.PortalRole)).Should().Equal(false);
        await using var db = await Host.OpenAsync();
        foreach (var sql in new[] { "create table mine (id int)", "alter table workloads add column x int", "drop trigger usage_records_append_only on usage_records", "update audit_entries set actor_name = 'x'", "truncate workloads cascade", "create function f() returns int language sql as 'select 1'" })
            (await FluentActions.Awaiting(() => db.Database.ExecuteSqlRawAsync(sql)).Should().ThrowAsync<PostgresException>(sql)).Which.SqlState.Should().Be(PostgresErrorCodes.InsufficientPrivilege, sql);
    }

    [Fact]
    public async Task SecondLiveAllocation_IsRefusedByTheDatabase()
    {
        var id = await Host.LaunchRunningAsync(Lena);

        var refused = await FluentActions.Awaiting(() => Host.Database.ExecuteAsync("""
            insert into allocations select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'attempt', 99))).* from allocations a where workload_id = $1
            """, id)).Should().ThrowAsync<PostgresException>();

        refused.Which.ConstraintName.Should().Be("ix_allocations_one_live");
    }

    [Theory]
    [InlineData("update workloads set name = 'Not Allowed'", "ck_workloads_name")]
    [InlineData("update workloads set hourly_price = -1", "ck_workloads_price")]
    [InlineData("update usage_intervals set posted_until = started_at - interval '1 second'", "ck_usage_intervals_times")]
    [InlineData("update allocations set ended_at = started_at - interval '1 second'", "ck_allocations_times")]
    [InlineData("update teams set slug = '-x'", "ck_teams_slug")]
    public async Task Nonsense_IsRefusedByTheDatabase(string sql, string constraint)
    {
        await Host.LaunchRunningAsync(Lena);

        (await FluentActions.Awaiting(() => Host.Database.ExecuteAsync(sql)).Should().ThrowAsync<PostgresException>()).Which.ConstraintName.Should().Be(constraint);
    }

    [Fact]
    public async Task Migrator_OnANewerPortalsDatabase_RefusesAndChangesNothing()
    {
        await using var database = await PortalDatabaseFixture.CreateAsync();
        await database.ExecuteAsync("insert into \"__EFMigrationsHistory\" select '99991231235959_FromTheFuture', '10.0.0'");
        await using var error = new StringWriter();
        (await Migrator.RunAsync(name => name == "ConnectionStrings__PortalOwner" ? database.OwnerConnectionString : null, TextWriter.Null, error, default)).Should().Be(3);
        error.ToString().Should().Contain("newer portal").And.Contain("99991231235959_FromTheFuture");
    }
}
