using System.Net;
using System.Text.RegularExpressions;
using Portal.Testing.OpenId;
using Portal.Web.Tests.Api;

namespace Portal.Web.Tests.Access;

/// <summary>A browser without pictures: cookies of its own, and redirects between portal and provider followed one by one.</summary>
internal sealed partial class ProviderBrowser : IDisposable
{
    private static readonly Uri Portal = new("http://localhost:5080");

    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _portal;
    private readonly HttpClient _provider = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public ProviderBrowser(PortalFactory portal) => _portal = portal.Client(null);

    /// <summary>Another browser that somebody has carried this one's cookies to.</summary>
    public ProviderBrowser CopyTo(PortalFactory portal)
    {
        var copy = new ProviderBrowser(portal);
        copy._cookies.Add(_cookies.GetAllCookies());
        return copy;
    }

    /// <summary>Where the browser has been, in order.</summary>
    public List<Uri> Visited { get; } = [];

    /// <summary>What to make of an address before going there; null: stay.</summary>
    public Func<Uri, Uri?> OnTheWay { get; set; } = address => address;

    /// <summary>The text of the page that came last.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The portal's path and query at the end of the way.</summary>
    public string Path => Visited[^1].PathAndQuery;

    public bool HasSession => _cookies.GetCookies(Portal)["portal_session"] is not null;

    /// <summary>Goes to an address and on to wherever it leads.</summary>
    public async Task<HttpStatusCode> GoAsync(string address)
    {
        var next = new Uri(Portal, address);
        for (var hop = 0; hop < 20; hop++)
        {
            if (OnTheWay(next) is not { } to) return HttpStatusCode.Continue;
            using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, to));
            if (answer.Headers.Location is not { } location) return answer.StatusCode;
            next = new Uri(to, location);
        }
        throw new InvalidOperationException($"Around in circles: {string.Join(" → ", Visited)}");
    }

    /// <summary>Signs in at the provider as somebody and comes back.</summary>
    public async Task<string> SignInAsync(OpenIdProvider provider, string subject, string? returnUrl = null)
    {
        await GoAsync(new Uri(provider.Url, $"/be/{subject}").ToString());
        await GoAsync("/account/oidc/sign-in" + (returnUrl is null ? "" : $"?returnUrl={Uri.EscapeDataString(returnUrl)}"));
        return Path;
    }

    /// <summary>Posts a form of the portal with the antiforgery token of its sign-in page.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, params (string Key, string Value)[] fields)
    {
        using var page = await SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(Portal, "/sign-in")));
        var token = Token().Match(Text).Groups[1].Value;
        var form = fields.Append(("__RequestVerificationToken", token)).Select(f => KeyValuePair.Create(f.Item1, f.Item2));
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Portal, path)) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Add("Origin", "http://localhost:5080");
        return await SendAsync(request);
    }

    /// <summary>Who the portal takes the browser for; null: for nobody.</summary>
    public async Task<string?> MeAsync()
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(Portal, "/api/v1/me")));
        return answer.StatusCode == HttpStatusCode.OK ? Text : null;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        var address = request.RequestUri!;
        Visited.Add(address);
        var cookies = _cookies.GetCookieHeader(address);
        if (cookies.Length > 0) request.Headers.Add("Cookie", cookies);
        var answer = await (address.Authority == Portal.Authority ? _portal : _provider).SendAsync(request);
        if (answer.Headers.TryGetValues("Set-Cookie", out var set)) foreach (var cookie in set) _cookies.SetCookies(address, cookie);
        Text = await answer.Content.ReadAsStringAsync();
        return answer;
    }

    public void Dispose()
    {
        _portal.Dispose();
        _provider.Dispose();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
