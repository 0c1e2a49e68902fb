using Hangfire;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Compute;

namespace Portal.Web.Hosting;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: database, migrations, job server and first-start data are there; says what is missing. <c>/metrics</c>: figures for Prometheus.</summary>
internal static class Health
{
    private static readonly TimeSpan HeartbeatLimit = TimeSpan.FromMinutes(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Json(new { status = "live" })).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/metrics", async (Portal.Application.Compute.PortalFigures figures, CancellationToken cancellationToken) =>
            Results.Text(await figures.ReadAsync(cancellationToken), "text/plain; version=0.0.4", System.Text.Encoding.UTF8)).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/readyz", ReadyAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> ReadyAsync(StartState state, IDbContextFactory<PortalDbContext> contexts, JobStorage jobs, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        var missing = state.WaitingFor;
        try
        {
            await using var db = await contexts.CreateDbContextAsync(limit.Token);
            await db.NowAsync(limit.Token);
            missing ??= JobServer(jobs, time);
        }
        catch (Exception exception) when (exception is Npgsql.NpgsqlException or OperationCanceledException or InvalidOperationException or TimeoutException)
        {
            missing = "the database";
        }
        return missing is null
            ? Results.Json(new { status = "ready" })
            : Results.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "Not ready", detail: $"Waiting for {missing}.");
    }

    private static string? JobServer(JobStorage jobs, TimeProvider time)
    {
        var alive = jobs.GetMonitoringApi().Servers().Any(s => s.Heartbeat is { } beat && time.GetUtcNow().UtcDateTime - beat < HeartbeatLimit);
        return alive ? null : "a job server (a process with Portal:Role all or worker)";
    }
}
