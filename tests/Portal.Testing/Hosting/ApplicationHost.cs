using Hangfire;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portal.Application;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Application.Hosting;
using Portal.Application.Notifications;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Testing.Compute;
using Portal.Testing.Data;

namespace Portal.Testing.Hosting;

/// <summary>
/// The application without web and without clockwork: real use cases on a real database, a target that does what it is told, jobs that run when the test pumps.
/// A second host on the same database and target is a second process.
/// </summary>
public sealed class ApplicationHost : IAsyncDisposable
{
    private readonly bool _ownsDatabase;
    private readonly ServiceProvider _services;
    private int _errorsSeen;

    private ApplicationHost(PortalDatabaseFixture database, bool ownsDatabase, FakeComputeTarget target, IDataProtectionProvider protection)
    {
        (Database, _ownsDatabase, Target, Protection) = (database, ownsDatabase, target, protection);
        _services = Register().BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    public PortalDatabaseFixture Database { get; }

    /// <summary>The only target, named <c>local</c>.</summary>
    public FakeComputeTarget Target { get; }

    public IDataProtectionProvider Protection { get; }

    public PumpedJobs Jobs { get; } = new();

    public RecordedLogs Logs { get; } = new();

    public FaultPointOptions Faults { get; } = new();

    public LaunchOptions Launch { get; } = new();

    public ReconcileOptions Reconcile { get; } = new();

    public SignInSettings SignIn { get; } = new();

    /// <summary>No mail server, until a test names one before it asks for the first use case.</summary>
    public MailOptions Mail { get; } = new() { From = "portal@example.org" };

    public WebhookOptions Webhooks { get; } = new();

    public IServiceProvider Services => _services;

    /// <summary>A host on a fresh database.</summary>
    public static async Task<ApplicationHost> CreateAsync(CancellationToken ct = default) =>
        new(await PortalDatabaseFixture.CreateAsync(ct), true, new FakeComputeTarget(TimeProvider.System), new EphemeralDataProtectionProvider());

    /// <summary>A host on a database that the caller disposes.</summary>
    public static ApplicationHost On(PortalDatabaseFixture database) => new(database, false, new FakeComputeTarget(TimeProvider.System), new EphemeralDataProtectionProvider());

    /// <summary>Another process of the same portal: same database, target and keys, its own jobs and memory.</summary>
    public ApplicationHost AnotherProcess() => new(Database, false, Target, Protection);

    /// <summary>A use case, query or job.</summary>
    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Runs with a scoped service, such as those that use <c>UserManager</c>.</summary>
    public async Task<TResult> WithScopedAsync<T, TResult>(Func<T, Task<TResult>> use)
        where T : notnull
    {
        await using var scope = _services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<T>());
    }

    /// <summary>A context with the portal's own rights.</summary>
    public Task<PortalDbContext> OpenAsync() => Get<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync();

    /// <summary>Runs reconciles, enqueued or due by now, until nothing is left to do at this instant.</summary>
    public async Task PumpAsync()
    {
        var due = Get<DueWorkloads>();
        for (var round = 0; round < 200; round++)
        {
            var worked = false;
            while (Jobs.TryTake(out var id))
            {
                worked = true;
                await Get<ReconcileWorkload>().ExecuteAsync(id, CancellationToken.None);
            }
            if (await due.EnqueueDueAsync(CancellationToken.None) > 0) worked = true;
            ThrowOnErrors();
            if (!worked) return;
        }
        throw new InvalidOperationException("The workloads do not come to rest: there was something to do 200 times in a row.");
    }

    /// <summary>One look of the observer at the target, and what follows from it.</summary>
    public async Task ObserveAsync()
    {
        await Get<ObserveTarget>().ExecuteAsync(Target, CancellationToken.None);
        await PumpAsync();
    }

    /// <summary>Throws when something was logged as an error since the last call.</summary>
    public void ThrowOnErrors()
    {
        var fresh = Logs.Errors.Skip(_errorsSeen).ToList();
        _errorsSeen += fresh.Count;
        if (fresh.Count > 0)
            throw new InvalidOperationException(string.Join('\n', fresh.Select(e => $"{e.Category}: {e.Message}\n{e.Exception}")));
    }

    /// <summary>Forgets errors that a test has provoked.</summary>
    public int AcceptErrors()
    {
        var fresh = Logs.Errors.Count - _errorsSeen;
        _errorsSeen += fresh;
        return fresh;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_ownsDatabase) await Database.DisposeAsync();
    }

    // Length makes a password strong; the ones the portal makes up have letters and digits only.
    private static void Configure(IdentityOptions options)
    {
        options.User.RequireUniqueEmail = true;
        options.User.AllowedUserNameCharacters = "";
        (options.Password.RequiredLength, options.Password.RequireNonAlphanumeric, options.Password.RequireDigit) = (12, false, false);
        (options.Password.RequireUppercase, options.Password.RequireLowercase) = (false, false);
    }

    private ServiceCollection Register()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning)
            // A refused command is an exception as well, and often an expected one.
            .AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical).AddProvider(Logs));
        services.AddPortalDatabase(Database.ConnectionString);
        services.AddSingleton(new AuditKey(new byte[32])).AddSingleton<IAuditHead, RememberedHead>();
        services.AddPortalApplication();
        services.AddSingleton<DueWorkloads>().AddSingleton<TargetObserver>().AddSingleton<WorkloadChangeListener>();
        services.AddSingleton(Mail).AddSingleton(Webhooks).AddSingleton(new PortalAddress(new Uri("https://portal.example.org")));
        services.AddSingleton(Faults).AddSingleton(Launch).AddSingleton(Reconcile).AddSingleton(SignIn).AddSingleton(TimeProvider.System).AddSingleton(Protection);
        services.AddSingleton<IBackgroundJobClient>(Jobs).AddSingleton<IReconcileBacklog>(Jobs).AddSingleton<IComputeTarget>(Target);
        services.AddIdentityCore<PortalUser>(Configure).AddRoles<IdentityRole<Guid>>().AddEntityFrameworkStores<PortalDbContext>();
        return services;
    }
}
