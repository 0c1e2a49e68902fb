using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Notifications;
using Portal.Compute;
using Portal.Compute.Kubernetes;
using Portal.Compute.LocalProcess;
using Portal.Web.Access;
using Portal.Web.Hosting;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>Reads a container's environment as the portal does at its start.</summary>
internal static class GivenSettings
{
    /// <summary>Everything that would stop the start, and variables that look like settings and are none.</summary>
    public static IReadOnlyList<string> Wrong(IReadOnlyDictionary<string, string> environment)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(environment.Where(e => e.Key.Contains("__", StringComparison.Ordinal)).Select(e => KeyValuePair.Create(e.Key.Replace("__", ":", StringComparison.Ordinal), (string?)e.Value))).Build();
        var services = new ServiceCollection();
        services.AddOptions<PortalOptions>().Bind(configuration.GetSection(PortalOptions.Section));
        services.AddOptions<MailOptions>().Bind(configuration.GetSection(MailOptions.Section));
        services.AddOptions<SignInSettings>().Bind(configuration.GetSection(SignInSettings.Section));
        services.AddSingleton<IValidateOptions<PortalOptions>, PortalOptionsValidator>().AddSingleton<IValidateOptions<MailOptions>, MailOptionsValidator>().AddSingleton<IValidateOptions<SignInSettings>, SignInSettingsValidator>();
        services.AddLocalTarget(configuration, local => local.DataFolder = "/data").AddKubernetesTargets(configuration);
        using var provider = services.BuildServiceProvider();
        return
        [
            .. Check<PortalOptions>(provider), .. Check<MailOptions>(provider), .. Check<SignInSettings>(provider), .. Check<LocalOptions>(provider), .. Check<KubernetesOptions>(provider),
            .. services.Any(s => s.ServiceType == typeof(LocalProcessTarget)) ? new[] { "Workloads would run in the portal's own pods." } : [],
            .. Unknown(environment.Keys).Select(key => $"{key} is no setting."),
        ];
    }

    /// <summary>The names that look like settings and are none.</summary>
    public static IEnumerable<string> Unknown(IEnumerable<string> names)
    {
        var known = KnownSettings.Bound.Except(KnownSettings.Hidden).Concat(KnownSettings.ByName).ToHashSet();
        return names.Where(name => name.Contains("__", StringComparison.Ordinal)).Where(name => name.Split("__") switch
        {
            ["Kubernetes", "Clusters", _, "Pools", var number, var key] => !int.TryParse(number, out _) || typeof(NodePool).GetProperty(key) is null,
            ["Kubernetes", "Clusters", _, var key] => !known.Contains($"Kubernetes__Clusters__NAME__{key}"),
            _ => !known.Contains(name),
        });
    }

    private static IEnumerable<string> Check<T>(IServiceProvider provider) where T : class
    {
        try
        {
            _ = provider.GetRequiredService<IOptions<T>>().Value;
            return [];
        }
        catch (OptionsValidationException wrong)
        {
            return wrong.Failures;
        }
    }
}
