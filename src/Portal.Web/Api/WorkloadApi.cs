using System.Globalization;
using System.Text.Json;
using Portal.Application;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;
using Portal.Web.Hosting;

namespace Portal.Web.Api;

/// <summary>Launch, list, read and change workloads.</summary>
internal static class WorkloadApi
{
    private const string ETagWords = "Version of the workload, for If-Match.";
    private static readonly HashSet<string> Sorts = ["createdAt", "name", "price", "expiresAt", "phase"];

    public static void MapWorkloads(this IEndpointRouteBuilder api)
    {
        api.MapPost("/workloads", LaunchAsync).Describes("launchWorkload", ApiTags.Workloads, "Launches a workload", "Needs the scope launch. The workload starts in the phase Queued, or in PendingApproval when a policy asks somebody first; read it until it is Running.")
            .Takes(WorkloadExamples.Launch).OncePerKey().Answers(201, WorkloadExamples.Waiting).Sends(201, "Location", "Address of the workload.")
            .Refuses(409, "The name is taken in the team, or the key was used with another body.").Refuses(422).Refuses(429).Refuses(503, "The database or the target cannot be reached now.");
        api.MapGet("/workloads", ListAsync).Describes("listWorkloads", ApiTags.Workloads, "Workloads that you may see", "Deleted ones are left out unless asked for.")
            .Explains("owner", "E-mail, id, or me.").Explains("kind", "Some of Notebook, TrainingRun, ModelEndpoint, Service, with commas between.").Explains("phase", "Some phases, with commas between: Running,Queued.")
            .Explains("q", "Part of the name, item, owner or a tag.").Explains("sort", $"One of {string.Join(", ", Sorts)}; with - before it the other way round. -createdAt when left out.").Explains("deleted", "true: deleted ones too.")
            .Answers(200, WorkloadExamples.List).Refuses(400);
        api.MapGet("/workloads/{id:guid}", FindAsync).Describes("getWorkload", ApiTags.Workloads, "One workload in full")
            .Answers(200, WorkloadExamples.One).Sends(200, "ETag", ETagWords).Refuses(404);
        api.MapPost("/workloads/{id:guid}/stop", (HttpContext context, Guid id, StopWorkload use) => ChangeAsync(context, id, actor => use.ExecuteAsync(id, actor, context.RequestAborted)))
            .Describes("stopWorkload", ApiTags.Workloads, "Stops a workload", "Its folder is kept. Safe to repeat.").Changes();
        api.MapPost("/workloads/{id:guid}/start", (HttpContext context, Guid id, StartWorkload use) => ChangeAsync(context, id, actor => use.ExecuteAsync(id, actor, context.RequestAborted)))
            .Describes("startWorkload", ApiTags.Workloads, "Starts a stopped or failed workload", "Safe to repeat.").Changes();
        api.MapPost("/workloads/{id:guid}/restart", (HttpContext context, Guid id, RestartWorkload use) => ChangeAsync(context, id, actor => use.ExecuteAsync(id, actor, context.RequestAborted)))
            .Describes("restartWorkload", ApiTags.Workloads, "Stops a workload and starts it again", "Safe to repeat.").Changes();
        api.MapPost("/workloads/{id:guid}/keep", (HttpContext context, Guid id, KeepWorkload use) => ChangeAsync(context, id, actor => use.ExecuteAsync(id, actor, context.RequestAborted)))
            .Describes("keepWorkload", ApiTags.Workloads, "Says that a workload is in use", "Idleness counts from now; an announced idle stop is taken back.").Changes();
        api.MapDelete("/workloads/{id:guid}", (HttpContext context, Guid id, DeleteWorkload use) => ChangeAsync(context, id, actor => use.ExecuteAsync(id, actor, context.RequestAborted)))
            .Describes("deleteWorkload", ApiTags.Workloads, "Ends a workload and removes its folder", "Timeline and costs stay. Safe to repeat.").Changes();
        api.MapPost("/workloads/{id:guid}/extend", async (HttpContext context, Guid id, ExtendWorkload use) =>
        {
            var (body, _, wrong) = await RequestBody.ReadAsync<ExtendRequest>(context);
            if (body is null) return wrong!;
            return body.By is not { } by ? ApiProblems.Invalid("by", "Say by how much, such as PT4H.") : await ChangeAsync(context, id, actor => use.ExecuteAsync(id, by, actor, context.RequestAborted, body.Reason));
        }).Describes("extendWorkload", ApiTags.Workloads, "Puts off the end of a workload", "Where a policy asks somebody first, the end moves when they have said yes; see GET /approvals?mine=true.").Takes(WorkloadExamples.Extend).Changes();
        api.MapGet("/workloads/{id:guid}/access", ReadAccessAsync).Describes("getWorkloadAccess", ApiTags.Workloads, "Who may open a workload").Answers(200, WorkloadExamples.Access).Refuses(404);
        api.MapPut("/workloads/{id:guid}/access", WriteAccessAsync).Describes("setWorkloadAccess", ApiTags.Workloads, "Says who may open a workload", "What is taken away is gone at once.").Takes(WorkloadExamples.Share).Changes();
        api.MapPost("/workloads/{id:guid}/move", async (HttpContext context, Guid id, MoveWorkload use) =>
        {
            var (body, _, wrong) = await RequestBody.ReadAsync<MoveRequest>(context);
            return body is null ? wrong! : await ChangeAsync(context, id, actor => use.ExecuteAsync(id, new MoveWish(body.Hardware, body.Target, body.Capacity), body.Reason, actor, context.RequestAborted));
        }).Describes("moveWorkload", ApiTags.Workloads, "Moves a workload to other hardware, another target or kind of capacity", "With its folder; what runs begins a new attempt there. Where it becomes costlier and a policy asks somebody first, it moves when they have said yes.").Takes(WorkloadExamples.Move).Changes();
        api.MapPost("/workloads/{id:guid}/offer", async (HttpContext context, Guid id, OfferWorkload use) =>
        {
            var (body, _, wrong) = await RequestBody.ReadAsync<OfferRequestBody>(context);
            return body is null ? wrong! : await ChangeAsync(context, id, actor => use.ExecuteAsync(id, body.To ?? "", actor, context.RequestAborted));
        }).Describes("offerWorkload", ApiTags.Workloads, "Offers a workload to somebody of its team", "They own it once they accept. Offering it to yourself, as a lead may, takes it over at once.").Takes(WorkloadExamples.Offer).Changes();
        foreach (var (word, state, summary) in new[] { ("accept", TransferState.Accepted, "Accepts a workload that was offered to you"), ("decline", TransferState.Declined, "Declines a workload that was offered to you"), ("withdraw", TransferState.Withdrawn, "Takes back the offer of a workload") })
            api.MapPost($"/workloads/{{id:guid}}/offer/{word}", (HttpContext context, Guid id, AnswerOffer use) => ChangeAsync(context, id, actor => use.ExecuteAsync(id, state, actor, context.RequestAborted)))
                .Describes($"{word}WorkloadOffer", ApiTags.Workloads, summary).Changes();
    }

    /// <summary>What every change of a workload may answer.</summary>
    private static void Changes(this RouteHandlerBuilder endpoint) => endpoint.IfUnchanged().Answers(202, WorkloadExamples.One).Sends(202, "ETag", ETagWords).Refuses(400).Refuses(404).Refuses(409).Refuses(422);

    private static async Task<IResult> LaunchAsync(HttpContext context, LaunchWorkload launch, WorkloadDetailQueries details, Microsoft.Extensions.Options.IOptions<PortalOptions> options)
    {
        var (actor, refusal) = await context.ActorOfAsync(PortalAction.LaunchWorkload);
        if (actor is null) return refusal!;
        var (body, bytes, wrong) = await RequestBody.ReadAsync<WorkloadRequest>(context);
        if (body is null) return wrong!;
        if (string.IsNullOrEmpty(body.Item)) return ApiProblems.Invalid("item", "Say which catalog item.");
        var request = new LaunchRequest
        {
            RequestId = Idempotency.RequestIdOf(context, actor) ?? Guid.CreateVersion7(),
            Name = body.Name, Item = body.Item, Version = body.Version, Team = body.Team, Hardware = body.Hardware, Target = body.Target, Capacity = body.Capacity,
            Parameters = body.Parameters, Tags = body.Tags, Lifetime = body.Lifetime, IdleTimeout = body.IdleTimeout, Reason = body.Reason,
        };
        return await Idempotency.OnceAsync(context, actor, "POST /workloads", bytes, async () => await launch.ExecuteAsync(request, actor, context.RequestAborted) switch
        {
            LaunchWorkload.Outcome.Launched launched => ApiAnswer.Created(context, $"/api/v1/workloads/{launched.WorkloadId}",
                WorkloadJson.Of((await details.FindAsync(launched.WorkloadId, actor, context.RequestAborted))!, options.Value)),
            LaunchWorkload.Outcome.ApprovalRequired waiting => ApiAnswer.Created(context, $"/api/v1/workloads/{waiting.WorkloadId}",
                WorkloadJson.Of((await details.FindAsync(waiting.WorkloadId, actor, context.RequestAborted))!, options.Value)),
            LaunchWorkload.Outcome.Denied denied => ApiAnswer.Refused(Denied(denied.Rule, denied.Reason)),
            LaunchWorkload.Outcome.Invalid invalid => ApiAnswer.Refused(ApiProblems.Invalid(invalid.Errors)),
            LaunchWorkload.Outcome.Forbidden forbidden => ApiAnswer.Refused(ApiProblems.Forbidden(forbidden.Reason)),
            LaunchWorkload.Outcome.NameTaken taken => ApiAnswer.Refused(ApiProblems.Conflict(taken.Reason)),
            LaunchWorkload.Outcome.Unavailable unavailable => ApiAnswer.Refused(ApiProblems.Unavailable(unavailable.Reason)),
            LaunchWorkload.Outcome.Busy busy => ApiAnswer.Refused(Busy(context, busy.RetryAfter)),
            var other => throw new InvalidOperationException(other.GetType().Name),
        });
    }

    private static IResult Denied(string rule, string reason) => ApiProblems.Problem(StatusCodes.Status422UnprocessableEntity, "Refused by policy", $"{reason} (rule “{rule}”)");

    private static IResult Busy(HttpContext context, TimeSpan retryAfter)
    {
        context.Response.Headers.RetryAfter = ((int)retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return ApiProblems.Problem(StatusCodes.Status429TooManyRequests, "Too many launches", $"Many launches are waiting already. Try again in {retryAfter.TotalSeconds:0} s.");
    }

    private static async Task<IResult> ListAsync(HttpContext context, WorkloadQueries queries, Microsoft.Extensions.Options.IOptions<PortalOptions> options,
        string? team, string? owner, string? kind, string? phase, string? target, string? item, string? q, string? sort, bool? deleted, int? page, int? pageSize)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!ApiWords.TryList<WorkloadKind>(kind, out var kinds)) return ApiProblems.Invalid("kind", ApiWords.AllowedKinds);
        if (!ApiWords.TryList<WorkloadPhase>(phase, out var phases)) return ApiProblems.Invalid("phase", ApiWords.AllowedPhases);
        if (sort is not null && !Sorts.Contains(sort.TrimStart('-'))) return ApiProblems.Invalid("sort", $"Allowed: {string.Join(", ", Sorts)}, each also with - before it.");
        if (page < 1) return ApiProblems.Invalid("page", "From 1.");
        if (pageSize is < 1 or > PageOf<WorkloadRow>.MaxSize) return ApiProblems.Invalid("pageSize", $"From 1 to {PageOf<WorkloadRow>.MaxSize}.");
        var filter = new WorkloadFilter { Team = team, Owner = owner, Kinds = kinds, Phases = phases, Target = target, Item = item, Q = q, Sort = sort ?? "-createdAt", IncludeDeleted = deleted == true, Page = page ?? 1, PageSize = pageSize ?? 50 };
        var list = await queries.ListAsync(filter, actor, context.RequestAborted);
        return Results.Json(new PageAnswer<WorkloadSummary>([.. list.Items.Select(row => WorkloadJson.Of(row, options.Value))], list.Total, list.Page, list.PageSize));
    }

    private static async Task<IResult> FindAsync(HttpContext context, Guid id, WorkloadDetailQueries details, Microsoft.Extensions.Options.IOptions<PortalOptions> options)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        return actor is null ? refusal! : await AnswerAsync(context, id, actor, StatusCodes.Status200OK, details, options.Value);
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, Guid id, Func<Actor, Task<WorkloadOutcome>> change)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var details = context.RequestServices.GetRequiredService<WorkloadDetailQueries>();
        if (context.Request.Headers.IfMatch is { Count: > 0 } match && await details.FindAsync(id, actor, context.RequestAborted) is { } current && match.ToString() != WorkloadJson.ETag(current))
            return ApiProblems.Problem(StatusCodes.Status412PreconditionFailed, "Changed meanwhile", "The workload has changed since you read it. Read it again.");
        return await change(actor) switch
        {
            WorkloadOutcome.Denied denied => Denied(denied.Rule, denied.Reason),
            WorkloadOutcome.Accepted or WorkloadOutcome.ApprovalRequired => await AnswerAsync(context, id, actor, StatusCodes.Status202Accepted, details,
                context.RequestServices.GetRequiredService<Microsoft.Extensions.Options.IOptions<PortalOptions>>().Value),
            WorkloadOutcome.NotFound => NoWorkload(id),
            WorkloadOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            WorkloadOutcome.Conflict conflict => ApiProblems.Conflict(conflict.Reason),
            WorkloadOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, Guid id, Actor actor, int status, WorkloadDetailQueries details, PortalOptions options)
    {
        if (await details.FindAsync(id, actor, context.RequestAborted) is not { } found) return NoWorkload(id);
        context.Response.Headers.ETag = WorkloadJson.ETag(found);
        return Results.Json(WorkloadJson.Of(found, options), statusCode: status);
    }

    private static async Task<IResult> ReadAccessAsync(HttpContext context, Guid id, WorkloadDetailQueries details)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        return await details.FindAsync(id, actor, context.RequestAborted) is { } found
            ? Results.Json(new WorkloadAccessAnswer(found.Row.OwnerEmail, found.Audience.ToString().ToLowerInvariant(), [.. found.SharedWith.Where(p => p.Level == ShareLevel.Open).Select(p => p.Email)], [.. found.SharedWith.Where(p => p.Level == ShareLevel.Operate).Select(p => p.Email)]))
            : NoWorkload(id);
    }

    private static async Task<IResult> WriteAccessAsync(HttpContext context, Guid id, ShareWorkload share)
    {
        var (body, _, wrong) = await RequestBody.ReadAsync<WorkloadAccessRequest>(context);
        if (body is null) return wrong!;
        if (!ApiWords.TryList<WorkloadAudience>(body.Audience ?? "owner", out var audience) || audience.Count != 1) return ApiProblems.Invalid("audience", "Allowed: owner, team.");
        return await ChangeAsync(context, id, actor => share.ExecuteAsync(id, audience[0], body.People ?? [], body.Operators ?? [], actor, context.RequestAborted));
    }

    internal static IResult NoWorkload(Guid id) => ApiProblems.NotFound($"There is no workload {id} that you may see.");
}
