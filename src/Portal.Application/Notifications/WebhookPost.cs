using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>Posts one message to a person's webhook, signed. Where it connects to is checked on the resolved address, so that no name can point it inside.</summary>
public sealed class WebhookPost : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int MostRead = 2048;

    private readonly HttpClient _http;
    private readonly WebhookOptions _options;
    private readonly PortalAddress _portal;
    private readonly WebhookSecrets _secrets;
    private readonly TimeProvider _time;

    public WebhookPost(WebhookOptions options, PortalAddress portal, WebhookSecrets secrets, TimeProvider time)
    {
        (_options, _portal, _secrets, _time) = (options, portal, secrets, time);
        // No proxy and no cookies: the address that is checked is the one that is connected to, and nothing is carried from one person's webhook to another's.
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1), MaxResponseHeadersLength = 16, ConnectTimeout = Patience, ConnectCallback = ConnectAsync,
            AutomaticDecompression = DecompressionMethods.None,
        }) { Timeout = Patience };
    }

    /// <summary>Why an address cannot be a webhook; null when it can.</summary>
    public string? Objection(string url)
    {
        if (url.Length > 2000 || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0) return "Must be an address such as https://hooks.example.org/….";
        if (uri.UserInfo.Length > 0) return "Must not contain a user name or password.";
        if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback && _options.AllowPrivate)) return "Must begin with https://.";
        if (!_options.AllowPrivate && (uri.IsLoopback || (IPAddress.TryParse(uri.DnsSafeHost, out var address) && !PublicAddresses.IsPublic(address)))) return "Must lie on the open internet, not on this machine or a private network.";
        return null;
    }

    /// <summary>Never throws for what the receiver does; whatever it was comes back in words, without the address.</summary>
    public async Task<Sent> SendAsync(Message message, WebhookAddress to, CancellationToken cancellationToken)
    {
        var (url, key) = (_secrets.ReadUrl(to.ProtectedUrl), _secrets.ReadKey(to.ProtectedSecret));
        // What is allowed may have changed since it was entered.
        if (Objection(url) is { } objection) return new Sent($"The address of the webhook is not allowed: {objection}", true);
        var (body, timestamp) = (Body(message), _time.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Portal-Delivery", message.Id.ToString());
        request.Headers.Add("X-Portal-Timestamp", timestamp);
        request.Headers.Add("X-Portal-Signature", WebhookSecrets.Sign(key, timestamp, body));
        request.Headers.UserAgent.ParseAdd("Portal-Notifications/1");
        // HttpClient's own time-out ends with the headers; a receiver that dribbles its body is cut off by this one.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.IsSuccessStatusCode) return Sent.Well;
            var status = (int)response.StatusCode;
            return new Sent(status is >= 300 and < 400 ? $"{to.Host} answered {status}: redirects are not followed." : $"{to.Host} answered {status}. {await WordsAsync(response, limit.Token)}".TrimEnd());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Sent($"{to.Host} did not answer within {Patience.TotalSeconds:0} seconds.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Sent($"{to.Host} could not be reached: {Inner(exception)}");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>What Slack's incoming webhooks take, and more fields for others.</summary>
    internal string Body(Message message)
    {
        var link = _portal.Of(message.Link);
        var words = message.Text is { } more ? $"{Slack(message.Title)}\n{Slack(more)}\n<{link}|Open in the portal>" : $"{Slack(message.Title)}\n<{link}|Open in the portal>";
        return JsonSerializer.Serialize(new { text = words, kind = message.Kind, title = message.Title, detail = message.Text, link, at = message.At, id = message.Id }, PortalJson.Options);
    }

    // The three characters that Slack gives a meaning; escaped, nobody is mentioned by a workload's name.
    private static string Slack(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    // Of receivers inside, only the status is told: nobody reads a private network's pages through the portal.
    private async Task<string> WordsAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (_options.AllowPrivate || response.Content.Headers.ContentType?.MediaType is not ("text/plain" or "application/json")) return "";
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostRead];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return NotifyPeople.OneLine(Encoding.UTF8.GetString(buffer, 0, read), 200);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var found = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = _options.AllowPrivate ? found : [.. found.Where(PublicAddresses.IsPublic)];
        if (allowed.Length == 0) throw new HttpRequestException(found.Length == 0 ? "its name has no address." : "its address is private, and webhooks may reach the open internet only.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Inner(Exception exception) => exception switch
    {
        HttpRequestException { InnerException: SocketException socket } => $"{socket.Message}.",
        HttpRequestException { InnerException: AuthenticationException } => "its certificate is not trusted, or it does not speak TLS.",
        HttpRequestException { InnerException: HttpRequestException ours } => ours.Message,
        _ => exception.Message,
    };
}
