using Portal.Application.Access;
using Portal.Web.Api;

namespace Portal.Web.Apps;

/// <summary>The portal's side of the way into a workload: checks the person and sends them on with a one-time code.</summary>
internal static class OpenWorkload
{
    public static void MapOpenWorkload(this IEndpointRouteBuilder routes) => routes.MapGet("/open/{id:guid}", OpenAsync).RequireAuthorization().ExcludeFromDescription();

    private static async Task<IResult> OpenAsync(HttpContext context, Guid id, string? path, WorkloadEntrance entrance, AppsHost host)
    {
        // Only a person's own step from page to page: never a frame, an image or a fetch.
        if (context.Request.Headers["Sec-Fetch-Dest"].ToString() is not ("" or "document")) return ApiProblems.Forbidden("A workload opens in a tab of its own.");
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-store";
        switch (await entrance.CheckAsync(id, actor, context.RequestAborted))
        {
            case WorkloadEntrance.Outcome.Open:
                var code = await entrance.IssueCodeAsync(id, Inside(id, path), actor, context.RequestAborted);
                return Results.Redirect(host.Workload(id, $"{AppsGateway.EnterPath}?code={code}"));
            case WorkloadEntrance.Outcome.NotRunning:
                return Results.Redirect($"/workloads/{id}/open");
            case WorkloadEntrance.Outcome.Forbidden forbidden:
                await ErrorPage.WriteAsync(context, StatusCodes.Status403Forbidden, "Not shared with you", forbidden.Reason);
                return Results.Empty;
            default:
                return Results.Redirect($"/workloads/{id}");
        }
    }

    /// <summary>A path inside the workload, or its start page when the asked one is not.</summary>
    private static string Inside(Guid id, string? path) =>
        path is not null && path.Length < 4000 && path.StartsWith($"/w/{id}/", StringComparison.Ordinal) && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl) ? path : $"/w/{id}/";
}
