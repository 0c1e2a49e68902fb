using Portal.Application.Teams;
using Portal.Domain.Teams;

namespace Portal.Web.Api;

/// <summary>People and teams.</summary>
internal static class PeopleApi
{
    public static void MapPeople(this IEndpointRouteBuilder api)
    {
        api.MapGet("/users", async (HttpContext context, PeopleQueries people) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await people.PeopleAsync(actor, context.RequestAborted) is { } rows
                ? Results.Json(new { items = rows, total = rows.Count, page = 1, pageSize = rows.Count }) : ApiProblems.Forbidden("Only administrators and auditors may list people.");
        });
        api.MapPost("/users", CreateUserAsync);
        api.MapPatch("/users/{id}", UpdateUserAsync);
        api.MapPost("/users/{id}/password", async (HttpContext context, string id, ResetPassword reset) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Answer(await reset.ExecuteAsync(id, actor, context.RequestAborted), done => Results.Json(new NewPassword(done.Id, done.Password!)));
        });
        api.MapGet("/teams", async (HttpContext context, PeopleQueries people) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            var rows = await people.TeamsAsync(actor, context.RequestAborted);
            return Results.Json(new { items = rows.Select(Team), total = rows.Count, page = 1, pageSize = rows.Count });
        });
        api.MapPost("/teams", CreateTeamAsync);
        api.MapPut("/teams/{slug}/members/{email}", SetMemberAsync);
        api.MapDelete("/teams/{slug}/members/{email}", async (HttpContext context, string slug, string email, RemoveTeamMember remove) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Answer(await remove.ExecuteAsync(slug, email, actor, context.RequestAborted), _ => Results.NoContent());
        });
    }

    private static async Task<IResult> CreateUserAsync(HttpContext context, CreateUser create)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, bytes, wrong) = await RequestBody.ReadAsync<UserBody>(context);
        if (body is null) return wrong!;
        // A password the portal made up is in the first answer only: the stored one is without it.
        var (password, userId) = ((string?)null, "");
        var answer = await Idempotency.OnceAsync(context, actor, "POST /users", bytes, async () =>
        {
            var outcome = await create.ExecuteAsync(body.Email ?? "", body.Name ?? body.Email ?? "", body.Password, body.Roles ?? [], actor, context.RequestAborted);
            if (outcome is not PeopleOutcome.Done done) return ApiAnswer.Refused(Answer(outcome, _ => Results.Empty));
            (password, userId) = (done.Password, done.Id);
            return ApiAnswer.Created(context, $"/api/v1/users/{done.Id}", User(done.Id, body, null));
        });
        return password is null ? answer : Results.Json(User(userId, body, password), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> UpdateUserAsync(HttpContext context, string id, UpdateUser update)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<UserChange>(context);
        if (body is null) return wrong!;
        return Answer(await update.ExecuteAsync(id, body.Disabled, body.Roles, actor, context.RequestAborted), done => Results.Json(new { id = done.Id, body.Disabled, body.Roles }));
    }

    private static async Task<IResult> CreateTeamAsync(HttpContext context, CreateTeam create)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, bytes, wrong) = await RequestBody.ReadAsync<TeamBody>(context);
        if (body is null) return wrong!;
        return await Idempotency.OnceAsync(context, actor, "POST /teams", bytes, async () =>
        {
            var outcome = await create.ExecuteAsync(body.Slug ?? "", body.Name ?? body.Slug ?? "", body.CostCentre, actor, context.RequestAborted);
            return outcome is PeopleOutcome.Done
                ? ApiAnswer.Created(context, $"/api/v1/teams/{body.Slug}", new { body.Slug, Name = body.Name ?? body.Slug, body.CostCentre, Members = Array.Empty<object>() })
                : ApiAnswer.Refused(Answer(outcome, _ => Results.Empty));
        });
    }

    private static async Task<IResult> SetMemberAsync(HttpContext context, string slug, string email, SetTeamMember set)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<MemberBody>(context);
        if (body is null) return wrong!;
        if (!ApiWords.TryList<TeamRole>(body.Role ?? "member", out var roles) || roles.Count != 1) return ApiProblems.Invalid("role", "Allowed: member, lead.");
        return Answer(await set.ExecuteAsync(slug, email, roles[0], actor, context.RequestAborted), _ => Results.Json(new { team = slug, email, role = roles[0].ToString().ToLowerInvariant() }));
    }

    private static IResult Answer(PeopleOutcome outcome, Func<PeopleOutcome.Done, IResult> done) => outcome switch
    {
        PeopleOutcome.Done d => done(d),
        PeopleOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
        PeopleOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
        PeopleOutcome.NotFound missing => ApiProblems.NotFound(missing.Reason),
        PeopleOutcome.Conflict conflict => ApiProblems.Conflict(conflict.Reason),
        var other => throw new InvalidOperationException(other.GetType().Name),
    };

    private static object User(string id, UserBody body, string? password) => new { id, body.Email, Name = body.Name ?? body.Email, Roles = body.Roles ?? [], Disabled = false, Password = password };

    private static object Team(TeamRow t) => new { t.Slug, t.Name, t.CostCentre, members = t.Members.Select(m => new { m.Email, m.Name, role = m.Role.ToString().ToLowerInvariant() }) };

    private sealed record UserBody(string? Email, string? Name, string? Password, List<string>? Roles);

    private sealed record UserChange(bool? Disabled, List<string>? Roles);

    private sealed record TeamBody(string? Slug, string? Name, string? CostCentre);

    private sealed record MemberBody(string? Role);

    /// <summary>A password the portal made up; only in this answer.</summary>
    public sealed record NewPassword(string Id, string Password);
}
