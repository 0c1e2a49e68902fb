using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Portal.Compute.LocalProcess;

/// <summary>Asks a program over HTTP whether it is ready.</summary>
internal static class ReadinessProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Null when it is ready (200–399), else what it waits for in words.</summary>
    /// <param name="connect">Opens a connection to the program.</param>
    /// <param name="credential">Presented when the program answers nothing without it.</param>
    internal static async Task<string?> RefusalAsync(Func<CancellationToken, Task<Stream>> connect, string path, AuthenticationHeaderValue? credential, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = async (_, token) => await connect(token) };
        using var client = new HttpClient(handler) { Timeout = Patience };
        try
        {
            using var question = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1{(path.StartsWith('/') ? "" : "/")}{path}"));
            question.Headers.Authorization = credential;
            using var answer = await client.SendAsync(question, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var code = (int)answer.StatusCode;
            return code is >= 200 and < 400 ? null : $"The program answers {code} at {path}.";
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or UriFormatException)
        {
            return $"The program does not answer at {path} yet.";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The program takes longer than {Patience.TotalSeconds:0} s to answer at {path}.";
        }
    }
}
