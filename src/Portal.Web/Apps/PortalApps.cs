namespace Portal.Web.Apps;

/// <summary>The apps origin: where workloads are opened.</summary>
internal static class PortalApps
{
    public static IServiceCollection AddPortalApps(this IServiceCollection services) => services;

    public static void UsePortalApps(this WebApplication app)
    {
    }
}
