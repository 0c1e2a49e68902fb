using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Portal.Web.Access;

/// <summary>Bounds how fast passwords can be guessed from one address, whichever accounts they are tried on.</summary>
internal sealed class PasswordTries(IOptions<RateOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> _tries = PartitionedRateLimiter.Create<IPAddress, IPAddress>(sender => RateLimitPartition.GetFixedWindowLimiter(sender, _ => new()
    {
        PermitLimit = options.Value.PasswordTriesPerMinute,
        Window = TimeSpan.FromMinutes(1),
    }));

    /// <summary>Counts a try.</summary>
    /// <returns>Null when it may be made, else how long to wait before the next.</returns>
    public TimeSpan? Refuse(HttpContext context)
    {
        using var lease = _tries.AttemptAcquire(Sender(context));
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromMinutes(1);
    }

    public void Dispose() => _tries.Dispose();

    /// <summary>Who is counted as one: an IPv4 address, or a /64 network of IPv6, within which everybody picks addresses as they like.</summary>
    public static IPAddress Sender(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return new IPAddress(bytes);
    }
}
