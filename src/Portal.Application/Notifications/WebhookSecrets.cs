using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Portal.Application.Notifications;

/// <summary>Encrypts people's webhook addresses and keys, and signs what goes there; keys are wrapped by a master key outside the database.</summary>
public sealed class WebhookSecrets(IDataProtectionProvider provider)
{
    private readonly IDataProtector _urls = provider.CreateProtector("Portal.Webhook.Url.v1");
    private readonly IDataProtector _keys = provider.CreateProtector("Portal.Webhook.Secret.v1");

    /// <summary>A fresh signing key, as its owner sees it once.</summary>
    public static string NewKey() => "whk_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public string ProtectUrl(string url) => _urls.Protect(url);

    public string ReadUrl(string protectedUrl) => _urls.Unprotect(protectedUrl);

    public string ProtectKey(string key) => _keys.Protect(key);

    public string ReadKey(string protectedKey) => _keys.Unprotect(protectedKey);

    /// <summary>The signature of a body at an instant: <c>v1=hex(HMAC-SHA256(key, timestamp + "." + body))</c>, everything as UTF-8.</summary>
    /// <param name="timestamp">Unix seconds, as sent.</param>
    public static string Sign(string key, string timestamp, string body) => "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{timestamp}.{body}")));
}
