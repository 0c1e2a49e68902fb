using Portal.Application.Access.Approvals;
using Portal.Application.Costs;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>What teams may spend in a month.</summary>
internal static class BudgetApi
{
    private const string ScopeWords = "team:slug.";

    public static void MapBudgets(this IEndpointRouteBuilder api)
    {
        api.MapGet("/budgets", async (HttpContext context, TeamBudgets budgets) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Lists.Items((await budgets.ListAsync(actor, context.RequestAborted)).Select(Answer)));
        }).Describes("listBudgets", ApiTags.Costs, "Budgets, with what is held against them", "Your teams'; all for those who see everything. Teams without a budget are left out.").Answers(200, Lists.Items([Example]));
        api.MapPut("/budgets/{scope}", SetAsync).Describes("setBudget", ApiTags.Costs, "Sets a team's budget for each month (UTC)", "Needs the role Admin or FinOps. Policies see what would be left of it after a launch (budgetLeftAfter).")
            .Explains("scope", ScopeWords).Takes(new BudgetRequest(5000, "USD", "month")).Answers(200, Example).Refuses(404);
        api.MapDelete("/budgets/{scope}", async (HttpContext context, SetBudget set, string scope) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            var outcome = await set.ExecuteAsync(TeamOf(scope), null, actor, context.RequestAborted);
            return outcome is ApprovalOutcome.Done ? Results.NoContent() : Refused(outcome, scope);
        }).Describes("deleteBudget", ApiTags.Costs, "Takes a team's budget away", "Nothing is held against it any more. Safe to repeat.").Explains("scope", ScopeWords).AnswersNothing().Refuses(404);
        api.MapPost("/budgets/{scope}/raises", RaiseAsync).Describes("requestBudgetRaise", ApiTags.Costs, "Asks for a larger budget of your team", "FinOps decide; where nobody else is one, administrators. The answer is the request.")
            .Explains("scope", ScopeWords).Takes(new BudgetRaiseRequest(7500, "A second model until the release")).Answers(201, AccessExamples.BudgetRaise).Sends(201, "Location", "Address of the request.").Refuses(404).Refuses(409);
    }

    private static BudgetAnswer Example { get; } = new("team:vision", 5000, "USD", "month", 3120.4m, 240.5m, 3360.9m, 1639.1m);

    private static async Task<IResult> SetAsync(HttpContext context, SetBudget set, TeamBudgets budgets, string scope)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<BudgetRequest>(context);
        if (body is null) return wrong!;
        if (body.Amount is not { } amount) return ApiProblems.Invalid("amount", "Say how much; DELETE takes the budget away.");
        if (body.Currency is not (null or "USD")) return ApiProblems.Invalid("currency", "Allowed: USD.");
        if (body.Period is not (null or "month")) return ApiProblems.Invalid("period", "Allowed: month.");
        var outcome = await set.ExecuteAsync(TeamOf(scope), amount, actor, context.RequestAborted);
        return outcome is ApprovalOutcome.Done ? Results.Json(Answer((await budgets.FindAsync(TeamOf(scope), actor, context.RequestAborted))!)) : Refused(outcome, scope);
    }

    private static async Task<IResult> RaiseAsync(HttpContext context, RequestBudgetRaise use, ApprovalQueries approvals, string scope)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<BudgetRaiseRequest>(context);
        if (body is null) return wrong!;
        if (body.Amount is not { } amount) return ApiProblems.Invalid("amount", "Say how much a month.");
        var outcome = await use.ExecuteAsync(TeamOf(scope), amount, body.Reason ?? "", actor, context.RequestAborted);
        if (outcome is not ApprovalOutcome.Done done) return Refused(outcome, scope);
        context.Response.Headers.Location = $"/api/v1/approvals/{done.RequestId}";
        return Results.Json(ApprovalApi.Answer((await approvals.FindAsync(done.RequestId, actor, context.RequestAborted))!), statusCode: StatusCodes.Status201Created);
    }

    private static string TeamOf(string scope) => scope.StartsWith("team:", StringComparison.Ordinal) ? scope["team:".Length..] : "";

    private static IResult Refused(ApprovalOutcome outcome, string scope) => outcome switch
    {
        ApprovalOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
        ApprovalOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
        ApprovalOutcome.Conflict conflict => ApiProblems.Conflict(conflict.Reason),
        _ => ApiProblems.NotFound($"There is no '{scope}' that you may see: team:slug."),
    };

    private static BudgetAnswer Answer(BudgetState b) => new($"team:{b.Team}", b.Amount, b.Currency, "month", b.Spent, b.Committed, b.Forecast, b.Left);
}

/// <summary>A budget.</summary>
/// <param name="Scope">team:slug.</param>
/// <param name="Amount">For each month (UTC).</param>
/// <param name="Spent">This month.</param>
/// <param name="Committed">What live workloads will still cost this month, if they run to their end.</param>
/// <param name="Forecast">Spent and committed.</param>
/// <param name="Left">Amount less forecast.</param>
public sealed record BudgetAnswer(string Scope, decimal Amount, string Currency, string Period, decimal Spent, decimal Committed, decimal Forecast, decimal Left);

/// <summary>What a team may spend.</summary>
/// <param name="Currency">USD, which is what left out means.</param>
/// <param name="Period">month, which is what left out means.</param>
public sealed record BudgetRequest(decimal? Amount = null, string? Currency = null, string? Period = null);

/// <summary>What is asked for.</summary>
/// <param name="Amount">US dollars a month: the whole, not what is added.</param>
public sealed record BudgetRaiseRequest(decimal? Amount = null, string? Reason = null);
