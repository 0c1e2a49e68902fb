using Microsoft.AspNetCore.Identity;
using Portal.Application.Data;

namespace Portal.Web.Components.Pages.Account;

/// <summary>Changes a person's own password. Runs in a scope of its own: Identity's manager must not live as long as a circuit.</summary>
internal sealed class ChangeOwnPassword(IServiceScopeFactory scopes)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>Changed; every session of the person, this one too, has to sign in again.</summary>
        public sealed record Changed : Outcome;

        /// <param name="Errors">By <c>current</c> and <c>new</c>.</param>
        public sealed record Invalid(IReadOnlyDictionary<string, string> Errors) : Outcome;
    }

    public async Task<Outcome> ExecuteAsync(Guid userId, string current, string wanted)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<PortalUser>>();
        var user = await users.FindByIdAsync(userId.ToString()) ?? throw new InvalidOperationException("The signed-in person has no account.");
        // Wrong guesses count as they do at sign-in: an open browser must not become a place to try passwords.
        if (await users.IsLockedOutAsync(user)) return Wrong("current", "Too many wrong passwords. Try again in five minutes.");
        if (current == wanted) return Wrong("new", "This is the current password. Choose another.");
        var result = await users.ChangePasswordAsync(user, current, wanted);
        if (result.Succeeded)
        {
            await users.ResetAccessFailedCountAsync(user);
            return new Outcome.Changed();
        }
        if (result.Errors.Any(e => e.Code == nameof(IdentityErrorDescriber.PasswordMismatch)))
        {
            await users.AccessFailedAsync(user);
            return Wrong("current", "This is not your current password.");
        }
        return Wrong("new", string.Join(" ", result.Errors.Select(e => e.Description)));
    }

    private static Outcome.Invalid Wrong(string field, string message) => new(new Dictionary<string, string> { [field] = message });
}
