using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>How much teams and people may have at once.</summary>
internal static class LimitApi
{
    public static void MapLimits(this IEndpointRouteBuilder api)
    {
        api.MapGet("/limits", async (HttpContext context, ResourceLimits limits, bool? mine) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Lists.Items((await limits.ListAsync(mine == true, actor, context.RequestAborted)).Select(Answer)));
        }).Describes("listLimits", ApiTags.People, "Limits, with what is in use", "Your own and your teams'; all for those who see everything.").Explains("mine", "true: only your own and your teams'.").Answers(200, Lists.Items([Example]));
        api.MapPut("/limits/{scope}", SetAsync).Describes("setLimits", ApiTags.People, "Sets the limits of a team or a person", "Needs the role Admin. What is left out is not limited; an empty object takes all limits away. A launch beyond a limit waits in the queue.")
            .Explains("scope", "team:slug or person:e-mail.").Takes(new LimitRequest(10, 32, new() { ["A10G"] = 4 }, 20)).AnswersNothing().Refuses(404);
    }

    private static LimitAnswer Example { get; } = new("team:vision", new LimitRequest(10, 32, new() { ["A10G"] = 4 }, 20), new LimitRequest(3, 9.25m, new() { ["A10G"] = 1 }, 1.42m));

    private static async Task<IResult> SetAsync(HttpContext context, ResourceLimits limits, string scope)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<LimitRequest>(context);
        if (body is null) return wrong!;
        return await limits.SetAsync(scope, new LimitValues(body.Workloads, body.Vcpu, body.Gpus ?? [], body.HourlyPrice), actor, context.RequestAborted) switch
        {
            ApprovalOutcome.Done => Results.NoContent(),
            ApprovalOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            ApprovalOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            _ => ApiProblems.NotFound($"There is no '{scope}': team:slug or person:e-mail."),
        };
    }

    private static LimitAnswer Answer(LimitRow r) => new(r.Scope, new LimitRequest(r.Limits.Workloads, r.Limits.Vcpu, new(r.Limits.Gpus), r.Limits.HourlyPrice), new LimitRequest(r.Use.Workloads, r.Use.Vcpu, new(r.Use.Gpus), r.Use.HourlyPrice));
}

/// <summary>Amounts of what is limited.</summary>
/// <param name="Workloads">Workloads that hold resources.</param>
/// <param name="Gpus">By kind.</param>
/// <param name="HourlyPrice">Sum of hourly prices in US dollars.</param>
public sealed record LimitRequest(int? Workloads = null, decimal? Vcpu = null, Dictionary<string, int>? Gpus = null, decimal? HourlyPrice = null);

/// <summary>Limits of a team or a person.</summary>
/// <param name="Scope">team:slug or person:e-mail.</param>
/// <param name="Limits">What is null is not limited.</param>
/// <param name="Use">In use now.</param>
public sealed record LimitAnswer(string Scope, LimitRequest Limits, LimitRequest Use);
