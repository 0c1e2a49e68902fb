using Microsoft.Extensions.Options;
using Portal.Application.Access.SingleSignOn;

namespace Portal.Web.Access;

/// <summary>Finds every wrong setting of signing in at once and names its key; never prints a secret.</summary>
public sealed class SignInSettingsValidator : IValidateOptions<SignInSettings>
{
    public ValidateOptionsResult Validate(string? name, SignInSettings options)
    {
        var errors = new List<string>();
        var oidc = options.Oidc;
        if (options.HasProvider) Provider(oidc, errors);
        else if (!options.LocalAccounts) errors.Add("SignIn:LocalAccounts must not be false while SignIn:Oidc:Authority is not set: nobody could sign in.");
        else if ((oidc.ClientId ?? oidc.ClientSecret ?? oidc.ClientSecretFile ?? oidc.RoleOf ?? oidc.TeamOf) is not null) errors.Add("SignIn:Oidc:Authority must be set, since other keys of SignIn:Oidc are.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void Provider(OidcSettings oidc, List<string> errors)
    {
        if (!Uri.TryCreate(oidc.Authority, UriKind.Absolute, out var authority) || !(authority.Scheme == Uri.UriSchemeHttps || IsHere(authority)) || authority.Query.Length > 0 || authority.Fragment.Length > 0)
            errors.Add("SignIn:Oidc:Authority must be the provider's address with https, such as https://login.example.org/realms/ml (http only on this machine).");
        if (string.IsNullOrWhiteSpace(oidc.ClientId)) errors.Add("SignIn:Oidc:ClientId must be set: the portal's name at the provider.");
        Secret(oidc, errors);
        if (!oidc.Scopes.Split(' ').Contains("openid")) errors.Add("SignIn:Oidc:Scopes must contain openid; scopes are separated by spaces.");
        foreach (var (key, claim) in new[] { ("NameClaim", oidc.NameClaim), ("EmailClaim", oidc.EmailClaim), ("GroupsClaim", oidc.GroupsClaim) })
            if (string.IsNullOrWhiteSpace(claim)) errors.Add($"SignIn:Oidc:{key} must name a claim.");
        if (string.IsNullOrWhiteSpace(oidc.DisplayName) || oidc.DisplayName.Length > 40) errors.Add("SignIn:Oidc:DisplayName must have 1 to 40 characters.");
        GroupMap.Read(oidc, errors);
    }

    private static void Secret(OidcSettings oidc, List<string> errors)
    {
        if (string.IsNullOrEmpty(oidc.ClientSecret) == string.IsNullOrEmpty(oidc.ClientSecretFile)) errors.Add("SignIn:Oidc:ClientSecret or SignIn:Oidc:ClientSecretFile must be set, and not both.");
        else if (!string.IsNullOrEmpty(oidc.ClientSecretFile) && !HasText(oidc.ClientSecretFile)) errors.Add("SignIn:Oidc:ClientSecretFile must name a file that the portal can read and that holds the secret.");
    }

    private static bool HasText(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim().Length > 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether an address is plain http on this machine: for trials and tests.</summary>
    internal static bool IsHere(Uri address) => address.Scheme == Uri.UriSchemeHttp && address.IsLoopback;
}
