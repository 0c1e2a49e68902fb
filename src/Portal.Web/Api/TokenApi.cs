using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Portal.Application.Access;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>Personal access tokens. Making one works with the session, a token, or (local accounts) HTTP Basic.</summary>
internal static class TokenApi
{
    public static void MapTokens(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tokens", CreateAsync).AllowAnonymous()
            .Describes("createToken", ApiTags.Account, "Makes an access token", "With a token, the browser's session, or, while local accounts are on, e-mail and password (HTTP Basic; `Limits__PasswordTriesPerMinute` from one address). No token makes one with more rights than its own.")
            .Takes(PeopleExamples.NewToken).WithMetadata(new TakesBasic()).Answers(201, PeopleExamples.MadeToken).Refuses(429, "Too many calls, or too many tries of a password; Retry-After says for how many seconds to wait.");
        api.MapGet("/tokens", async (HttpContext context, TokenQueries tokens) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Lists.Items(await tokens.ListAsync(actor, context.RequestAborted)));
        }).Describes("listTokens", ApiTags.Account, "Your access tokens").Answers(200, PeopleExamples.Tokens);
        api.MapDelete("/tokens/{id:guid}", async (HttpContext context, Guid id, RevokeToken revoke) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await revoke.ExecuteAsync(id, actor, context.RequestAborted) ? Results.NoContent() : ApiProblems.NotFound("You have no such token.");
        }).Describes("revokeToken", ApiTags.Account, "Ends a token at once").AnswersNothing().Refuses(404);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, CreateToken create, PasswordTries tries)
    {
        Actor? actor;
        if (context.Request.Headers.Authorization.ToString().StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            if (!context.RequestServices.GetRequiredService<SignInSettings>().LocalAccounts) return ApiProblems.Forbidden(SignInSettings.LocalAccountsAreOff + " Make the first token under Account in the browser.");
            if (tries.Refuse(context) is { } wait)
            {
                var seconds = ApiRate.Seconds(wait);
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                return ApiProblems.Problem(StatusCodes.Status429TooManyRequests, "Too many tries", $"Passwords are tried too fast from your address. Try again in {seconds} s.");
            }
            actor = await BasicAsync(context);
            if (actor is null) return ApiProblems.Problem(StatusCodes.Status401Unauthorized, "Not signed in", "E-mail or password is wrong, or the account is locked.");
        }
        else
        {
            (actor, var refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
        }
        var (body, _, wrong) = await RequestBody.ReadAsync<TokenRequest>(context);
        if (body is null) return wrong!;
        return await create.ExecuteAsync(body.Name ?? "", body.Scopes ?? [], body.ExpiresAt, actor, context.RequestAborted) switch
        {
            CreateToken.Outcome.Created made => Results.Json(new NewTokenAnswer(made.Row.Id, made.Token, made.Row.Prefix, made.Row.Name, made.Row.Scopes, made.Row.ExpiresAt), statusCode: StatusCodes.Status201Created),
            CreateToken.Outcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static async Task<Actor?> BasicAsync(HttpContext context)
    {
        var buffer = new byte[4096];
        var encoded = context.Request.Headers.Authorization.ToString()["Basic ".Length..].Trim();
        if (encoded.Length > 4096 || !Convert.TryFromBase64String(encoded, buffer, out var length)) return null;
        var text = Encoding.UTF8.GetString(buffer, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1) return null;
        var manager = context.RequestServices.GetRequiredService<SignInManager<PortalUser>>();
        var user = await manager.UserManager.FindByEmailAsync(text[..colon]);
        if (user is null || user.Disabled || !(await manager.CheckPasswordSignInAsync(user, text[(colon + 1)..], lockoutOnFailure: true)).Succeeded) return null;
        return await context.RequestServices.GetRequiredService<ActorDirectory>().FindAsync(user.Id, null, context.RequestAborted);
    }
}
