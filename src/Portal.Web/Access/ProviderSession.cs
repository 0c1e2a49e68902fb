using Microsoft.AspNetCore.Authentication;
using Portal.Application.Access.SingleSignOn;

namespace Portal.Web.Access;

/// <summary>
/// What the session cookie of a person from the provider holds besides who they are. It is encrypted; nothing of it is in the database.
/// </summary>
internal static class ProviderSession
{
    /// <summary>Groups are looked at when people sign in, so that they must do so once a working day; at the provider that is mostly one redirect.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    private const string Mark = ".provider";
    private const string IdToken = "id_token";

    /// <summary>A new session.</summary>
    /// <param name="idToken">Needed for one thing only: to tell the provider at sign-out whose session ends.</param>
    public static AuthenticationProperties New(string? idToken)
    {
        var properties = new AuthenticationProperties { IsPersistent = true };
        properties.Items[Mark] = "";
        if (idToken is not null) properties.StoreTokens([new AuthenticationToken { Name = IdToken, Value = idToken }]);
        return properties;
    }

    /// <summary>Whether a session came from the provider.</summary>
    public static bool IsFrom(AuthenticationProperties? properties) => properties?.Items.ContainsKey(Mark) == true;

    /// <summary>Whether a session of this kind counts: one of the provider while there is one, one of a local account while there are such.</summary>
    public static bool Counts(AuthenticationProperties properties, SignInSettings settings) => IsFrom(properties) ? settings.HasProvider : settings.LocalAccounts;
}
