using System.Net.Http.Headers;
using System.Text;

namespace Portal.Domain.Catalog;

/// <summary>How a program's credential is presented to it, in one place for proxy, probes and targets.</summary>
public static class PortCredential
{
    /// <summary>The user of <c>basic</c>.</summary>
    public const string BasicUser = "portal";

    /// <summary>The value of the Authorization header; null when the program asks for none.</summary>
    /// <param name="auth">See <see cref="PortSpec.Auth"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another word than the catalog allows.</exception>
    public static AuthenticationHeaderValue? Header(string auth, string credential) => auth switch
    {
        "none" => null,
        "token" => new AuthenticationHeaderValue("token", credential),
        "basic" => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{BasicUser}:{credential}"))),
        "bearer" => new AuthenticationHeaderValue("Bearer", credential),
        _ => throw new ArgumentOutOfRangeException(nameof(auth), auth, "Not a way to present a credential."),
    };
}
