using System.Net;
using System.Net.Sockets;

namespace Portal.Application.Notifications;

/// <summary>Tells addresses of the open internet from those of this machine, its networks and the clouds' metadata services.</summary>
public static class PublicAddresses
{
    private static readonly IPNetwork[] Closed =
    [
        // IANA's special-purpose registries (RFC 6890), and multicast.
        .. new[] { "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4" }.Select(IPNetwork.Parse),
    ];

    // Of IPv6 only global unicast is open, without its special parts: Teredo, ORCHID, documentation, and 6to4, which carries any IPv4 address inside.
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] ClosedSix = [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20")];

    /// <summary>True for an address that a stranger may make the portal connect to.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? !Closed.Any(network => network.Contains(address))
            : Global.Contains(address) && !ClosedSix.Any(network => network.Contains(address));
    }
}
