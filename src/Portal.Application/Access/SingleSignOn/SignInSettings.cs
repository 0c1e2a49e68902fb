namespace Portal.Application.Access.SingleSignOn;

/// <summary>Section <c>SignIn</c>: how people come in.</summary>
public sealed record SignInSettings
{
    public const string Section = "SignIn";

    /// <summary>What everything that needs a password answers while <see cref="LocalAccounts"/> is off.</summary>
    public const string LocalAccountsAreOff = "Local accounts are switched off: people sign in with single sign-on, and the portal keeps no password for them.";

    /// <summary>People may sign in with an e-mail and a password that the portal keeps. Off: with the provider only. Access tokens work either way.</summary>
    public bool LocalAccounts { get; set; } = true;

    /// <summary>The organisation's OpenID provider; in use once it has an authority.</summary>
    public OidcSettings Oidc { get; set; } = new();

    /// <summary>Whether people can sign in with a provider.</summary>
    public bool HasProvider => !string.IsNullOrWhiteSpace(Oidc.Authority);
}

/// <summary>Section <c>SignIn:Oidc</c>: the OpenID Connect provider, and what its groups mean here.</summary>
public sealed record OidcSettings
{
    /// <summary>The provider's issuer, below which it answers <c>/.well-known/openid-configuration</c>; https, or http on this machine. Null: no single sign-on.</summary>
    public string? Authority { get; set; }
    /// <summary>The portal's name at the provider.</summary>
    public string? ClientId { get; set; }
    /// <summary>The portal's secret at the provider; or <see cref="ClientSecretFile"/>.</summary>
    public string? ClientSecret { get; set; }
    /// <summary>A file that holds the secret and nothing else.</summary>
    public string? ClientSecretFile { get; set; }
    /// <summary>What is asked for, separated by spaces.</summary>
    public string Scopes { get; set; } = "openid profile email";
    /// <summary>The claim that holds a person's name.</summary>
    public string NameClaim { get; set; } = "name";
    /// <summary>The claim that holds a person's e-mail.</summary>
    public string EmailClaim { get; set; } = "email";
    /// <summary>The claim that lists a person's groups.</summary>
    public string GroupsClaim { get; set; } = "groups";
    /// <summary>What the button calls the provider: "Sign in with …".</summary>
    public string DisplayName { get; set; } = "single sign-on";
    /// <summary>Groups that give a role, such as <c>ml-admins=Admin; finance=FinOps</c>.</summary>
    public string? RoleOf { get; set; }
    /// <summary>Groups that put into a team, such as <c>ml-vision=vision; ml-vision-leads=vision:lead</c>.</summary>
    public string? TeamOf { get; set; }

    /// <summary>Never the secret, wherever the settings are printed.</summary>
    public override string ToString() => $"{Authority} as {ClientId}";
}
