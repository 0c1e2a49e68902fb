namespace Portal.Web.Components;

/// <summary>The pages.</summary>
internal static class PortalPages
{
    public static IServiceCollection AddPortalPages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(options => options.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(3));
        services.AddScoped<Workloads.WorkloadCommands>();
        return services.AddPortalComponents();
    }

    public static void MapPortalPages(this IEndpointRouteBuilder routes) => routes.MapRazorComponents<App>().AddInteractiveServerRenderMode();
}
