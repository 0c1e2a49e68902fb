using System.Text.Json;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Domain.Access;
using Portal.Domain.Access.Grants;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>What is restricted, who holds what, and asking for it.</summary>
internal static class GrantApi
{
    private const string Kinds = "item, category or hardware.";

    public static void MapGrants(this IEndpointRouteBuilder api)
    {
        api.MapPost("/access-requests", AskAsync).Describes("requestAccess", ApiTags.Approvals, "Asks for the use of something restricted", "Needs the scope launch. The answer comes to GET /approvals/{id}.")
            .Takes(AccessExamples.AskAccess).Answers(201, AccessExamples.AccessApproval).Sends(201, "Location", "Address of the request.").Refuses(409, "It is not restricted, you have access, or you have asked already.");
        api.MapGet("/restrictions", async (HttpContext context, GrantQueries grants) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Lists.Items((await grants.RestrictionsAsync(actor, context.RequestAborted)).Select(Answer)));
        }).Describes("listRestrictions", ApiTags.Approvals, "What needs a grant, and whether you have one").Answers(200, Lists.Items([AccessExamples.Restriction]));
        api.MapPut("/restrictions/{kind}/{slug}", RestrictAsync).Describes("restrict", ApiTags.Administration, "Restricts an item, a category or a hardware profile, or changes the terms", "Needs the role Admin.").Explains("kind", Kinds).Explains("slug", "What is restricted.")
            .Takes(AccessExamples.Restrict).Answers(200, AccessExamples.Restriction).Refuses(404);
        api.MapDelete("/restrictions/{kind}/{slug}", OpenAsync).Describes("openRestriction", ApiTags.Administration, "Lets everybody use it again", "Needs the role Admin. Grants stay on record.").Explains("kind", Kinds).Explains("slug", "What is opened.").AnswersNothing().Refuses(404);
        api.MapGet("/grants", async (HttpContext context, GrantQueries grants, bool? mine) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Lists.Items((await grants.ListAsync(mine == true, actor, context.RequestAborted)).Select(Answer)));
        }).Describes("listGrants", ApiTags.Approvals, "Grants: your own and your teams', those of items whose owners you lead, all for administrators and auditors").Explains("mine", "true: only your own and your teams'.").Answers(200, Lists.Items([AccessExamples.Grant]));
        api.MapPost("/grants", GrantAsync).Describes("giveGrant", ApiTags.Administration, "Gives access unasked", "For administrators, and for leads of the item's owner team; never to oneself.").Takes(AccessExamples.Give).Answers(201, AccessExamples.Grant).Sends(201, "Location", "Address of the grants.").Refuses(409, "It is not restricted.");
        api.MapDelete("/grants/{id:guid}", RevokeAsync).Describes("revokeGrant", ApiTags.Administration, "Takes access away", "New launches stop at once; what runs goes on or stops as the restriction says. Safe to repeat. One's own can always be given back.")
            .Explains("reason", "Why, for the record.").AnswersNothing().Refuses(400).Refuses(404);
    }

    private static async Task<IResult> AskAsync(HttpContext context, RequestAccess ask, ApprovalQueries approvals)
    {
        var (actor, refusal) = await context.ActorOfAsync(PortalAction.AskAccess);
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<AccessRequest>(context);
        if (body is null) return wrong!;
        if (!TrySubject(body.Subject, out var kind, out var slug)) return ApiProblems.Invalid("subject", "One of {\"item\": slug}, {\"category\": slug}, {\"hardware\": slug}.");
        var outcome = await ask.ExecuteAsync(kind, slug, body.Duration ?? TimeSpan.Zero, body.Reason ?? "", body.Team, actor, context.RequestAborted);
        if (outcome is not ApprovalOutcome.Done done) return Refused(outcome);
        context.Response.Headers.Location = $"/api/v1/approvals/{done.RequestId}";
        return Results.Json(ApprovalApi.Answer((await approvals.FindAsync(done.RequestId, actor, context.RequestAborted))!), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RestrictAsync(HttpContext context, ManageGrants grants, GrantQueries queries, string kind, string slug)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<RestrictionRequest>(context);
        if (body is null) return wrong!;
        if (!TryKind(kind, out var what)) return ApiProblems.NotFound($"Nothing of the kind '{kind}' can be restricted; allowed: {Kinds}");
        if (!ApiWords.TryList<OnGrantEnd>(body.OnEnd ?? "keep", out var ends) || ends.Count != 1) return ApiProblems.Invalid("onEnd", "Allowed: keep, stop.");
        var outcome = await grants.RestrictAsync(what, slug, new RestrictionTerms(body.Steps, body.LongestGrant ?? TimeSpan.FromDays(30), ends[0], body.Grace ?? TimeSpan.FromHours(1), body.Reason), actor, context.RequestAborted);
        return outcome is ApprovalOutcome.Done ? Results.Json(Answer((await queries.RestrictionsAsync(actor, context.RequestAborted)).Single(r => r.Kind == what && r.Slug == slug))) : Refused(outcome);
    }

    private static async Task<IResult> OpenAsync(HttpContext context, ManageGrants grants, string kind, string slug)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!TryKind(kind, out var what)) return ApiProblems.NotFound($"Nothing of the kind '{kind}' can be restricted; allowed: {Kinds}");
        var outcome = await grants.OpenAsync(what, slug, actor, context.RequestAborted);
        return outcome is ApprovalOutcome.Done ? Results.NoContent() : Refused(outcome);
    }

    private static async Task<IResult> GrantAsync(HttpContext context, ManageGrants grants, GrantQueries queries)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<GrantRequest>(context);
        if (body is null) return wrong!;
        if (!TrySubject(body.Subject, out var kind, out var slug)) return ApiProblems.Invalid("subject", "One of {\"item\": slug}, {\"category\": slug}, {\"hardware\": slug}.");
        var outcome = await grants.GrantAsync(kind, slug, body.To ?? "", body.Duration ?? TimeSpan.Zero, body.Reason, actor, context.RequestAborted);
        if (outcome is not ApprovalOutcome.Done done) return Refused(outcome);
        context.Response.Headers.Location = "/api/v1/grants";
        return Results.Json(Answer((await queries.ListAsync(false, actor, context.RequestAborted)).Single(g => g.Id == done.RequestId)), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, ManageGrants grants, Guid id, string? reason)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var outcome = await grants.RevokeAsync(id, reason, actor, context.RequestAborted);
        return outcome is ApprovalOutcome.Done ? Results.NoContent() : Refused(outcome);
    }

    private static bool TrySubject(AccessSubject? subject, out RestrictedKind kind, out string slug)
    {
        (kind, slug) = subject switch
        {
            { Item: { Length: > 0 } item, Category: null, Hardware: null } => (RestrictedKind.Item, item),
            { Category: { Length: > 0 } category, Item: null, Hardware: null } => (RestrictedKind.Category, category),
            { Hardware: { Length: > 0 } hardware, Item: null, Category: null } => (RestrictedKind.Hardware, hardware),
            _ => (RestrictedKind.Item, ""),
        };
        return slug.Length > 0;
    }

    private static bool TryKind(string word, out RestrictedKind kind) => Enum.TryParse(word, ignoreCase: true, out kind) && !int.TryParse(word, out _) && Enum.IsDefined(kind);

    private static IResult Refused(ApprovalOutcome outcome) => outcome switch
    {
        ApprovalOutcome.NotFound => ApiProblems.NotFound("There is no such thing, or it is not yours to see."),
        ApprovalOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
        ApprovalOutcome.Conflict conflict => ApiProblems.Conflict(conflict.Reason),
        ApprovalOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
        _ => throw new InvalidOperationException(outcome.GetType().Name),
    };

    private static RestrictionAnswer Answer(RestrictionRow r) => new(ClosedDoor.Word(r.Kind), r.Slug, r.Who, r.LongestGrant, r.OnEnd.ToString().ToLowerInvariant(), r.Grace, r.Reason, r.Granted, r.Until, r.Asked, r.Holders);

    private static GrantAnswer Answer(GrantRow g) => new(g.Id, ClosedDoor.Word(g.Kind), g.Slug, g.To, g.IsTeam, g.StartsAt, g.EndsAt, g.GrantedBy, g.RequestId, g.RevokedAt, g.RevokeReason, g.LastUsedAt, g.Holds);
}

/// <summary>Exactly one of the three.</summary>
public sealed record AccessSubject(string? Item = null, string? Category = null, string? Hardware = null);

/// <summary>Asks for access.</summary>
/// <param name="Team">In whose name; may be left out by people with one team.</param>
/// <param name="Duration">Such as P14D.</param>
public sealed record AccessRequest(AccessSubject? Subject = null, string? Team = null, TimeSpan? Duration = null, string? Reason = null);

/// <summary>Gives access unasked.</summary>
/// <param name="To">E-mail of a person, or slug of a team.</param>
public sealed record GrantRequest(AccessSubject? Subject = null, string? To = null, TimeSpan? Duration = null, string? Reason = null);

/// <summary>Terms of a restriction.</summary>
/// <param name="Steps">Who decides, as in policies; the item's owners, or an administrator, when left out.</param>
/// <param name="LongestGrant">P30D when left out.</param>
/// <param name="OnEnd">What becomes of running workloads when a grant ends: keep (until their own end) or stop.</param>
/// <param name="Grace">How long they have before they are stopped; PT1H when left out.</param>
/// <param name="Reason">Why it is restricted, shown beside the lock.</param>
public sealed record RestrictionRequest(JsonElement? Steps = null, TimeSpan? LongestGrant = null, string? OnEnd = null, TimeSpan? Grace = null, string? Reason = null);

/// <summary>Something that needs a grant.</summary>
/// <param name="Kind">item, category or hardware.</param>
/// <param name="Who">Who decides.</param>
/// <param name="Granted">You have access now.</param>
/// <param name="Asked">You have asked and wait.</param>
/// <param name="Holders">Grants in force.</param>
public sealed record RestrictionAnswer(string Kind, string Slug, string Who, TimeSpan LongestGrant, string OnEnd, TimeSpan Grace, string? Reason, bool Granted, DateTimeOffset? Until, bool Asked, int Holders);

/// <summary>A right to use something restricted.</summary>
/// <param name="To">Name of the person, or the team's slug.</param>
/// <param name="LastUsedAt">The last launch that needed it; null: never used.</param>
/// <param name="Holds">It opens the door now.</param>
public sealed record GrantAnswer(
    Guid Id, string Kind, string Slug, string To, bool IsTeam, DateTimeOffset StartsAt, DateTimeOffset EndsAt, string GrantedBy, Guid? RequestId, DateTimeOffset? RevokedAt, string? RevokeReason, DateTimeOffset? LastUsedAt, bool Holds);
