using System.Text;
using System.Text.Json;
using Portal.Application;
using Portal.Application.Audit;
using Portal.Domain.Audit;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>The trail: read, proven, exported.</summary>
internal static class AuditApi
{
    private const string ForWhom = "The audit trail is for administrators and auditors.";
    private static readonly DateTimeOffset At = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api.MapGet("/audit", ListAsync).Describes("listAudit", ApiTags.Administration, "Who did what, newest first", "Needs the role Admin or Auditor.").Filtered()
            .Explains("after", "next of the page before.").Explains("pageSize", "At most 1000; 100 when left out.").Answers(200, new AuditPageAnswer([Example], null)).Refuses(400);
        api.MapGet("/audit/verify", async (HttpContext context, VerifyAudit verify) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : await verify.ExecuteAsync(actor, context.RequestAborted) is { } found ? Results.Json(found) : ApiProblems.Forbidden(ForWhom);
        }).Describes("verifyAudit", ApiTags.Administration, "Proof that the trail is whole", "Computes the chain of hashes again from its beginning, and compares its head with the one noted outside the database. Needs the role Admin or Auditor.")
            .Answers(200, new AuditVerification(true, 1042, null, null, new string('a', 64)));
        api.MapGet("/audit/export", ExportAsync).Describes("exportAudit", ApiTags.Administration, "The trail as a file, oldest first", "Streamed. Needs the role Admin or Auditor.").Filtered()
            .Explains("format", "csv (what left out means) or jsonl.").AnswersText(200, "seq,at,actorKind,actor,action,subjectKind,subjectId,subject,reason,source,detail,hash\r\n", "text/csv", "application/jsonl").Refuses(400);
    }

    private static AuditAnswer Example { get; } = new(17, At, new AuditActor("person", new("0197a1d0-4444-7c3a-9f10-2d4e6f8a0b1c"), "sam@example.org"), "workload.launch", new AuditSubject("workload", "0197a1c2-5b7e-7c3a-9f10-2d4e6f8a0b1c", "tiny-regression"),
        JsonSerializer.SerializeToElement(new { item = "python-training" }), "Trying the new data", "127.0.0.1", new string('a', 64));

    private static RouteHandlerBuilder Filtered(this RouteHandlerBuilder endpoint) => endpoint.Explains("from", "First instant.").Explains("to", "Instant before which it ends.").Explains("actor", "Part of an e-mail.")
        .Explains("action", "An action such as workload.launch, or its beginning with a dot: workload.").Explains("subject", "kind:id of one subject, for its story.").Explains("q", "Part of the subject's name or the reason.");

    private static async Task<IResult> ListAsync(HttpContext context, AuditQueries audit, DateTimeOffset? from, DateTimeOffset? to, string? actor, string? action, string? subject, string? q, string? after, int? pageSize)
    {
        var (caller, refusal) = await context.ActorOfAsync();
        if (caller is null) return refusal!;
        if (!TryFilter(from, to, actor, action, subject, q, out var filter)) return ApiProblems.Invalid("subject", "kind:id, such as workload:0197a1c2-…; no filter may contain NUL.");
        if (pageSize is < 1 or > 1000) return ApiProblems.Invalid("pageSize", "From 1 to 1000.");
        var cursor = AuditCursor.Parse(after);
        if (after is not null && cursor is null) return ApiProblems.Invalid("after", "The next of a page before.");
        if (await audit.ListAsync(filter, cursor, pageSize ?? 100, caller, context.RequestAborted) is not { } page) return ApiProblems.Forbidden(ForWhom);
        return Results.Json(new AuditPageAnswer([.. page.Rows.Select(Answer)], page.Next?.ToString()));
    }

    private static async Task<IResult> ExportAsync(HttpContext context, AuditQueries audit, string? format, DateTimeOffset? from, DateTimeOffset? to, string? actor, string? action, string? subject, string? q)
    {
        var (caller, refusal) = await context.ActorOfAsync();
        if (caller is null) return refusal!;
        if (format is not (null or "csv" or "jsonl")) return ApiProblems.Invalid("format", "Allowed: csv, jsonl.");
        if (!TryFilter(from, to, actor, action, subject, q, out var filter)) return ApiProblems.Invalid("subject", "kind:id, such as workload:0197a1c2-…; no filter may contain NUL.");
        if (await audit.ListAsync(filter, null, 1, caller, context.RequestAborted) is null) return ApiProblems.Forbidden(ForWhom);
        var isCsv = format is not "jsonl";
        context.Response.ContentType = isCsv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"audit.{(isCsv ? "csv" : "jsonl")}\"";
        context.Response.Headers.CacheControl = "no-store";
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(false), leaveOpen: true);
        if (isCsv) await writer.WriteAsync(CsvText.Line(["seq", "at", "actorKind", "actor", "action", "subjectKind", "subjectId", "subject", "reason", "source", "detail", "hash"]));
        var n = 0;
        await foreach (var row in audit.ExportAsync(filter, caller, context.RequestAborted))
        {
            var e = row.Entry;
            await writer.WriteAsync(isCsv
                ? CsvText.Line([row.Seq is { } seq ? (decimal)seq : null, e.At.ToString("O"), e.ActorKind, e.ActorName, e.Action, e.SubjectKind, e.SubjectId, e.SubjectName, e.Reason, e.Source, e.Detail, Hash(row)])
                : PortalJson.Write(Answer(row)) + "\n");
            if (++n % 500 == 0) await writer.FlushAsync(context.RequestAborted);
        }
        await writer.FlushAsync(context.RequestAborted);
        return Results.Empty;
    }

    private static bool TryFilter(DateTimeOffset? from, DateTimeOffset? to, string? actor, string? action, string? subject, string? q, out AuditFilter filter)
    {
        var colon = subject?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        filter = new AuditFilter(from?.ToUniversalTime(), to?.ToUniversalTime(), actor, action, subject is null || colon < 1 ? null : (subject[..colon], subject[(colon + 1)..]), q);
        // PostgreSQL keeps no NUL, so nothing can match it.
        return (subject is null || colon > 0) && !new[] { actor, action, subject, q }.Any(t => t?.Contains('\0', StringComparison.Ordinal) == true);
    }

    private static AuditAnswer Answer(AuditRow row) => new(
        row.Seq, row.Entry.At, new AuditActor(row.Entry.ActorKind, row.Entry.ActorId, row.Entry.ActorName), row.Entry.Action, new AuditSubject(row.Entry.SubjectKind, row.Entry.SubjectId, row.Entry.SubjectName),
        row.Entry.Detail is { } detail ? JsonSerializer.Deserialize<JsonElement>(detail) : null, row.Entry.Reason, row.Entry.Source, Hash(row));

    private static string? Hash(AuditRow row) => row.Hash is { } hash ? Convert.ToHexStringLower(hash) : null;
}

/// <summary>Who did it.</summary>
/// <param name="Kind">person, token (a script with a person's token) or portal (a job).</param>
public sealed record AuditActor(string Kind, Guid? Id, string Name);

/// <summary>What it was done to.</summary>
public sealed record AuditSubject(string Kind, string Id, string Name);

/// <summary>One entry.</summary>
/// <param name="Seq">Its number in the chain; null for the second or so until it is sealed.</param>
/// <param name="Detail">What changed; before and after where a value did.</param>
/// <param name="Source">Address the request came from.</param>
/// <param name="Hash">Keyed hash over the entry and the hash before it, hexadecimal.</param>
public sealed record AuditAnswer(long? Seq, DateTimeOffset At, AuditActor Actor, string Action, AuditSubject Subject, JsonElement? Detail, string? Reason, string? Source, string? Hash);

/// <summary>A page of the trail.</summary>
/// <param name="Next">For the next page's after; null: there is none.</param>
public sealed record AuditPageAnswer(IReadOnlyList<AuditAnswer> Items, string? Next);
