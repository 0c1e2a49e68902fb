using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Application.Access.Policies;
using Portal.Domain.Access.Policies;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>Read, publish and try out policies.</summary>
internal static class PolicyApi
{
    public static void MapPolicies(this IEndpointRouteBuilder api)
    {
        api.MapGet("/policies", ReadAsync).Describes("getPolicies", ApiTags.Administration, "The policies in force", "Rules in order: the first that matches decides; the default closes the list. Needs the role Admin or Auditor.")
            .Explains("number", "An earlier list; the one in force when left out.").Answers(200, AccessExamples.Policies).Sends(200, "ETag", "Number of the list, for If-Match.").Refuses(404);
        api.MapPut("/policies", PublishAsync).Describes("publishPolicies", ApiTags.Administration, "Puts a list of policies in force",
            "Needs the role Admin, and If-Match with the ETag last read. What is wrong is named by its path, such as rules[2].when.op.")
            .Takes(AccessExamples.PoliciesToPublish).IfUnchanged().Answers(200, AccessExamples.Policies).Refuses(428, "If-Match is missing.");
        api.MapPost("/policies/simulate", SimulateAsync).Describes("simulatePolicies", ApiTags.Administration, "Which rule would decide a described request, and why the others would not", "Nothing is created. Needs the role Admin or Auditor.")
            .Takes(AccessExamples.Simulate).Answers(200, AccessExamples.Simulated);
    }

    private static async Task<IResult> ReadAsync(HttpContext context, PolicyQueries policies, int? number)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (await policies.ReadAsync(null, actor, context.RequestAborted) is not { } current) return ApiProblems.Forbidden("Policies are for administrators and auditors.");
        return (number is null ? current : await policies.ReadAsync(number, actor, context.RequestAborted)) is { } view ? Answer(context, view) : ApiProblems.NotFound($"There is no list of policies {number}.");
    }

    private static async Task<IResult> PublishAsync(HttpContext context, PublishPolicies publish, PolicyQueries policies)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<PoliciesRequest>(context);
        if (body is null) return wrong!;
        if (context.Request.Headers.IfMatch.ToString() is not { Length: > 0 } match) return ApiProblems.Problem(StatusCodes.Status428PreconditionRequired, "Say what you have seen", "Send If-Match with the ETag of GET /api/v1/policies, so that nobody's change is lost.");
        if (!int.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var basedOn)) return ApiProblems.Problem(StatusCodes.Status412PreconditionFailed, "Changed meanwhile", "If-Match is not the ETag of the policies in force. Read them again.");
        return await publish.ExecuteAsync(Document(body.Rules, body.Default), basedOn, body.Note, actor, context.RequestAborted) switch
        {
            PublishPolicies.Outcome.Published published => Answer(context, (await policies.ReadAsync(published.Number, actor, context.RequestAborted))!),
            PublishPolicies.Outcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            PublishPolicies.Outcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            PublishPolicies.Outcome.Stale stale => ApiProblems.Problem(StatusCodes.Status412PreconditionFailed, "Changed meanwhile", $"Somebody has published policies {stale.Number} since you read them. Read them again."),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static async Task<IResult> SimulateAsync(HttpContext context, SimulatePolicies simulate)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<SimulationRequest>(context);
        if (body is null) return wrong!;
        if (body.Request is not { Item: { Length: > 0 } item, Team: { Length: > 0 } team } described) return ApiProblems.Invalid("request", "Describe the request: at least item and team.");
        var asked = new SimulatedRequest(item, team, described.Person, described.Hardware, described.Target, described.Capacity, described.HourlyPrice, described.Lifetime, described.BudgetLeftAfter);
        return await simulate.ExecuteAsync(asked, body.Policies is { } draft ? Document(draft.Rules, draft.Default) : null, actor, context.RequestAborted) switch
        {
            SimulatePolicies.Outcome.Simulated done => Results.Json(new SimulationAnswer(
                PolicyJson.Word(done.Verdict.Effect), done.Verdict.Rule.Name, done.Verdict.Number, done.PolicyNumber, done.Verdict.Rule.Message, PolicyWords.Read(done.Verdict.Rule),
                [.. done.Verdict.Rule.Steps.Select(PolicyWords.Who)], [.. done.Verdict.Trace.Select(t => new PolicyTraceAnswer(t.Number, t.Rule, t.Matched, t.Why))])),
            SimulatePolicies.Outcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            SimulatePolicies.Outcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static JsonElement Document(JsonElement? rules, JsonElement? otherwise)
    {
        var document = new JsonObject();
        if (rules is { } list) document["rules"] = JsonNode.Parse(list.GetRawText());
        if (otherwise is { } last) document["default"] = JsonNode.Parse(last.GetRawText());
        return document.Deserialize<JsonElement>();
    }

    private static IResult Answer(HttpContext context, PolicyView view)
    {
        context.Response.Headers.ETag = $"\"{view.Number}\"";
        var document = PolicyJson.Write(view.List).Deserialize<JsonElement>();
        return Results.Json(new PoliciesAnswer(view.Number, document.GetProperty("rules"), document.GetProperty("default"), view.PublishedAt, view.PublishedBy, view.Note, [.. view.List.Rules.Select(PolicyWords.Read)]));
    }
}

/// <summary>A list of policies to put in force.</summary>
/// <param name="Rules">In order: {name, when, effect: allow, requireApproval or deny, steps, message}. <c>when</c> is {all: […]}, {any: […]}, {not: …} or {field, op, value}.</param>
/// <param name="Default">What happens when no rule matches: {effect}.</param>
/// <param name="Note">What changed.</param>
public sealed record PoliciesRequest(JsonElement? Rules = null, JsonElement? Default = null, string? Note = null);

/// <summary>A published list.</summary>
/// <param name="Number">0: nothing was ever published, and everything is allowed.</param>
/// <param name="Readings">Each rule as a sentence, in order.</param>
public sealed record PoliciesAnswer(int Number, JsonElement Rules, JsonElement Default, DateTimeOffset? PublishedAt, string? PublishedBy, string? Note, IReadOnlyList<string> Readings);

/// <summary>A request as somebody describes it.</summary>
/// <param name="Person">E-mail of who would ask; an ordinary member when left out.</param>
/// <param name="HourlyPrice">US dollars; what the price book says when left out.</param>
/// <param name="BudgetLeftAfter">US dollars; no budget when left out.</param>
public sealed record DescribedRequest(
    string? Item = null, string? Team = null, string? Person = null, string? Hardware = null, string? Target = null, string? Capacity = null, decimal? HourlyPrice = null, TimeSpan? Lifetime = null, decimal? BudgetLeftAfter = null);

/// <summary>Policies that are not published.</summary>
public sealed record DraftPolicies(JsonElement? Rules = null, JsonElement? Default = null);

/// <summary>What to try out.</summary>
/// <param name="Policies">A draft; the list in force when left out.</param>
public sealed record SimulationRequest(DescribedRequest? Request = null, DraftPolicies? Policies = null);

/// <summary>One rule looked at.</summary>
/// <param name="Why">The facts that made it match or not.</param>
public sealed record PolicyTraceAnswer(int Number, string Rule, bool Matched, string Why);

/// <summary>What the policies would say.</summary>
/// <param name="Effect">allow, requireApproval or deny.</param>
/// <param name="PolicyNumber">0: a draft, or nothing was ever published.</param>
/// <param name="Reading">The deciding rule as a sentence.</param>
/// <param name="Approvers">Who would be asked, step by step.</param>
public sealed record SimulationAnswer(string Effect, string Rule, int Number, int PolicyNumber, string? Message, string Reading, IReadOnlyList<string> Approvers, IReadOnlyList<PolicyTraceAnswer> Trace);
