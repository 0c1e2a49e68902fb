using System.Collections.Concurrent;
using System.Net;
using Portal.Application.Compute;
using Portal.Domain.Compute;

namespace Portal.Web.Apps;

/// <summary>One HTTP client for all allocations: a made-up host name says which, and the compute target makes the connection, wherever the program listens.</summary>
internal sealed class AllocationConnections : IDisposable
{
    /// <summary>End of the made-up host names; never resolved.</summary>
    public const string Suffix = ".allocation.invalid";

    private readonly ComputeTargets _targets;
    private readonly ConcurrentDictionary<Guid, string> _targetOf = new();

    public AllocationConnections(ComputeTargets targets)
    {
        _targets = targets;
        Client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = ConnectAsync,
        });
    }

    public HttpMessageInvoker Client { get; }

    /// <summary>The address to forward to.</summary>
    public string Address(Guid allocationId, string target)
    {
        // Names of ended allocations are worth nothing; forgetting all of them costs one lookup each.
        if (_targetOf.Count > 10_000) _targetOf.Clear();
        _targetOf[allocationId] = target;
        return $"http://{allocationId:N}{Suffix}/";
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var id = Guid.ParseExact(context.DnsEndPoint.Host[..32], "N");
        try
        {
            return await _targets[_targetOf[id]].ConnectAsync(id, cancellationToken);
        }
        catch (ComputeTargetException exception)
        {
            throw new HttpRequestException(exception.Message, exception);
        }
    }

    public void Dispose() => Client.Dispose();
}
