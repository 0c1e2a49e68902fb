using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using Portal.Application.Access;
using Portal.Application.Costs;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>What hangs on a workload: timeline, attempts, metrics, usage, logs, artifacts.</summary>
internal static class WorkloadPartsApi
{
    private const int MaxTail = 10_000;
    private static readonly TimeSpan FollowEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskAgainEvery = TimeSpan.FromSeconds(2);
    private static readonly FileExtensionContentTypeProvider ContentTypes = new();

    public static void MapWorkloadParts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workloads/{id:guid}/events", async (HttpContext context, Guid id, WorkloadDetailQueries details) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await details.EventsAsync(id, actor, context.RequestAborted) is { } events
                ? Results.Json(Lists.Items(events.Select(e => new WorkloadEventAnswer(e.Seq, e.At, e.From, e.To, e.Reason, e.Actor, e.Attempt)))) : WorkloadApi.NoWorkload(id);
        }).Describes("listWorkloadEvents", ApiTags.Runs, "The timeline, newest first", "At most the newest 1000.").Answers(200, WorkloadExamples.Events).Refuses(404);
        api.MapGet("/workloads/{id:guid}/allocations", async (HttpContext context, Guid id, WorkloadDetailQueries details) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await details.AllocationsAsync(id, actor, context.RequestAborted) is { } rows ? Results.Json(Lists.Items(rows.Select(WorkloadJson.Of))) : WorkloadApi.NoWorkload(id);
        }).Describes("listWorkloadAllocations", ApiTags.Runs, "Attempts and their resources, oldest first").Answers(200, WorkloadExamples.Allocations).Refuses(404);
        api.MapGet("/workloads/{id:guid}/metrics", async (HttpContext context, Guid id, WorkloadDetailQueries details) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await details.MetricsAsync(id, actor, context.RequestAborted) is { } series
                ? Results.Json(new MetricsAnswer(series)) : WorkloadApi.NoWorkload(id);
        }).Describes("getWorkloadMetrics", ApiTags.Runs, "What the program reported, and samples of its use", "By step where there are steps, else by time. Samples of use are named system/….").Answers(200, WorkloadExamples.Metrics).Refuses(404);
        api.MapGet("/workloads/{id:guid}/usage", UsageAsync).Describes("getWorkloadUsage", ApiTags.Runs, "What it cost: rows of the ledger and, last, the open ones", "cost is hourlyPrice times duration.").Answers(200, WorkloadExamples.Usage).Refuses(404);
        api.MapGet("/workloads/{id:guid}/logs", LogsAsync).Describes("getWorkloadLogs", ApiTags.Runs, "The last lines of the log", "Plain text; with follow=true server-sent events, a line each, until an event named end.")
            .Explains("tail", $"How many lines, from 0 to {MaxTail}; 500 when left out.").Explains("follow", "true: stays open and sends new lines as they come.").Explains("attempt", "Of this attempt; the last one when left out.")
            .AnswersText(200, WorkloadExamples.Log, "text/plain", "text/event-stream").Refuses(400).Refuses(404);
        api.MapGet("/workloads/{id:guid}/artifacts", async (HttpContext context, Guid id, WorkloadFiles files) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await files.ArtifactsAsync(id, actor, context.RequestAborted) is { } entries ? Results.Json(Lists.Items(entries)) : WorkloadApi.NoWorkload(id);
        }).Describes("listWorkloadArtifacts", ApiTags.Runs, "Files that a run left").Answers(200, WorkloadExamples.Artifacts).Refuses(404);
        api.MapGet("/workloads/{id:guid}/artifacts/{**path}", ArtifactAsync).Describes("getWorkloadArtifact", ApiTags.Runs, "One of these files", "With the content type of its name; web pages and scripts come as application/octet-stream.")
            .Explains("path", "Path of the file, as the list names it; its slashes stay as they are.").AnswersText(200, "the file's bytes", "application/octet-stream").Refuses(404, "There is no such artifact.");
    }

    private static async Task<IResult> UsageAsync(HttpContext context, Guid id, CostQueries costs)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        return await costs.UsageAsync(id, actor, context.RequestAborted) is { } rows
            ? Results.Json(new UsageAnswer(rows, rows.Sum(r => r.Cost), rows.Select(r => r.Currency).FirstOrDefault("USD")))
            : WorkloadApi.NoWorkload(id);
    }

    private static async Task<IResult> LogsAsync(HttpContext context, Guid id, WorkloadFiles files, WorkloadDetailQueries details, ActorDirectory actors, TimeProvider time, int? tail, bool? follow, int? attempt)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (tail is < 0 or > MaxTail) return ApiProblems.Invalid("tail", $"From 0 to {MaxTail}.");
        if (await files.LogTailAsync(id, tail ?? 500, attempt, actor, context.RequestAborted) is not { } slice) return WorkloadApi.NoWorkload(id);
        if (follow != true) return Results.Text(string.Concat(slice.Lines.Select(l => l.Text + "\n")), "text/plain", Encoding.UTF8);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        await WriteAsync(context, slice);
        var asked = time.GetTimestamp();
        while (!context.RequestAborted.IsCancellationRequested)
        {
            // It stays open for hours: whoever has lost the right, or the token, hears nothing more.
            if (time.GetElapsedTime(asked) >= AskAgainEvery)
            {
                if (await actors.AgainAsync(actor, context.RequestAborted) is not { } again) break;
                (actor, asked) = (again, time.GetTimestamp());
            }
            // Asked before reading, so that what was written before the end is still sent.
            var over = await details.FindAsync(id, actor, context.RequestAborted) is not { } found || !Domain.Workloads.WorkloadPhases.IsActive(found.Row.Phase);
            var next = await files.LogFromAsync(id, slice.NextCursor, attempt, actor, context.RequestAborted);
            if (next is not null && next.Lines.Count > 0)
            {
                await WriteAsync(context, next);
                slice = next;
                continue;
            }
            if (over) break;
            await Task.Delay(FollowEvery, time, context.RequestAborted);
        }
        await context.Response.WriteAsync("event: end\ndata: \n\n", context.RequestAborted);
        return Results.Empty;
    }

    private static async Task WriteAsync(HttpContext context, LogSlice slice)
    {
        var text = new StringBuilder();
        foreach (var line in slice.Lines) text.Append(CultureInfo.InvariantCulture, $"data: {line.Text.Replace('\r', ' ').Replace('\n', ' ')}\n\n");
        await context.Response.WriteAsync(text.ToString(), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static async Task<IResult> ArtifactAsync(HttpContext context, Guid id, string path, WorkloadFiles files)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (await files.OpenArtifactAsync(id, path, actor, context.RequestAborted) is not { } stream) return ApiProblems.NotFound("There is no such artifact.");
        // A workload's file must never run as a page of the portal.
        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        return Results.File(stream, ContentTypes.TryGetContentType(path, out var type) && !type.Contains("html", StringComparison.Ordinal) && !type.Contains("xml", StringComparison.Ordinal) && !type.Contains("script", StringComparison.Ordinal) ? type : "application/octet-stream", Path.GetFileName(path));
    }
}
