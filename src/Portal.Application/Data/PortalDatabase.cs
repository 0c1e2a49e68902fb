using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Portal.Application.Data;

/// <summary>How contexts reach the database, in one place for the portal, the migrations and the tests.</summary>
public static class PortalDatabase
{
    public const string MigrationsAssembly = "Portal.Migrations";

    /// <summary>The migration this build needs. The portal does not carry the migrations; a test holds this to the newest of them.</summary>
    public const string NewestMigration = "20261123195617_PlacedParts";

    /// <summary>True when the database has the schema this build needs (or a newer one: migrations only add).</summary>
    public static async Task<bool> IsMigratedAsync(this PortalDbContext db, CancellationToken cancellationToken) =>
        (await db.Database.GetAppliedMigrationsAsync(cancellationToken)).Any(id => string.CompareOrdinal(id, NewestMigration) >= 0);

    /// <summary>Registers the data source and the context factory.</summary>
    public static IServiceCollection AddPortalDatabase(this IServiceCollection services, string connectionString)
    {
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connectionString).Build());
        services.AddDbContextFactory<PortalDbContext>((provider, options) => Configure(options, provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext());
        return services;
    }

    public static void Configure(DbContextOptionsBuilder options, NpgsqlDataSource dataSource) =>
        options.UseNpgsql(dataSource, npgsql => npgsql.MigrationsAssembly(MigrationsAssembly)).UseSnakeCaseNamingConvention();

    public static void Configure(DbContextOptionsBuilder options, string connectionString) =>
        options.UseNpgsql(connectionString, npgsql => npgsql.MigrationsAssembly(MigrationsAssembly)).UseSnakeCaseNamingConvention();

    /// <summary>The database's clock: leases and postings never use a process's own.</summary>
    public static async Task<DateTimeOffset> NowAsync(this PortalDbContext db, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<DateTimeOffset>("select clock_timestamp() as \"Value\"").ToListAsync(cancellationToken))[0];
}
