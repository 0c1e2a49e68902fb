using System.Text.Json;
using Portal.Application.Access.Approvals;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Policies;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>Requests for approval, decisions, and who stands in for whom.</summary>
internal static class ApprovalApi
{
    public static void MapApprovals(this IEndpointRouteBuilder api)
    {
        api.MapGet("/approvals", ListAsync).Describes("listApprovals", ApiTags.Approvals, "Requests that wait for you, that you asked, or that were decided")
            .Explains("state", "waiting (what left out means): you can decide them now. approved, denied, expired, withdrawn: as far as you may see them.").Explains("mine", "true: those you asked, in every state.")
            .Answers(200, AccessExamples.Approvals).Refuses(400);
        api.MapGet("/approvals/{id:guid}", FindAsync).Describes("getApproval", ApiTags.Approvals, "One request").Answers(200, AccessExamples.Approval).Refuses(404);
        api.MapPost("/approvals/{id:guid}/decisions", DecideAsync).Describes("decideApproval", ApiTags.Approvals, "Approves or denies a request",
            "Needs the scope approve. Nobody decides their own request, and a person counts once. A denial needs a comment.").Takes(AccessExamples.Decision).Answers(200, AccessExamples.Approval).Refuses(404)
            .Refuses(409, "It has ended, you have decided already, or it is not what you have seen.");
        api.MapPost("/approvals/{id:guid}/withdraw", WithdrawAsync).Describes("withdrawApproval", ApiTags.Approvals, "Takes back your own request", "Needs the scope launch. Safe to repeat.").Answers(200, AccessExamples.Approval).Refuses(404).Refuses(409, "It has been decided.");
        api.MapGet("/delegations", async (HttpContext context, Delegations delegations) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Lists.Items((await delegations.MineAsync(actor, context.RequestAborted)).Select(d => new DelegationAnswer(d.Id, d.From, d.To, d.StartsAt, d.EndsAt))));
        }).Describes("listDelegations", ApiTags.Approvals, "Who stands in for you, and for whom you do").Answers(200, Lists.Items([AccessExamples.Delegation]));
        api.MapPost("/delegations", DelegateAsync).Describes("createDelegation", ApiTags.Approvals, "Lets somebody decide in your place for a time", "Needs the scope approve. They never decide their own requests.")
            .Takes(AccessExamples.Delegate).Answers(201, AccessExamples.Delegation).Sends(201, "Location", "Address of the delegations.");
        api.MapDelete("/delegations/{id:guid}", async (HttpContext context, Guid id, Delegations delegations) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : await delegations.RevokeAsync(id, actor, context.RequestAborted) switch
            {
                ApprovalOutcome.Done => Results.NoContent(),
                ApprovalOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
                _ => ApiProblems.NotFound("You have not given such a delegation."),
            };
        }).Describes("revokeDelegation", ApiTags.Approvals, "Ends a delegation that you gave", "Safe to repeat.").AnswersNothing().Refuses(404);
    }

    private static async Task<IResult> ListAsync(HttpContext context, ApprovalQueries approvals, string? state, bool? mine)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!ApiWords.TryList<ApprovalState>(state, out var states)) return ApiProblems.Invalid("state", "Allowed: waiting, approved, denied, expired, withdrawn.");
        var box = mine == true ? ApprovalBox.Mine : states.Count == 0 || states.Contains(ApprovalState.Waiting) ? ApprovalBox.ForMe : ApprovalBox.Decided;
        var rows = await approvals.ListAsync(box, actor, context.RequestAborted);
        return Results.Json(Lists.Items(rows.Where(r => states.Count == 0 || states.Contains(r.State)).Select(Answer)));
    }

    private static async Task<IResult> FindAsync(HttpContext context, ApprovalQueries approvals, Guid id)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        return actor is null ? refusal! : await approvals.FindAsync(id, actor, context.RequestAborted) is { } row ? Results.Json(Answer(row)) : Missing(id);
    }

    private static async Task<IResult> DecideAsync(HttpContext context, DecideApproval decide, ApprovalQueries approvals, Guid id)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<DecisionRequest>(context);
        if (body is null) return wrong!;
        if (!ApiWords.TryList<Verdict>(body.Decision ?? "", out var verdicts) || verdicts.Count != 1) return ApiProblems.Invalid("decision", "Allowed: approve, deny.");
        return await AnswerAsync(context, await decide.ExecuteAsync(id, verdicts[0], body.Comment, body.Revision, actor, context.RequestAborted), id, async () => await approvals.FindAsync(id, actor, context.RequestAborted));
    }

    private static async Task<IResult> WithdrawAsync(HttpContext context, WithdrawApproval withdraw, ApprovalQueries approvals, Guid id)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        return actor is null ? refusal! : await AnswerAsync(context, await withdraw.ExecuteAsync(id, actor, context.RequestAborted), id, async () => await approvals.FindAsync(id, actor, context.RequestAborted));
    }

    private static async Task<IResult> DelegateAsync(HttpContext context, Delegations delegations)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<DelegationRequest>(context);
        if (body is null) return wrong!;
        if (body.StartsAt is not { } from || body.EndsAt is not { } to) return ApiProblems.Invalid("startsAt", "Say from when to when: startsAt, endsAt.");
        var outcome = await delegations.CreateAsync(body.To ?? "", from, to, actor, context.RequestAborted);
        if (outcome is not ApprovalOutcome.Done done) return Refused(outcome, Guid.Empty);
        context.Response.Headers.Location = "/api/v1/delegations";
        var made = (await delegations.MineAsync(actor, context.RequestAborted)).Single(d => d.Id == done.RequestId);
        return Results.Json(new DelegationAnswer(made.Id, made.From, made.To, made.StartsAt, made.EndsAt), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, ApprovalOutcome outcome, Guid id, Func<Task<ApprovalRow?>> read) =>
        outcome is ApprovalOutcome.Done ? Results.Json(Answer((await read())!)) : Refused(outcome, id);

    internal static IResult Refused(ApprovalOutcome outcome, Guid id) => outcome switch
    {
        ApprovalOutcome.NotFound => Missing(id),
        ApprovalOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
        ApprovalOutcome.Conflict conflict => ApiProblems.Conflict(conflict.Reason),
        ApprovalOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
        _ => throw new InvalidOperationException(outcome.GetType().Name),
    };

    private static IResult Missing(Guid id) => ApiProblems.NotFound($"There is no request {id}, or it is not yours to see.");

    internal static ApprovalAnswer Answer(ApprovalRow r) => new(
        r.Id, r.Kind.ToString(), new ApprovalSubject(r.SubjectKind ?? "workload", r.WorkloadId?.ToString() ?? r.Subject, r.Title), r.RequesterEmail, r.Team, r.Reason, r.CreatedAt, r.ExpiresAt, r.State, r.StepNumber,
        [.. r.Steps.Select(s => new ApprovalStepAnswer(PolicyJson.Write(s.Step.Approvers).Deserialize<JsonElement>(), s.Step.Count, [.. s.Decisions.Select(d => new DecisionAnswerRow(d.By, d.OnBehalfOf, d.Verdict.ToString().ToLowerInvariant(), d.Comment, d.At))]))],
        new ApprovalPolicyAnswer(r.Rule, r.PolicyNumber, r.Why), r.HourlyPrice == 0 ? null : new QuoteAnswer(r.HourlyPrice, r.HourlyPrice * PolicyFacts.HoursPerMonth, r.Currency), r.Hours, r.Revision, r.EndedAt, r.EndReason, r.MayDecide, null) { Amount = r.Amount, MovesFrom = r.MovesFrom };
}

/// <summary>What a request is about.</summary>
/// <param name="Kind">workload, item, category, hardware, budget or team.</param>
public sealed record ApprovalSubject(string Kind, string Id, string Name);

/// <summary>One answer.</summary>
/// <param name="OnBehalfOf">Who delegated, when somebody did.</param>
/// <param name="Decision">approve or deny.</param>
public sealed record DecisionAnswerRow(string By, string? OnBehalfOf, string Decision, string? Comment, DateTimeOffset At);

/// <summary>One step.</summary>
/// <param name="Approvers">{teamLeads: true}, {role}, {people} or {itemOwners: true}.</param>
public sealed record ApprovalStepAnswer(JsonElement Approvers, int Count, IReadOnlyList<DecisionAnswerRow> Decisions);

/// <summary>The rule that asked.</summary>
/// <param name="Version">Number of the list of policies; null: a restriction asked.</param>
/// <param name="Why">The facts that made it match.</param>
public sealed record ApprovalPolicyAnswer(string Rule, int? Version, string Why);

/// <summary>A price.</summary>
/// <param name="MonthlyPrice">Of 730 hours.</param>
public sealed record QuoteAnswer(decimal HourlyPrice, decimal MonthlyPrice, string Currency);

/// <summary>A request for approval.</summary>
/// <param name="Kind">Launch, Extension, Move, Access, Budget or Membership.</param>
/// <param name="Requester">E-mail.</param>
/// <param name="Step">The step that is asked now, from 1.</param>
/// <param name="Hours">Of a launch its lifetime, of an extension the hours more, of access its duration; null: without end.</param>
/// <param name="Revision">Grows when what is asked changes; send it with your decision.</param>
/// <param name="MayDecide">You can decide it now.</param>
/// <param name="Budget">Null while the team has none.</param>
public sealed record ApprovalAnswer(
    Guid Id, string Kind, ApprovalSubject Subject, string Requester, string Team, string? Reason, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, ApprovalState State, int Step, IReadOnlyList<ApprovalStepAnswer> Steps,
    ApprovalPolicyAnswer Policy, QuoteAnswer? Quote, decimal? Hours, int Revision, DateTimeOffset? EndedAt, string? EndReason, bool MayDecide, BudgetStateAnswer? Budget)
{
    /// <summary>Of a budget raise: the amount per month that is asked for.</summary>
    public decimal? Amount { get; init; }

    /// <summary>Of a move that waits: the hardware it is on.</summary>
    public string? MovesFrom { get; init; }
}

/// <summary>Your answer to a request.</summary>
/// <param name="Decision">approve or deny.</param>
/// <param name="Comment">Needed to deny.</param>
/// <param name="Revision">What you have seen; a request that has changed since is refused with 409.</param>
public sealed record DecisionRequest(string? Decision = null, string? Comment = null, int? Revision = null);

/// <summary>Somebody stands in.</summary>
public sealed record DelegationAnswer(Guid Id, string From, string To, DateTimeOffset StartsAt, DateTimeOffset EndsAt);

/// <summary>Who is to stand in for you.</summary>
/// <param name="To">E-mail.</param>
public sealed record DelegationRequest(string? To = null, DateTimeOffset? StartsAt = null, DateTimeOffset? EndsAt = null);
