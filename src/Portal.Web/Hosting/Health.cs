using Hangfire;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Web.Api;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Hosting;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: database, migrations, job server and first-start data are there; says what is missing.</summary>
internal static class Health
{
    private static readonly TimeSpan HeartbeatLimit = TimeSpan.FromMinutes(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Json(new HealthAnswer("live"))).AllowAnonymous().Describes("getHealth", ApiTags.Health, "The process lives").Answers(200, new HealthAnswer("live"));
        routes.MapGet("/readyz", ReadyAsync).AllowAnonymous().Describes("getReadiness", ApiTags.Health, "The portal can work: database, migrations, job server and catalog are there")
            .Answers(200, new HealthAnswer("ready")).Refuses(503, "Something is missing; detail says what.");
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
            ? Results.Json(new HealthAnswer("ready"))
            : ApiProblems.Problem(StatusCodes.Status503ServiceUnavailable, "Not ready", $"Waiting for {missing}.");
    }

    private static string? JobServer(JobStorage jobs, TimeProvider time)
    {
        var alive = jobs.GetMonitoringApi().Servers().Any(s => s.Heartbeat is { } beat && time.GetUtcNow().UtcDateTime - beat < HeartbeatLimit);
        return alive ? null : "a job server (a process with Portal:Role all or worker)";
    }
}

/// <summary>The word of a healthy portal: live or ready.</summary>
public sealed record HealthAnswer(string Status);
