using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Portal.Application.Access;
using Portal.Application.Catalog;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Teams;

namespace Portal.Web.Hosting;

/// <summary>How far the start has come; <c>/readyz</c> says so.</summary>
public sealed class StartState
{
    /// <summary>Null once everything is loaded.</summary>
    public string? WaitingFor { get; set; } = "the database";
}

/// <summary>
/// Waits for a migrated database, then makes sure of what every portal has: an installation id, roles, prices, the catalog, a first team and its administrator. Safe to repeat and to run
/// in several processes at once.
/// </summary>
public sealed partial class FirstStart(
    IServiceScopeFactory scopes, IDbContextFactory<PortalDbContext> contexts, CurrentPrices prices, ImportCatalog import, CreateToken createToken, ActorDirectory actors,
    IOptions<PortalOptions> options, StartState state, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<FirstStart> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await PrepareAsync(stoppingToken);
                state.WaitingFor = null;
                LogReady(logger, options.Value.PublicUrl);
                return;
            }
            catch (CatalogRefusedException refused)
            {
                LogCatalogRefused(logger, refused.Message);
                state.WaitingFor = "a valid catalog";
                Environment.ExitCode = 1;
                lifetime.StopApplication();
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                LogWaiting(logger, state.WaitingFor ?? "the database", exception.Message);
                await Task.Delay(RetryDelay, time, stoppingToken);
            }
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        state.WaitingFor = "the database";
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.OpenConnectionAsync(cancellationToken);
        state.WaitingFor = "migrations (run Portal.Migrations)";
        if (!await db.IsMigratedAsync(cancellationToken)) throw new InvalidOperationException("Migrations are pending.");
        state.WaitingFor = "first-start data";
        await db.Database.ExecuteSqlAsync($"select pg_advisory_lock(hashtextextended('first-start', 0))", cancellationToken);
        try
        {
            await FillAsync(db, cancellationToken);
        }
        finally
        {
            await db.Database.ExecuteSqlAsync($"select pg_advisory_unlock(hashtextextended('first-start', 0))", CancellationToken.None);
        }
    }

    private async Task FillAsync(PortalDbContext db, CancellationToken cancellationToken)
    {
        if (!await db.Installations.AnyAsync(cancellationToken))
        {
            db.Installations.Add(new Installation { Id = Guid.NewGuid(), CreatedAt = await db.NowAsync(cancellationToken) });
            await db.SaveChangesAsync(cancellationToken);
        }
        await prices.SeedAsync(cancellationToken);
        await EnsureAdministratorAsync(db, cancellationToken);
        state.WaitingFor = "the catalog";
        var folder = options.Value.CatalogFolder ?? Path.Combine(AppContext.BaseDirectory, "catalog");
        if (await import.ExecuteAsync(folder, cancellationToken) is ImportCatalog.Outcome.Refused refused)
            throw new CatalogRefusedException(string.Join(Environment.NewLine, refused.Problems.Select(p => p.ToString())));
    }

    private async Task EnsureAdministratorAsync(PortalDbContext db, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var roles = scope.ServiceProvider.GetRequiredService<RoleManager<IdentityRole<Guid>>>();
        foreach (var role in PortalRoles.All.Where(r => !db.Roles.Any(x => x.Name == r)).ToList()) Require(await roles.CreateAsync(new IdentityRole<Guid>(role) { Id = Guid.CreateVersion7() }));
        var admin = await db.Users.FirstOrDefaultAsync(u => u.NormalizedEmail == options.Value.AdminEmail.ToUpperInvariant(), cancellationToken);
        if (admin is null && await db.Users.AnyAsync(cancellationToken)) return;
        // The files come first: a crash in between leaves secrets nobody uses yet, never an account nobody can enter.
        var folder = Path.GetFullPath(options.Value.KeyFolder);
        var users = scope.ServiceProvider.GetRequiredService<UserManager<PortalUser>>();
        if (admin is null)
        {
            var password = options.Value.AdminPassword ?? Secret(folder, "admin-password", PasswordText.New);
            admin = new PortalUser { Id = Guid.CreateVersion7(), Email = options.Value.AdminEmail, UserName = options.Value.AdminEmail, DisplayName = "Administrator", CreatedAt = time.GetUtcNow(), LockoutEnabled = true };
            Require(await users.CreateAsync(admin, password));
        }
        await EnsurePlatformTeamAsync(db, admin.Id, cancellationToken);
        if (!await users.IsInRoleAsync(admin, PortalRoles.Admin) && !(await users.GetUsersInRoleAsync(PortalRoles.Admin)).Any()) Require(await users.AddToRoleAsync(admin, PortalRoles.Admin));
        // Whoever gave the password makes tokens with it; the key folder may be gone with the process.
        if (options.Value.AdminPassword is not null || await db.AccessTokens.AnyAsync(cancellationToken)) return;
        var token = Secret(folder, "admin-token", TokenText.New);
        var actor = await actors.FindAsync(admin.Id, null, cancellationToken) ?? throw new InvalidOperationException("The first administrator cannot be found.");
        await createToken.ExecuteAsync("First start", TokenScopes.All, null, actor, cancellationToken, token);
        LogAdministrator(logger, options.Value.AdminEmail, folder);
    }

    private static async Task EnsurePlatformTeamAsync(PortalDbContext db, Guid adminId, CancellationToken cancellationToken)
    {
        if (await db.Teams.AnyAsync(cancellationToken)) return;
        var now = await db.NowAsync(cancellationToken);
        var team = new Team { Id = Guid.CreateVersion7(now), Slug = "platform", Name = "Platform", CreatedAt = now };
        db.Teams.Add(team);
        db.TeamMembers.Add(new TeamMember { TeamId = team.Id, UserId = adminId, Role = TeamRole.Lead });
        await db.SaveChangesAsync(cancellationToken);
    }

    private static string Secret(string folder, string name, Func<string> make)
    {
        var file = Path.Combine(folder, name);
        if (!File.Exists(file)) OwnerFile.CreateOnce(file, make());
        return File.ReadAllText(file).Trim();
    }

    private static void Require(IdentityResult result)
    {
        if (!result.Succeeded) throw new InvalidOperationException(string.Join(" ", result.Errors.Select(e => e.Description)));
    }

    private sealed class CatalogRefusedException(string message) : Exception(message);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready at {Url}")]
    private static partial void LogReady(ILogger logger, Uri url);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for {What}: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string what, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The catalog is refused:\n{Problems}")]
    private static partial void LogCatalogRefused(ILogger logger, string problems);

    [LoggerMessage(Level = LogLevel.Information, Message = "First administrator {Email}; password and token are in {Folder}")]
    private static partial void LogAdministrator(ILogger logger, string email, string folder);
}
