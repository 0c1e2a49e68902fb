using Portal.Application.Access.Approvals;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>How long people wait for answers.</summary>
internal static class DecisionTimeApi
{
    public static void MapDecisionTimes(this IEndpointRouteBuilder api) =>
        api.MapGet("/approvals/times", async (HttpContext context, DecisionTimes times, int? days) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            if (days is < 1 or > 366) return ApiProblems.Invalid("days", "From 1 to 366.");
            return await times.ReadAsync(days ?? 90, actor, context.RequestAborted) is { } report ? Results.Json(report) : ApiProblems.Forbidden("For leads, of their teams, and for those who see everything.");
        }).Describes("getDecisionTimes", ApiTags.Approvals, "How long requests wait for a decision, by team, rule and subject", "For leads, of their teams; for administrators, FinOps and auditors, of all. Times are durations such as PT1H12M.")
            .Explains("days", "How far back requests were made; 90 when left out.").Answers(200, Example).Refuses(400);

    private static DecisionTimeRow Row(string name) => new(name, 14, 1, TimeSpan.FromMinutes(22), TimeSpan.FromHours(3));

    private static DecisionTimeReport Example { get; } = new(Row(""), [Row("vision")], [Row("Any GPU")], [Row("tiny-lm-endpoint")],
        [new WaitingRow(new("0197a1d0-1111-7c3a-9f10-2d4e6f8a0b1c"), "lora-support-intent", "Lena", "vision", "Any GPU", new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero), new(2026, 3, 3, 9, 0, 0, TimeSpan.Zero))]);
}
