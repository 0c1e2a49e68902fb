using Portal.Application.Compute;
using Portal.Domain.Access;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>Who the caller is, and the targets.</summary>
internal static class MeApi
{
    public static void MapMe(this IEndpointRouteBuilder api) => api.MapGet("/me", async (HttpContext context) =>
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        return Results.Json(new MeAnswer(actor.UserId, actor.Email, actor.Name, [.. actor.Roles.Order()],
            [.. actor.Teams.Select(t => new MyTeamAnswer(t.Slug, t.Name, t.Role.ToString().ToLowerInvariant()))], [.. actor.Scopes.Order()]));
    }).Describes("getMe", ApiTags.Account, "Who you are: roles, teams and what the token may do").Answers(200, PeopleExamples.Me);

    public static void MapTargets(this IEndpointRouteBuilder api) => api.MapGet("/targets", async (HttpContext context, ComputeTargets targets, Portal.Application.Workloads.Placements placements,
        Microsoft.EntityFrameworkCore.IDbContextFactory<Portal.Application.Data.PortalDbContext> contexts) =>
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (actor.Refusal(PortalAction.ReadTargets) is { } refused) return ApiProblems.Forbidden(refused);
        var rows = new List<TargetAnswer>();
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        foreach (var target in targets.All)
        {
            var room = await placements.RoomAsync(db, target, context.RequestAborted);
            var t = room.Target;
            rows.Add(new TargetAnswer(t.Name, t.Kind, t.Healthy, t.Reason, new TargetCapacityAnswer(t.Physical, t.Capacity, room.Allocated), t.Isolation, t.LimitsBy));
        }
        return Results.Json(Lists.Items(rows));
    }).Describes("listTargets", ApiTags.Administration, "Compute targets, what they hold and how they keep workloads apart", "Needs the role Admin or Auditor.").Answers(200, PeopleExamples.Targets);
}
