using System.Net;
using System.Net.Sockets;

namespace Portal.Compute.LocalProcess;

/// <summary>Asks a program over HTTP on the loopback whether it is ready.</summary>
internal sealed class ReadinessProbe : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.Zero,
    })
    { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>Null when it is ready (200–399), else what it waits for in words.</summary>
    internal async Task<string?> RefusalAsync(int port, string path, CancellationToken cancellationToken)
    {
        var address = $"http://127.0.0.1:{port}{(path.StartsWith('/') ? "" : "/")}{path}";
        try
        {
            using var answer = await _client.GetAsync(new Uri(address), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var code = (int)answer.StatusCode;
            return code is >= 200 and < 400 ? null : $"The program answers {code} at {path}.";
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or UriFormatException)
        {
            return $"The program does not answer at {path} yet.";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The program takes longer than 2 s to answer at {path}.";
        }
    }

    public void Dispose() => _client.Dispose();
}
