using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Portal.Compute.LocalProcess;
using Portal.Domain.Compute;

namespace Portal.Compute;

/// <summary>Adds the local target to a host.</summary>
public static class LocalTargetRegistration
{
    /// <summary>Binds section <c>Local</c>; wrong settings stop the start and are told all at once. <see cref="LocalOptions.DataFolder"/> may be set by <paramref name="adjust"/>.</summary>
    public static IServiceCollection AddLocalTarget(this IServiceCollection services, IConfiguration configuration, Action<LocalOptions>? adjust = null)
    {
        services.AddOptions<LocalOptions>().Bind(configuration.GetSection(LocalOptions.Section)).PostConfigure(adjust ?? (_ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LocalOptions>, LocalOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LocalProcessTarget>();
        services.AddSingleton<IComputeTarget>(provider => provider.GetRequiredService<LocalProcessTarget>());
        return services;
    }
}
