using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Xunit;

namespace Portal.EndToEnd.Tests.Borders;

/// <summary>The way into a workload, and every way round it that we could think of.</summary>
public sealed class BorderTests(BorderTests.Fixture fixture) : IClassFixture<BorderTests.Fixture>, IAsyncLifetime
{
    private readonly PortalProcess _portal = fixture.Portal;
    private Guid _id;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public async ValueTask InitializeAsync()
    {
        _id = await _portal.Api.LaunchAsync(new { item = "probe", hardware = "cpu-tiny" });
        await _portal.Api.WaitForAsync(_id, "Running");
    }

    public async ValueTask DisposeAsync()
    {
        await _portal.Api.SendAsync(HttpMethod.Delete, $"/workloads/{_id}", null);
        _client.Dispose();
    }

    private string Base => $"http://127.0.0.1:{_portal.AppsPort}/w/{_id}/";

    private string OwnHost => $"{_id}.localhost:{_portal.AppsPort}";

    [Fact]
    public async Task Proxy_WithBearerToken_InjectsCredentialAndStripsWhatIsNotTheProgramsBusiness()
    {
        using var request = Request(HttpMethod.Get, Base + "echo?a=1&b=%2F", _portal.AdminToken);
        foreach (var header in new[] { "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "X-Real-IP", "X-Original-URL", "Proxy-Authorization", "X-Portal-User" }) request.Headers.TryAddWithoutValidation(header, "smuggled");
        request.Headers.TryAddWithoutValidation("Cookie", "portal_session=secret; mine=1");
        request.Headers.TryAddWithoutValidation("Connection", "X-Forwarded-For");

        using var response = await _client.SendAsync(request);
        var echo = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());

        var headers = echo.GetProperty("headers").EnumerateArray().Select(h => (Name: h[0].GetString()!, Value: h[1].GetString()!)).ToList();
        headers.Should().NotContain(h => h.Value.Contains("smuggled") || h.Value.Contains("secret") || h.Value.Contains("ptl_"));
        headers.Single(h => h.Name == "Authorization").Value.Should().StartWith("Bearer ").And.NotContain(_portal.AdminToken);
        headers.Should().NotContain(h => h.Name == "Cookie", "another host than its own neither reads nor sets cookies");
        echo.GetProperty("path").GetString().Should().Be($"/w/{_id}/echo?a=1&b=%2F");
        response.Headers.GetValues("Content-Security-Policy").Should().Contain("frame-ancestors 'self'");
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("ptl_0000000000000000000000000000000000000000000", 401)]
    public async Task Proxy_WithoutAValidToken_Refuses(string? token, int status)
    {
        using var response = await _client.SendAsync(Request(HttpMethod.Get, Base + "echo", token));
        ((int)response.StatusCode).Should().Be(status);
        using var page = Request(HttpMethod.Get, $"http://127.0.0.1:{_portal.AppsPort}/w/{_id}/page", token);
        page.Headers.TryAddWithoutValidation("Accept", "text/html");
        (await _client.SendAsync(page)).StatusCode.Should().Be(HttpStatusCode.Unauthorized, "only a workload's own host leads a browser to the exchange");
    }

    [Fact]
    public async Task Proxy_ForPeopleOfOtherTeamsAndTeammates_TellsNothingOrRefuses()
    {
        var stranger = await _portal.Api.PersonAsync("stranger@example.org", "vision");
        var teammate = await _portal.Api.PersonAsync("mate@example.org", "platform");
        (await SendAsync(Base + "echo", stranger)).Should().Be(HttpStatusCode.NotFound);
        (await SendAsync(Base + "echo", teammate)).Should().Be(HttpStatusCode.Forbidden);
        (await _portal.Api.GetAsync($"/workloads/{_id}", stranger)).Status.Should().Be(HttpStatusCode.NotFound);

        (await _portal.Api.SendAsync(HttpMethod.Put, $"/workloads/{_id}/access", new { audience = "team", people = Array.Empty<string>() })).Status.Should().Be(HttpStatusCode.Accepted);
        (await SendAsync(Base + "echo", teammate)).Should().Be(HttpStatusCode.OK);
        (await _portal.Api.SendAsync(HttpMethod.Put, $"/workloads/{_id}/access", new { audience = "owner", people = new[] { "stranger@example.org" } })).Status.Should().Be(HttpStatusCode.Accepted);
        (await SendAsync(Base + "echo", teammate)).Should().Be(HttpStatusCode.Forbidden, "revoked at once");
        (await SendAsync(Base + "echo", stranger)).Should().Be(HttpStatusCode.OK, "named");
    }

    [Fact]
    public async Task Code_IsGoodOnceForItsWorkloadOnly()
    {
        var other = await _portal.Api.LaunchAsync(new { item = "probe", name = "probe-two", hardware = "cpu-tiny" });
        await _portal.Api.WaitForAsync(other, "Running");
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.SignInAsync(_portal);
        string? enter = null;
        page.Request += (_, request) => enter = request.Url.Contains("/_portal/enter", StringComparison.Ordinal) ? request.Url : enter;
        await page.GotoAsync($"{_portal.Url}open/{_id}?path=/w/{_id}/page");
        await page.WaitForSelectorAsync("text=Probe page");
        page.Url.Should().Be($"http://{OwnHost}/w/{_id}/page", "the code is gone from the address");
        var code = enter!.Split("code=")[1];

        (await EnterAsync(_id, code)).Should().Be(HttpStatusCode.Forbidden, "a code works once");
        (await EnterAsync(other, code)).Should().Be(HttpStatusCode.Forbidden);
        var cookie = (await page.Context.CookiesAsync()).Single(c => c.Name == "portal_workload");
        cookie.HttpOnly.Should().BeTrue();
        cookie.Domain.Should().Be($"{_id}.localhost", "host-only");
        (await WithCookieAsync(_id, cookie.Value)).Should().Be(HttpStatusCode.OK);
        (await WithCookieAsync(other, cookie.Value)).Should().Be(HttpStatusCode.Unauthorized, "a cookie opens its own workload only");
        (await WithCookieAsync(_id, cookie.Value + "; portal_workload=planted")).Should().Be(HttpStatusCode.Unauthorized, "two of a name: somebody planted one");
        using var mixed = Request(HttpMethod.Get, $"http://127.0.0.1:{_portal.AppsPort}/w/{other}/echo", _portal.AdminToken);
        mixed.Headers.Host = OwnHost;
        (await _client.SendAsync(mixed)).StatusCode.Should().Be(HttpStatusCode.NotFound, "another workload's path on this host");
    }

    [Fact]
    public async Task Page_OfWorkload_CannotReachThePortalOrItsNeighbours()
    {
        var other = await _portal.Api.LaunchAsync(new { item = "probe", name = "probe-three", hardware = "cpu-tiny" });
        await _portal.Api.WaitForAsync(other, "Running");
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.SignInAsync(_portal);
        var context = page.Context;
        await page.GotoAsync($"{_portal.Url}open/{other}?path=/w/{other}/page");
        await page.WaitForSelectorAsync("text=Probe page");
        await page.GotoAsync($"{_portal.Url}open/{_id}?path=/w/{_id}/page");
        await page.WaitForSelectorAsync("text=Probe page");

        await page.EvaluateAsync($"() => fetch('/w/{_id}/cookies')");
        (await context.CookiesAsync()).Should().NotContain(c => c.Value == "stolen");
        (await context.CookiesAsync()).Single(c => c.Name == "mine").Domain.Should().Be($"{_id}.localhost");
        await page.EvaluateAsync("() => { document.cookie = 'portal_session=planted; domain=localhost; path=/'; document.cookie = 'portal_session=planted; path=/'; }");
        (await context.CookiesAsync([_portal.Url.ToString()])).Should().NotContain(c => c.Value == "planted");

        var portal = _portal.Url.ToString().TrimEnd('/');
        foreach (var attempt in new[]
        {
            $"fetch('{portal}/api/v1/me', {{credentials: 'include'}}).then(r => r.text())",
            $"fetch('{portal}/account/sign-out', {{method: 'POST', credentials: 'include', mode: 'no-cors'}}).then(r => r.type === 'opaque' ? Promise.reject('opaque') : r.text())",
            $"fetch('http://{other}.localhost:{_portal.AppsPort}/w/{other}/echo', {{credentials: 'include'}}).then(r => r.text())",
            $"new Promise((ok, no) => {{ const s = new WebSocket('{portal.Replace("http", "ws", StringComparison.Ordinal)}/_blazor?id=x'); s.onopen = () => ok('open'); s.onerror = () => no('refused'); }})",
            $"new Promise((ok, no) => {{ const s = new WebSocket('ws://{other}.localhost:{_portal.AppsPort}/w/{other}/socket'); s.onopen = () => ok('open'); s.onerror = () => no('refused'); }})",
            $"new Promise((ok, no) => {{ const f = document.createElement('iframe'); f.src = '{portal}/'; f.onload = () => {{ try {{ ok(f.contentDocument ? 'blank' : 'shut'); }} catch {{ ok('shut'); }} }}; document.body.append(f); }}).then(state => state === 'shut' ? Promise.reject('shut') : state)",
        })
            (await page.EvaluateAsync<string>($"() => {attempt}.then(t => 'GOT ' + t, e => 'refused')")).Should().Be("refused", attempt);
        await page.GotoAsync($"{_portal.Url}");
        await page.WaitForSelectorAsync("main h1 >> text=Administrator");
    }

    [Fact]
    public async Task Portal_OnForeignOriginUnsafeOrUpgradeWithCookie_Refuses()
    {
        foreach (var origin in new[] { null, "http://evil.example", $"http://{OwnHost}", "null" })
        {
            using var post = Request(HttpMethod.Post, $"http://127.0.0.1:{_portal.Port}/account/sign-out", null);
            post.Headers.TryAddWithoutValidation("Cookie", "portal_session=x");
            if (origin is not null) post.Headers.TryAddWithoutValidation("Origin", origin);
            (await _client.SendAsync(post)).StatusCode.Should().Be(HttpStatusCode.Forbidden, origin ?? "no origin");
            using var socket = Request(HttpMethod.Get, $"http://127.0.0.1:{_portal.Port}/_blazor?id=1", null);
            socket.Headers.TryAddWithoutValidation("Cookie", "portal_session=x");
            socket.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            socket.Headers.TryAddWithoutValidation("Upgrade", "websocket");
            if (origin is not null) socket.Headers.TryAddWithoutValidation("Origin", origin);
            (await _client.SendAsync(socket)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        }
        using var host = Request(HttpMethod.Get, $"http://127.0.0.1:{_portal.Port}/", null);
        host.Headers.Host = "rebound.example";
        (await _client.SendAsync(host)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        using var home = await _client.GetAsync($"http://127.0.0.1:{_portal.Port}/sign-in");
        home.Headers.GetValues("X-Frame-Options").Should().Equal("DENY");
        string.Join(' ', home.Headers.GetValues("Content-Security-Policy")).Should().Contain("frame-ancestors 'none'");
    }

    [Fact]
    public async Task Redirect_ToInnerAddress_IsMadeRelative()
    {
        using var response = await _client.SendAsync(Request(HttpMethod.Get, Base + "away", _portal.AdminToken));
        response.Headers.Location!.OriginalString.Should().Be($"/w/{_id}/echo");
    }

    [Fact]
    public async Task Streams_FlowAndCloseOnStop()
    {
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {_portal.AdminToken}");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_portal.AppsPort}/w/{_id}/socket"), CancellationToken.None);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), System.Net.WebSockets.WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[64];
        var got = await socket.ReceiveAsync(buffer, CancellationToken.None);
        Encoding.UTF8.GetString(buffer, 0, got.Count).Should().Be("hello");
        using var events = await _client.SendAsync(Request(HttpMethod.Get, Base + "events", _portal.AdminToken), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync()).Should().Be("data: 0", "events arrive as they are written");

        await _portal.Api.PostAsync($"/workloads/{_id}/stop");
        var closing = socket.ReceiveAsync(buffer, CancellationToken.None);
        (await Task.WhenAny(closing, Task.Delay(TimeSpan.FromSeconds(20)))).Should().Be(closing, "a stop closes open sockets");
        await _portal.Api.WaitForAsync(_id, "Stopped");
        (await SendAsync(Base + "echo", _portal.AdminToken)).Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task RawSmuggling_TwoLengthsOrBrokenChunks_NeverReachesTheProgramTwice()
    {
        foreach (var head in new[] { "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n", "Transfer-Encoding: chunked, identity\r\n" })
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _portal.AppsPort);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /w/{_id}/echo HTTP/1.1\r\nHost: 127.0.0.1:{_portal.AppsPort}\r\nAuthorization: Bearer {_portal.AdminToken}\r\n{head}\r\n0\r\n\r\nGET /w/{_id}/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
            client.Client.Shutdown(SocketShutdown.Send);
            var answer = await new StreamReader(stream, Encoding.UTF8).ReadToEndAsync();
            answer.Should().NotContain("smuggled\"", "no request without a token of its own reaches the program");
        }
    }

    private async Task<HttpStatusCode> SendAsync(string url, string token) => (await _client.SendAsync(Request(HttpMethod.Get, url, token))).StatusCode;

    private async Task<HttpStatusCode> EnterAsync(Guid workload, string code)
    {
        using var request = Request(HttpMethod.Get, $"http://127.0.0.1:{_portal.AppsPort}/_portal/enter?code={code}", null);
        request.Headers.Host = $"{workload}.localhost:{_portal.AppsPort}";
        return (await _client.SendAsync(request)).StatusCode;
    }

    private async Task<HttpStatusCode> WithCookieAsync(Guid workload, string cookie)
    {
        using var request = Request(HttpMethod.Get, $"http://127.0.0.1:{_portal.AppsPort}/w/{workload}/echo", null);
        request.Headers.Host = $"{workload}.localhost:{_portal.AppsPort}";
        request.Headers.TryAddWithoutValidation("Cookie", "portal_workload=" + cookie);
        return (await _client.SendAsync(request)).StatusCode;
    }

    private static HttpRequestMessage Request(HttpMethod method, string url, string? token)
    {
        var request = new HttpRequestMessage(method, url);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    /// <summary>One portal with the probe in its catalog.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public PortalProcess Portal { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Portal = await PortalProcess.StartAsync(withProbe: true);

        public ValueTask DisposeAsync() => Portal.DisposeAsync();
    }
}
