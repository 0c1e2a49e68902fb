using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Portal.Compute.Kubernetes;
using Portal.Domain.Compute;

namespace Portal.Compute;

/// <summary>Adds the clusters that the configuration names as targets.</summary>
public static class KubernetesTargetRegistration
{
    /// <summary>Binds section <c>Kubernetes</c>; wrong settings stop the start and are told all at once. A cluster that cannot be reached does not: its target says that it is not healthy.</summary>
    public static IServiceCollection AddKubernetesTargets(this IServiceCollection services, IConfiguration configuration)
    {
        var clusters = configuration.GetSection($"{KubernetesOptions.Section}:{nameof(KubernetesOptions.Clusters)}").GetChildren().ToList();
        // One by one: bound as a dictionary, a cluster with a value that cannot be read would be left out, and nobody told.
        services.AddOptions<KubernetesOptions>().Configure(options =>
        {
            foreach (var cluster in clusters) options.Clusters[cluster.Key] = cluster.Get<ClusterOptions>() ?? new ClusterOptions();
        }).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KubernetesOptions>, KubernetesOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        // Names are needed now, before options can be read; what stands behind them is validated like the rest.
        foreach (var name in clusters.Select(c => c.Key))
            services.AddSingleton<IComputeTarget>(provider => new KubernetesTarget(
                name, provider.GetRequiredService<IOptions<KubernetesOptions>>().Value.Clusters[name], provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KubernetesTarget>>()));
        return services;
    }
}
