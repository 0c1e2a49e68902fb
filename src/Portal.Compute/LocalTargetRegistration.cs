using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Portal.Compute.Kubernetes;
using Portal.Compute.LocalProcess;
using Portal.Domain.Compute;

namespace Portal.Compute;

/// <summary>Adds the local target to a host, unless <see cref="LocalOptions.Enabled"/> is false.</summary>
public static class LocalTargetRegistration
{
    /// <summary>Binds section <c>Local</c>; wrong settings stop the start and are told all at once. <see cref="LocalOptions.DataFolder"/> may be set by <paramref name="adjust"/>.</summary>
    public static IServiceCollection AddLocalTarget(this IServiceCollection services, IConfiguration configuration, Action<LocalOptions>? adjust = null)
    {
        services.AddOptions<LocalOptions>().Bind(configuration.GetSection(LocalOptions.Section)).PostConfigure(adjust ?? (_ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LocalOptions>, LocalOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        // Whether there is a target is needed now, before options can be read.
        if (!configuration.GetValue($"{LocalOptions.Section}:{nameof(LocalOptions.Enabled)}", defaultValue: true))
        {
            var elsewhere = configuration.GetSection($"{KubernetesOptions.Section}:{nameof(KubernetesOptions.Clusters)}").GetChildren().Any();
            services.AddOptions<LocalOptions>().Validate(_ => elsewhere, $"{LocalOptions.Section}:{nameof(LocalOptions.Enabled)} may be false only where {KubernetesOptions.Section}:{nameof(KubernetesOptions.Clusters)} names a cluster: nothing could be launched otherwise.");
            return services;
        }
        services.AddSingleton<LocalProcessTarget>();
        services.AddSingleton<IComputeTarget>(provider => provider.GetRequiredService<LocalProcessTarget>());
        return services;
    }
}
