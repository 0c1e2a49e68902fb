using System.Net;

namespace Portal.Web.Access;

/// <summary>
/// The address behind a circuit, for the audit trail. A circuit has no request of its own: the page that begins it hands the address to its root component as a parameter, which Data Protection keeps anybody but the portal
/// from writing.
/// </summary>
public sealed class CircuitSource
{
    /// <summary>Null outside a circuit.</summary>
    public string? Address { get; set; }

    /// <summary>The address of a request's sender; behind a trusted proxy, the one that the proxy names.</summary>
    public static string? Of(HttpContext? context) => context?.Connection.RemoteIpAddress is { } address ? Text(address) : null;

    private static string Text(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
