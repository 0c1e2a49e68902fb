using System.Reflection;
using System.Text.RegularExpressions;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Notifications;
using Portal.Application.Workloads;
using Portal.Compute.Kubernetes;
using Portal.Compute.LocalProcess;
using Portal.Web.Hosting;

namespace Portal.Web.Tests.Deploy;

/// <summary>Every setting the code reads, as environment variables.</summary>
internal static partial class KnownSettings
{
    private static readonly (string Section, Type Options)[] Sections = [("Portal", typeof(PortalOptions)), ("Local", typeof(LocalOptions)), ("Launch", typeof(LaunchOptions)), ("Reconcile", typeof(ReconcileOptions)), ("SignIn", typeof(SignInSettings)), ("SignIn__Oidc", typeof(OidcSettings)), ("Kubernetes__Clusters__NAME", typeof(ClusterOptions)), ("Mail", typeof(MailOptions)), ("Webhooks", typeof(WebhookOptions))];

    /// <summary>Read from the configuration by name, not bound to options.</summary>
    public static IReadOnlyList<string> ByName { get; } = ["ConnectionStrings__Portal", "ConnectionStrings__PortalOwner", "Portal__DatabaseRole"];

    /// <summary>For tests only, and not told to anybody.</summary>
    public static IReadOnlyList<string> Hidden { get; } = ["Portal__KillAt"];

    public static IReadOnlyList<string> Bound { get; } =
        [.. Sections.SelectMany(s => s.Options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true } && p.PropertyType != typeof(OidcSettings)).Select(p => $"{s.Section}__{p.Name}"))];

    /// <summary>Everything in a text that looks like a setting.</summary>
    public static IReadOnlyList<string> In(string text) => [.. Name().Matches(text).Select(m => m.Value).Distinct()];

    [GeneratedRegex(@"\b(ConnectionStrings|Portal|Local|Kubernetes|Launch|Reconcile|SignIn|Mail|Webhooks)(__[A-Za-z]+)+\b")]
    private static partial Regex Name();
}
