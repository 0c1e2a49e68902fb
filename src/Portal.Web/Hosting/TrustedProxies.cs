using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Portal.Web.Hosting;

/// <summary>Whose word is taken for where a request came from: by default nobody's, for anybody can send these headers.</summary>
internal static class TrustedProxies
{
    /// <summary>Believes the headers of the proxies that are named, and of nobody else.</summary>
    public static void UseTrustedProxies(this WebApplication app, PortalOptions portal)
    {
        var (addresses, networks) = Read(portal.TrustedProxies);
        if (addresses.Count + networks.Count == 0) return;
        // No limit of its own: the chain is followed for as long as a trusted proxy speaks.
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var address in addresses) options.KnownProxies.Add(address);
        foreach (var network in networks) options.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(options);
    }

    /// <summary>The parts that are neither an address nor a network.</summary>
    public static IEnumerable<string> Wrong(string? text) => Parts(text).Where(p => !IPAddress.TryParse(p, out _) && !IPNetwork.TryParse(p, out _));

    private static (IReadOnlyList<IPAddress> Addresses, IReadOnlyList<IPNetwork> Networks) Read(string? text) =>
        ([.. Parts(text).Where(p => IPAddress.TryParse(p, out _)).Select(IPAddress.Parse)], [.. Parts(text).Where(p => !IPAddress.TryParse(p, out _)).Select(p => IPNetwork.Parse(p))]);

    private static string[] Parts(string? text) => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
