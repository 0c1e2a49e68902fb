using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Portal.Application.Access;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Data;

namespace Portal.Web.Access;

/// <summary>Sign-in and sign-out are plain form posts: a circuit cannot set cookies.</summary>
internal static partial class SignIn
{
    /// <summary>A session of a local account ends after two weeks without use, which the cookie sees to, and after this time in any case.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(60);

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/account/sign-in", SignInAsync).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet(ProviderSignIn.Path, ProviderSignIn.BeginAsync).AllowAnonymous().ExcludeFromDescription();
        routes.MapPost("/account/sign-out", SignOutAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> SignInAsync([FromForm] string? email, [FromForm] string? password, [FromForm] string? returnUrl, SignInManager<PortalUser> manager, BrowserSessions sessions, NoteSession note, SignInSettings settings, PasswordTries tries, HttpContext context)
    {
        if (!settings.LocalAccounts) return Again("local", returnUrl);
        if (tries.Refuse(context) is not null) return Again("many", returnUrl);
        var user = string.IsNullOrEmpty(email) ? null : await manager.UserManager.FindByEmailAsync(email.Trim());
        if (user is null || user.Disabled)
        {
            // The same work and the same words as for a wrong password: no answer tells whether the account exists.
            manager.UserManager.PasswordHasher.VerifyHashedPassword(new PortalUser { DisplayName = "" }, DummyHash, password ?? "");
            return Again("wrong", returnUrl);
        }
        // Tries during a lock-out are not written down: five in five minutes are, a flood of them is nobody's gain.
        var wasLocked = await manager.UserManager.IsLockedOutAsync(user);
        var result = await manager.CheckPasswordSignInAsync(user, password ?? "", lockoutOnFailure: true);
        var step = result.Succeeded ? NoteSession.Step.SignedIn : result.IsLockedOut ? NoteSession.Step.LockedOut : NoteSession.Step.Refused;
        if (!wasLocked) await note.ExecuteAsync(step, user.Id, CircuitSource.Of(context), context.RequestAborted);
        if (result.Succeeded)
        {
            var session = await sessions.BeginAsync(user.Id, Longest, context.RequestAborted);
            await manager.SignInWithClaimsAsync(user, isPersistent: true, [new Claim(BrowserSessions.Claim, session.ToString())]);
            return Results.LocalRedirect(Safe(returnUrl));
        }
        return Again(result.IsLockedOut ? "locked" : "wrong", returnUrl);
    }

    private static async Task<IResult> SignOutAsync([FromForm] string? confirm, SignInManager<PortalUser> manager, BrowserSessions sessions, NoteSession note, ProviderSignOut provider, HttpContext context)
    {
        _ = confirm; // a form parameter makes the antiforgery token required
        var session = await context.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        // First for all pages that are open, then for this browser: in between, nothing of the session may still work.
        if (Guid.TryParse(context.User.FindFirstValue(BrowserSessions.Claim), out var id)) await sessions.EndAsync(id, context.RequestAborted);
        await manager.SignOutAsync();
        if (Guid.TryParse(manager.UserManager.GetUserId(context.User), out var person)) await note.ExecuteAsync(NoteSession.Step.SignedOut, person, CircuitSource.Of(context), context.RequestAborted);
        return await provider.BeginAsync(context, session.Properties) ?? Results.LocalRedirect("/sign-in");
    }

    /// <summary>Back to the form, which has words for the error.</summary>
    public static IResult Again(string error, string? returnUrl) => Results.LocalRedirect($"/sign-in?error={error}&returnUrl={Uri.EscapeDataString(Safe(returnUrl))}");

    /// <summary>Only paths of the portal itself.</summary>
    public static string Safe(string? returnUrl) =>
        returnUrl is { Length: > 0 } && returnUrl[0] == '/' && (returnUrl.Length == 1 || (returnUrl[1] != '/' && returnUrl[1] != '\\')) && !returnUrl.Any(char.IsControl) ? returnUrl : "/";

    private static readonly string DummyHash = new PasswordHasher<PortalUser>().HashPassword(new PortalUser { DisplayName = "" }, Guid.NewGuid().ToString());
}
