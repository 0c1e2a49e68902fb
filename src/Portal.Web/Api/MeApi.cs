using Portal.Application.Compute;

namespace Portal.Web.Api;

/// <summary>Who the caller is, and the targets.</summary>
internal static class MeApi
{
    public static void MapMe(this IEndpointRouteBuilder api) => api.MapGet("/me", async (HttpContext context) =>
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        return Results.Json(new
        {
            id = actor.UserId,
            email = actor.Email,
            name = actor.Name,
            roles = actor.Roles.Order(),
            teams = actor.Teams.Select(t => new { t.Slug, t.Name, Role = t.Role.ToString().ToLowerInvariant() }),
            scopes = actor.Scopes.Order(),
        });
    });

    public static void MapTargets(this IEndpointRouteBuilder api) => api.MapGet("/targets", async (HttpContext context, ComputeTargets targets, Portal.Application.Workloads.Placements placements,
        Microsoft.EntityFrameworkCore.IDbContextFactory<Portal.Application.Data.PortalDbContext> contexts) =>
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!actor.IsAdmin) return ApiProblems.Forbidden("Targets are for administrators (role Admin, token scope 'admin').");
        var rows = new List<object>();
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        foreach (var target in targets.All)
        {
            var room = await placements.RoomAsync(db, target, context.RequestAborted);
            var t = room.Target;
            rows.Add(new { t.Name, t.Kind, t.Healthy, t.Reason, capacity = new { t.Physical, Allocatable = t.Capacity, room.Allocated }, t.Isolation, t.LimitsBy });
        }
        return Results.Json(new { items = rows });
    });
}
