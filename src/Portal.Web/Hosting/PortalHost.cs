using Hangfire;
using Hangfire.PostgreSql;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using Portal.Application;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Application.Hosting;
using Portal.Application.Notifications;
using Portal.Application.Workloads;
using Portal.Compute;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Apps;
using Portal.Web.Components;

namespace Portal.Web.Hosting;

/// <summary>The composition root: every service and every route, in order.</summary>
public static class PortalHost
{
    public static void AddPortal(this WebApplicationBuilder builder)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        // Outside Development an unpublished app would otherwise answer 200 with no bytes for every static file.
        builder.WebHost.UseStaticWebAssets();
        services.AddOptions<PortalOptions>().Bind(configuration.GetSection(PortalOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PortalOptions>, PortalOptionsValidator>();
        var portal = configuration.GetSection(PortalOptions.Section).Get<PortalOptions>() ?? new PortalOptions();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new FaultPointOptions { KillAt = portal.KillAt });
        services.AddSingleton(configuration.GetSection("Launch").Get<LaunchOptions>() ?? new LaunchOptions());
        var reconcile = configuration.GetSection("Reconcile").Get<ReconcileOptions>() ?? new ReconcileOptions();
        reconcile.PortalUrl ??= portal.PublicUrl.GetLeftPart(UriPartial.Authority);
        services.AddSingleton(reconcile);
        services.AddOptions<MailOptions>().Bind(configuration.GetSection(MailOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MailOptions>, MailOptionsValidator>().AddSingleton(provider => provider.GetRequiredService<IOptions<MailOptions>>().Value);
        services.AddSingleton(configuration.GetSection(WebhookOptions.Section).Get<WebhookOptions>() ?? new WebhookOptions()).AddSingleton(new PortalAddress(portal.PublicUrl));
        services.AddLocalTarget(configuration, local => local.DataFolder = Path.GetFullPath(string.IsNullOrEmpty(local.DataFolder) ? Path.Combine(portal.KeyFolder, "local") : local.DataFolder))
            .AddKubernetesTargets(configuration);
        AddDatabase(builder, portal);
        services.AddPortalApplication();
        services.AddSingleton<StartState>().AddHostedService<FirstStart>().AddHostedService<WorkloadChangeListener>();
        if (portal.Role != PortalRole.Web) services.AddPortalWorker();
        services.AddPortalTelemetry(configuration).AddPortalAccess(configuration).AddPortalApi().AddPortalApps().AddPortalPages();
        Listen(builder, portal);
    }

    private static void AddDatabase(WebApplicationBuilder builder, PortalOptions portal)
    {
        var connection = builder.Configuration.GetConnectionString("Portal")
            ?? throw new InvalidOperationException("ConnectionStrings:Portal is missing: set the environment variable ConnectionStrings__Portal to the portal's PostgreSQL database.");
        builder.Services.AddPortalDatabase(connection);
        builder.Services.AddSingleton(provider => MasterKey.Load(provider.GetRequiredService<IOptions<PortalOptions>>().Value));
        builder.Services.AddSingleton(provider => new AuditKey(provider.GetRequiredService<MasterKey>().Derive("portal-audit"))).AddSingleton<IAuditHead, AuditHeadFile>();
        builder.Services.AddDataProtection().SetApplicationName("Portal").PersistKeysToDbContext<PortalDbContext>();
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(options => options.XmlEncryptor = new MasterKeyXmlEncryptor(provider.GetRequiredService<MasterKey>())));
        builder.Services.AddHangfire((provider, hangfire) => hangfire.UseFilter(ActivatorUtilities.CreateInstance<PickUpLag>(provider)).SetDataCompatibilityLevel(CompatibilityLevel.Version_180).UseSimpleAssemblyNameTypeSerializer().UseRecommendedSerializerSettings()
            .UsePostgreSqlStorage(storage => storage.UseNpgsqlConnection(connection), new PostgreSqlStorageOptions
            {
                // The schema is the migrator's; this role may not create anything.
                PrepareSchemaIfNecessary = false,
                SchemaName = "hangfire",
                EnableLongPolling = true,
                UseNativeDatabaseTransactions = true,
                QueuePollInterval = TimeSpan.FromSeconds(5),
                InvisibilityTimeout = TimeSpan.FromMinutes(2),
                JobExpirationCheckInterval = TimeSpan.FromMinutes(5),
            }));
        builder.Services.AddSingleton<IReconcileBacklog, HangfireBacklog>();
        if (portal.Role == PortalRole.Web) return;
        builder.Services.AddHangfireServer(server =>
        {
            server.Queues = [ReconcileRequests.Queue];
            server.WorkerCount = portal.Workers;
            server.ShutdownTimeout = TimeSpan.FromSeconds(10);
            server.SchedulePollingInterval = TimeSpan.FromSeconds(30);
        });
    }

    private static void Listen(WebApplicationBuilder builder, PortalOptions portal) => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        // A launch carries a text parameter of up to a million characters, escaped; programs behind the apps origin set their own limits.
        kestrel.Limits.MaxRequestBodySize = 16 * 1024 * 1024;
        foreach (var port in new[] { portal.Port, portal.AppsPort })
        {
            if (portal.Listen == "localhost") kestrel.ListenLocalhost(port);
            else if (portal.Listen == "any") kestrel.ListenAnyIP(port);
            else kestrel.Listen(System.Net.IPAddress.Parse(portal.Listen), port);
        }
    });

    public static void UsePortal(this WebApplication app)
    {
        // First of all, so that everything sees the same sender and scheme.
        app.UseTrustedProxies(app.Services.GetRequiredService<IOptions<PortalOptions>>().Value);
        // The apps origin branches off before anything of the portal's: no cookie of ours is read there, no page of ours answers.
        app.UsePortalApps();
        app.UseExceptionHandler(ApiProblems.HandleException);
        app.UseMiddleware<OriginGuard>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseStatusCodePages(ApiProblems.WriteStatusAsync);
        app.UseRouting();
        app.UseAuthentication();
        // Between the two: it knows who calls, and a stranger's calls are counted before they are refused.
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapHealth();
        app.MapTelemetry();
        app.MapPortalAccess();
        app.MapPortalApi();
        app.MapJobs();
        app.MapPortalPages();
    }
}
