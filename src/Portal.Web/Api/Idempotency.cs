using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Web.Api;

/// <summary>
/// <c>Idempotency-Key</c>: the same key and body within 24 hours get the first answer; another body is a conflict. The body's hash is written before the work, the answer after it; a launch is
/// also exactly-once by its request id, so that a crash in between repeats nothing.
/// </summary>
internal static class Idempotency
{
    public const string Header = "Idempotency-Key";

    /// <summary>A request id that the same person and key always give.</summary>
    public static Guid? RequestIdOf(HttpContext context, Actor actor) =>
        KeyOf(context) is { } key ? new Guid(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{actor.UserId}\n{key}")).AsSpan(0, 16)) : null;

    /// <summary>Runs the work once per key; without a key, simply runs it.</summary>
    public static async Task<IResult> OnceAsync(HttpContext context, Actor actor, string route, byte[] body, Func<Task<ApiAnswer>> work)
    {
        if (KeyOf(context) is not { } key) return (await work()).ToResult();
        if (key.Length > 200) return ApiProblems.Invalid(Header, "At most 200 characters.");
        var contexts = context.RequestServices.GetRequiredService<IDbContextFactory<PortalDbContext>>();
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var hash = SHA256.HashData(body);
        await db.Database.ExecuteSqlAsync($"""
            insert into stored_answers (user_id, route, key, body_hash, created_at) values ({actor.UserId}, {route}, {key}, {hash}, clock_timestamp()) on conflict do nothing
            """, context.RequestAborted);
        var stored = await db.StoredAnswers.SingleAsync(a => a.UserId == actor.UserId && a.Route == route && a.Key == key, context.RequestAborted);
        if (!stored.BodyHash.AsSpan().SequenceEqual(hash)) return ApiProblems.Conflict($"This {Header} was used with another body within the last 24 hours. Use a new key for a new request.");
        if (stored.Status is { } status) return new ApiAnswer(status, stored.Body ?? "", stored.Location).ToResult();
        var answer = await work();
        // What failed may be tried again with the same key; only what was done is remembered.
        if (answer.Status is < 200 or > 299) return answer.ToResult();
        (stored.Status, stored.Body, stored.Location) = (answer.Status, answer.Body, answer.Location);
        await db.SaveChangesAsync(context.RequestAborted);
        return answer.ToResult();
    }

    private static string? KeyOf(HttpContext context) => context.Request.Headers[Header].ToString() is { Length: > 0 } key ? key : null;
}

/// <summary>An answer that can be stored and given again.</summary>
internal sealed record ApiAnswer(int Status, string Body, string? Location = null, IResult? Refusal = null)
{
    public static ApiAnswer Refused(IResult refusal) => new(StatusCodes.Status400BadRequest, "", null, refusal);

    public static ApiAnswer Created<T>(HttpContext context, string location, T value) => new(StatusCodes.Status201Created, ApiJson.Write(context, value), location);

    public IResult ToResult() => Refusal ?? new Written(this);

    private sealed class Written(ApiAnswer answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = answer.Status;
            if (answer.Location is not null) httpContext.Response.Headers.Location = answer.Location;
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            return httpContext.Response.WriteAsync(answer.Body);
        }
    }
}

/// <summary>JSON as the API writes it.</summary>
internal static class ApiJson
{
    public static string Write<T>(HttpContext context, T value) => System.Text.Json.JsonSerializer.Serialize(value,
        context.RequestServices.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions);
}
