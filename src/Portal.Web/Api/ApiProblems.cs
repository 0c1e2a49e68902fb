using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Portal.Domain.Compute;

namespace Portal.Web.Api;

/// <summary>Every error the API answers: RFC 9457 <c>application/problem+json</c> with a trace id.</summary>
internal static class ApiProblems
{
    private const string NotFoundPath = "/not-found";

    public static IResult NotFound(string what) => Problem(StatusCodes.Status404NotFound, "Not found", what);

    public static IResult Forbidden(string reason) => Problem(StatusCodes.Status403Forbidden, "Not allowed", reason);

    public static IResult Conflict(string reason) => Problem(StatusCodes.Status409Conflict, "Conflict", reason);

    public static IResult Unavailable(string reason) => Problem(StatusCodes.Status503ServiceUnavailable, "Target unavailable", reason);

    public static IResult Invalid(IReadOnlyDictionary<string, string[]> errors) =>
        Problem(StatusCodes.Status400BadRequest, "Invalid request", string.Join(" ", errors.Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")), errors);

    public static IResult Invalid(string field, string message) => Invalid(new Dictionary<string, string[]> { [field] = [message] });

    public static IResult Problem(int status, string title, string detail, IReadOnlyDictionary<string, string[]>? errors = null) =>
        Results.Json(Details(status, title, detail, errors), statusCode: status, contentType: "application/problem+json");

    public static Task WriteAsync(HttpContext context, int status, string title, string detail)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(Details(status, title, detail, null), options: (JsonSerializerOptions?)null, contentType: "application/problem+json");
    }

    /// <summary>For exceptions that reach the top: a dead database is 503, anything else 500 with a trace id and no inner words.</summary>
    public static void HandleException(IApplicationBuilder app) => app.Run(async context =>
    {
        var exception = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        var (status, title, detail) = exception switch
        {
            BadHttpRequestException bad => (bad.StatusCode, "Invalid request", bad.Message),
            ComputeTargetException target => (StatusCodes.Status503ServiceUnavailable, "Target unavailable", target.Message),
            _ when IsDatabaseDown(exception) => (StatusCodes.Status503ServiceUnavailable, "Database unavailable", "The portal cannot reach its database now. Running workloads go on; try again in a moment."),
            _ => (StatusCodes.Status500InternalServerError, "Unexpected error", "Something went wrong in the portal. Give the trace id to an administrator."),
        };
        if (context.Request.Path.StartsWithSegments("/api") || !WantsHtml(context))
            await WriteAsync(context, status, title, detail);
        else await ErrorPage.WriteAsync(context, status, title, detail);
    });

    /// <summary>Gives bodiless error answers of the API their problem document.</summary>
    public static Task WriteStatusAsync(StatusCodeContext status)
    {
        var context = status.HttpContext;
        if (!context.Request.Path.StartsWithSegments("/api")) return !WantsHtml(context) ? Task.CompletedTask : context.Response.StatusCode switch
        {
            404 => NothingHereAsync(status),
            403 => ErrorPage.WriteAsync(context, 403, "This is not for you", "You lack the right for this page. Ask an administrator of this portal for it."),
            _ => Task.CompletedTask,
        };
        var (title, detail) = context.Response.StatusCode switch
        {
            401 => ("Not signed in", "Send 'Authorization: Bearer ptl_…'. Tokens are made under Account, or with POST /api/v1/tokens."),
            403 => ("Not allowed", "You lack the right for this."),
            404 => ("Not found", "There is nothing at this address."),
            405 => ("Method not allowed", "This address does not take that method."),
            415 => ("Unsupported media type", "Send JSON with Content-Type: application/json."),
            var other => ("Error", $"Status {other}."),
        };
        return WriteAsync(context, context.Response.StatusCode, title, detail);
    }

    // A signed-in person stays within the portal's frame; everybody else gets the bare page.
    private static async Task NothingHereAsync(StatusCodeContext status)
    {
        var context = status.HttpContext;
        if (context.User.Identity?.IsAuthenticated != true || context.Request.Path == NotFoundPath)
        {
            await ErrorPage.WriteAsync(context, 404, "There is nothing here", "The address does not exist, or what it showed has moved.");
            return;
        }
        var path = context.Request.Path;
        // Without it a page keeps silent on a 404 that was there before it.
        context.Features.Set<IStatusCodeReExecuteFeature>(new StatusCodeReExecuteFeature { OriginalPath = path.Value ?? "/", OriginalPathBase = context.Request.PathBase.Value ?? "" });
        context.SetEndpoint(null);
        context.Request.RouteValues.Clear();
        context.Request.Path = NotFoundPath;
        await status.Next(context);
        context.Request.Path = path;
    }

    private static bool WantsHtml(HttpContext context) => context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);

    /// <summary>True for the ways in which a database that is away shows itself.</summary>
    public static bool IsDatabaseDown(Exception? exception) => exception switch
    {
        null => false,
        Npgsql.PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "08006" or "08001" or "53300" } => true,
        Npgsql.PostgresException => false,
        Npgsql.NpgsqlException or System.Net.Sockets.SocketException => true,
        _ => IsDatabaseDown(exception.InnerException),
    };

    private static ProblemDetails Details(int status, string title, string detail, IReadOnlyDictionary<string, string[]>? errors)
    {
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail, Type = "about:blank" };
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString() ?? "";
        if (errors is not null) problem.Extensions["errors"] = errors;
        return problem;
    }
}
