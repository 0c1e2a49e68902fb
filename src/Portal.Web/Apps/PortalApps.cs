using Portal.Application.Hosting;
using Microsoft.Extensions.Options;
using Portal.Web.Api;
using Portal.Web.Hosting;

namespace Portal.Web.Apps;

/// <summary>The apps origin: where workloads are opened. Hostile to the portal: what answers there is other people's code.</summary>
internal static class PortalApps
{
    public static IServiceCollection AddPortalApps(this IServiceCollection services)
    {
        services.AddHttpForwarder();
        services.AddSingleton<AppsHost>().AddSingleton<AppsCookie>().AddSingleton<AllocationConnections>().AddSingleton<AppsGateway>().AddSingleton<OpenStreams>();
        services.AddHostedService(provider => provider.GetRequiredService<OpenStreams>()).AddHostedService<UseFlusher>();
        return services;
    }

    /// <summary>Branches off everything that arrives at the apps origin, and maps the way in on the portal's side.</summary>
    public static void UsePortalApps(this WebApplication app)
    {
        var host = app.Services.GetRequiredService<AppsHost>();
        app.MapWhen(host.IsAppsRequest, apps =>
        {
            apps.UseExceptionHandler(ApiProblems.HandleException);
            apps.Run(apps.ApplicationServices.GetRequiredService<AppsGateway>().HandleAsync);
        });
        app.MapOpenWorkload();
    }
}

/// <summary>Tells apps requests from the portal's, and which workload a host belongs to.</summary>
internal sealed class AppsHost
{
    private readonly PortalOptions _options;
    private readonly string _before;
    private readonly string _after;

    public AppsHost(IOptions<PortalOptions> options)
    {
        _options = options.Value;
        var authority = new Uri(_options.AppsOrigin(Guid.Empty)).Authority;
        var parts = authority.Split(Guid.Empty.ToString());
        (_before, _after) = (parts[0], parts[1]);
    }

    public bool IsAppsRequest(HttpContext context) => context.Connection.LocalPort == _options.AppsPort || WorkloadOf(context.Request) is not null;

    /// <summary>The workload a request's host names, or null on any other host.</summary>
    public Guid? WorkloadOf(HttpRequest request)
    {
        var host = request.Host.Value ?? "";
        return host.Length == _before.Length + 36 + _after.Length && host.StartsWith(_before, StringComparison.OrdinalIgnoreCase) && host.EndsWith(_after, StringComparison.OrdinalIgnoreCase)
            && Guid.TryParseExact(host.AsSpan(_before.Length, 36), "D", out var id) ? id : null;
    }

    /// <summary>A path on the portal's own origin.</summary>
    public string Portal(string path) => _options.PublicUrl.GetLeftPart(UriPartial.Authority) + path;

    /// <summary>A path on a workload's origin.</summary>
    public string Workload(Guid id, string path) => _options.AppsOrigin(id) + path;
}
