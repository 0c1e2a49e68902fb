using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Domain.Teams;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

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
                ? Results.Json(Lists.Whole(rows)) : ApiProblems.Forbidden("Only administrators and auditors may list people.");
        }).Describes("listUsers", ApiTags.People, "People", "Needs the role Admin or Auditor.").Answers(200, PeopleExamples.Users);
        api.MapPost("/users", CreateUserAsync).Describes("createUser", ApiTags.People, "Makes an account", "Needs the role Admin. While local accounts are off it has no password, and its person comes in with single sign-on. A password that the portal made up is in the first answer only.")
            .Takes(PeopleExamples.NewUser).OncePerKey().Answers(201, PeopleExamples.User).Sends(201, "Location", "Address of the account.").Refuses(409, "The e-mail address is taken, or the key was used with another body.");
        api.MapPatch("/users/{id}", UpdateUserAsync).Describes("updateUser", ApiTags.People, "Disables or enables an account, or changes its roles", "Needs the role Admin.")
            .Explains("id", "Id or e-mail address.").Takes(PeopleExamples.ChangeUser).Answers(200, PeopleExamples.ChangedUser).Refuses(404).Refuses(409, "Nobody would be left to administer the portal.");
        api.MapPost("/users/{id}/password", async (HttpContext context, string id, ResetPassword reset) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Answer(await reset.ExecuteAsync(id, actor, context.RequestAborted), done => Results.Json(new NewPasswordAnswer(done.Id, done.Password!)));
        }).Describes("resetPassword", ApiTags.People, "Gives an account a new random password", "Needs the role Admin. Sessions end and a lock-out is lifted; access tokens stay.")
            .Explains("id", "Id or e-mail address.").Answers(200, PeopleExamples.NewPassword).Refuses(404).Refuses(409, "Local accounts are switched off.");
        api.MapGet("/teams", async (HttpContext context, PeopleQueries people) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            var rows = await people.TeamsAsync(actor, context.RequestAborted);
            return Results.Json(Lists.Whole(rows.Select(Team)));
        }).Describes("listTeams", ApiTags.People, "Teams that you may see, with their members").Answers(200, PeopleExamples.Teams);
        api.MapPost("/teams", CreateTeamAsync).Describes("createTeam", ApiTags.People, "Makes a team", "Needs the role Admin.")
            .Takes(PeopleExamples.NewTeam).OncePerKey().Answers(201, PeopleExamples.Team).Sends(201, "Location", "Address of the team.").Refuses(409, "The slug is taken, or the key was used with another body.");
        api.MapPut("/teams/{slug}/members/{email}", SetMemberAsync).Describes("setTeamMember", ApiTags.People, "Puts somebody into a team, or changes what they are in it", "Needs the role Admin, or to lead the team.")
            .Takes(PeopleExamples.NewMembership).Answers(200, PeopleExamples.Membership).Refuses(404);
        api.MapDelete("/teams/{slug}/members/{email}", async (HttpContext context, string slug, string email, RemoveTeamMember remove) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Answer(await remove.ExecuteAsync(slug, email, actor, context.RequestAborted), _ => Results.NoContent());
        }).Describes("removeTeamMember", ApiTags.People, "Takes somebody out of a team").AnswersNothing().Refuses(404);
        api.MapPost("/teams/{slug}/membership-requests", AskToJoinAsync).Describes("requestMembership", ApiTags.People, "Asks a team to let you in", "Needs the scope launch. The team's leads decide within a week; where it has none, administrators do.")
            .Explains("slug", "The team.").Takes(PeopleExamples.AskToJoin).Answers(201, PeopleExamples.JoinRequest).Sends(201, "Location", "Address of the request.").Refuses(404).Refuses(409, "You are in the team, or have asked already.");
    }

    private static async Task<IResult> AskToJoinAsync(HttpContext context, RequestMembership request, ApprovalQueries approvals, string slug)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<JoinRequest>(context);
        if (body is null) return wrong!;
        var outcome = await request.ExecuteAsync(slug, body.Reason ?? "", actor, context.RequestAborted);
        if (outcome is ApprovalOutcome.NotFound) return ApiProblems.NotFound($"There is no team '{slug}'.");
        if (outcome is not ApprovalOutcome.Done done) return ApprovalApi.Refused(outcome, Guid.Empty);
        context.Response.Headers.Location = $"/api/v1/approvals/{done.RequestId}";
        return Results.Json(ApprovalApi.Answer((await approvals.FindAsync(done.RequestId, actor, context.RequestAborted))!), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> CreateUserAsync(HttpContext context, CreateUser create)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, bytes, wrong) = await RequestBody.ReadAsync<UserRequest>(context);
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
        return Answer(await update.ExecuteAsync(id, body.Disabled, body.Roles, actor, context.RequestAborted), done => Results.Json(new UserChangeAnswer(done.Id, body.Disabled, body.Roles)));
    }

    private static async Task<IResult> CreateTeamAsync(HttpContext context, CreateTeam create)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, bytes, wrong) = await RequestBody.ReadAsync<TeamRequest>(context);
        if (body is null) return wrong!;
        return await Idempotency.OnceAsync(context, actor, "POST /teams", bytes, async () =>
        {
            var outcome = await create.ExecuteAsync(body.Slug ?? "", body.Name ?? body.Slug ?? "", body.CostCentre, actor, context.RequestAborted);
            return outcome is PeopleOutcome.Done
                ? ApiAnswer.Created(context, $"/api/v1/teams/{body.Slug}", new TeamAnswer(body.Slug, body.Name ?? body.Slug, body.CostCentre, []))
                : ApiAnswer.Refused(Answer(outcome, _ => Results.Empty));
        });
    }

    private static async Task<IResult> SetMemberAsync(HttpContext context, string slug, string email, SetTeamMember set)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<MembershipRequest>(context);
        if (body is null) return wrong!;
        if (!ApiWords.TryList<TeamRole>(body.Role ?? "member", out var roles) || roles.Count != 1) return ApiProblems.Invalid("role", "Allowed: member, lead.");
        return Answer(await set.ExecuteAsync(slug, email, roles[0], actor, context.RequestAborted), _ => Results.Json(new MembershipAnswer(slug, email, roles[0].ToString().ToLowerInvariant())));
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

    private static UserAnswer User(string id, UserRequest body, string? password) => new(id, body.Email, body.Name ?? body.Email, body.Roles ?? [], false, password);

    private static TeamAnswer Team(TeamRow t) => new(t.Slug, t.Name, t.CostCentre, [.. t.Members.Select(m => new TeamMemberAnswer(m.Email, m.Name, m.Role.ToString().ToLowerInvariant()))]);
}
