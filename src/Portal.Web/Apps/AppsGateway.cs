using Portal.Application.Access;
using Portal.Application.Compute;
using Portal.Application.Telemetry;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Api;
using Yarp.ReverseProxy.Forwarder;

namespace Portal.Web.Apps;

/// <summary>Answers every request on the apps origin: who is it, may they, is it running, then forwards to the program with its credential.</summary>
internal sealed partial class AppsGateway(
    AppsHost host, AppsCookie cookie, WorkloadEntrance entrance, TokenQueries tokens, ActorDirectory actors, IHttpForwarder forwarder, AllocationConnections connections, OpenStreams streams, RecordUse use, PortalMeters meters, ILogger<AppsGateway> logger)
{
    /// <summary>Where a one-time code is exchanged for the workload's cookie.</summary>
    public const string EnterPath = "/_portal/enter";

    // The program sets its own time limits; a kernel may be silent for hours.
    private static readonly ForwarderRequestConfig Forwarding = new() { ActivityTimeout = TimeSpan.FromHours(24), Version = System.Net.HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var hostWorkload = host.WorkloadOf(request);
        if (hostWorkload is { } entered && request.Path == EnterPath)
        {
            await EnterAsync(context, entered);
            return;
        }
        var named = PathWorkload(request.Path);
        // On its own host a workload has every path; what another workload's path means there is nobody's business.
        if ((named ?? hostWorkload) is not { } id || (hostWorkload is { } own && named is { } other && own != other))
        {
            await ApiProblems.WriteAsync(context, StatusCodes.Status404NotFound, "Not found", "There is nothing at this address. A workload is at /w/{id}/ of its own host.");
            return;
        }
        if (named is not null && request.Path.Value!.Length == $"/w/{id}".Length)
        {
            context.Response.Redirect($"/w/{id}/{request.QueryString}");
            return;
        }
        await AdmitAsync(context, id, onOwnHost: hostWorkload is not null);
    }

    private async Task AdmitAsync(HttpContext context, Guid id, bool onOwnHost)
    {
        var (actor, byCookie) = await WhoAsync(context, id, onOwnHost);
        if (actor is null)
        {
            await AskToEnterAsync(context, id, onOwnHost);
            return;
        }
        if (byCookie && IsForeign(context.Request))
        {
            await ApiProblems.WriteAsync(context, StatusCodes.Status403Forbidden, "Foreign origin", "This workload does not answer requests that other sites' pages make with your session.");
            return;
        }
        switch (await entrance.CheckAsync(id, actor, context.RequestAborted))
        {
            case WorkloadEntrance.Outcome.Open { Root: false } when PathWorkload(context.Request.Path) is null:
                await AnswerOutsideAsync(context, id);
                return;
            case WorkloadEntrance.Outcome.Open open:
                await ForwardAsync(context, id, actor, open, onOwnHost);
                return;
            case WorkloadEntrance.Outcome.NotRunning resting when onOwnHost && WantsPage(context.Request):
                context.Response.Redirect(host.Portal($"/workloads/{id}/open"));
                return;
            case WorkloadEntrance.Outcome.NotRunning resting:
                await ApiProblems.WriteAsync(context, StatusCodes.Status409Conflict, "Not running", $"{resting.Name} is {resting.Phase}. {resting.Reason}".Trim());
                return;
            case WorkloadEntrance.Outcome.Forbidden forbidden:
                await ApiProblems.WriteAsync(context, StatusCodes.Status403Forbidden, "Not allowed", forbidden.Reason);
                return;
            default:
                await ApiProblems.WriteAsync(context, StatusCodes.Status404NotFound, "Not found", "There is no such workload that you may see.");
                return;
        }
    }

    /// <summary>By bearer token on any host; by the workload's cookie on its own host only.</summary>
    private async Task<(Actor? Actor, bool ByCookie)> WhoAsync(HttpContext context, Guid id, bool onOwnHost)
    {
        if (TokenAuthentication.BearerOf(context.Request) is { } token) return (await tokens.AuthenticateAsync(token, context.RequestAborted), false);
        if (!onOwnHost || cookie.PersonOf(context.Request, id) is not { } person) return (null, false);
        return (await actors.FindAsync(person, null, context.RequestAborted), true);
    }

    private async Task AskToEnterAsync(HttpContext context, Guid id, bool onOwnHost)
    {
        if (onOwnHost && WantsPage(context.Request) && TokenAuthentication.BearerOf(context.Request) is null)
        {
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Redirect(host.Portal($"/open/{id}?path={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}"));
            return;
        }
        context.Response.Headers.WWWAuthenticate = "Bearer";
        await ApiProblems.WriteAsync(context, StatusCodes.Status401Unauthorized, "Not signed in", "Open the workload from the portal, or send 'Authorization: Bearer ptl_…' with a token of scope 'launch'.");
    }

    private async Task EnterAsync(HttpContext context, Guid id)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsGet(request.Method) && request.Query["code"].ToString() is { Length: 64 } code && await entrance.RedeemCodeAsync(id, code, context.RequestAborted) is { } redeemed)
        {
            cookie.Set(context, id, redeemed.UserId);
            response.Redirect(redeemed.Path);
            return;
        }
        await ApiProblems.WriteAsync(context, StatusCodes.Status403Forbidden, "The way in has expired", "A code opens a workload once, within 30 seconds. Open it again from the portal.");
    }

    private async Task ForwardAsync(HttpContext context, Guid id, Actor actor, WorkloadEntrance.Outcome.Open open, bool onOwnHost)
    {
        var path = Inner(context.Request.Path, id);
        use.Note(id, context.Request.Method, path);
        using var stream = streams.Register(id, actor, open.AllocationId, context.RequestAborted);
        var error = await forwarder.SendAsync(context, connections.Address(open.AllocationId, open.Target), connections.Client, Forwarding, new AppsTransformer(id, open, onOwnHost), stream.Token);
        // A long answer was use to its end; a WebSocket only counts when it is opened: a forgotten tab is no work.
        if (!context.WebSockets.IsWebSocketRequest && context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols) use.Note(id, context.Request.Method, path);
        if (error is ForwarderError.None || context.Response.HasStarted || stream.Token.IsCancellationRequested)
        {
            meters.Proxied(context.Response.StatusCode);
            return;
        }
        meters.Proxied(StatusCodes.Status502BadGateway);
        LogNoAnswer(logger, id, error, context.GetForwarderErrorFeature()?.Exception?.Message ?? "");
        context.Response.Clear();
        await ApiProblems.WriteAsync(context, StatusCodes.Status502BadGateway, "No answer", "The program did not answer. If this lasts, look at the workload's log.");
    }

    /// <summary>A path of its own host that a program with a path prefix does not serve: its front door leads in, the rest is nowhere.</summary>
    private static Task AnswerOutsideAsync(HttpContext context, Guid id)
    {
        if (context.Request.Path == "/" && HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.Redirect($"/w/{id}/");
            return Task.CompletedTask;
        }
        return ApiProblems.WriteAsync(context, StatusCodes.Status404NotFound, "Not found", "There is nothing at this address. A workload is at /w/{id}/ of its own host.");
    }

    /// <summary>The path without the prefix and its slash, as the program names it.</summary>
    private static string Inner(PathString path, Guid id) => PathWorkload(path) == id && path.Value!.Length > $"/w/{id}".Length ? path.Value[$"/w/{id}/".Length..] : path.Value!.TrimStart('/');

    private static Guid? PathWorkload(PathString path)
    {
        var parts = (path.Value ?? "").Split('/', 4);
        return parts.Length >= 3 && parts[1] == "w" && Guid.TryParseExact(parts[2], "D", out var id) && parts[2] == id.ToString() ? id : null;
    }

    private static bool WantsPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase) && request.Headers.Upgrade.Count == 0;

    /// <summary>
    /// True for what another site's page does in this browser. SameSite already keeps the cookie from other sites; in production all workloads share one site, so origins are compared as well.
    /// </summary>
    private static bool IsForeign(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)) return true;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"] != "navigate";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{WorkloadId} did not answer: {Error} {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, Guid workloadId, ForwarderError error, string reason);
}
