using Microsoft.Extensions.DependencyInjection.Extensions;
using MudBlazor;
using MudBlazor.Services;
using Portal.Web.Components.Values;

namespace Portal.Web.Components;

/// <summary>Registers what the components need.</summary>
public static class PortalComponents
{
    /// <summary>MudBlazor, the circuit's clock and the browser's time zone.</summary>
    public static IServiceCollection AddPortalComponents(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<LiveClock>();
        services.AddScoped<BrowserTimeZone>();
        services.AddScoped<PortalScript>();
        services.AddMudServices(options =>
        {
            options.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomRight;
            options.SnackbarConfiguration.SnackbarVariant = Variant.Outlined;
            options.SnackbarConfiguration.MaxDisplayedSnackbars = 3;
            options.SnackbarConfiguration.VisibleStateDuration = 5000;
            options.SnackbarConfiguration.HideTransitionDuration = 150;
            options.SnackbarConfiguration.ShowTransitionDuration = 150;
        });
        return services;
    }
}
