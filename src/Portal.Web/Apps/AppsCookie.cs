using System.Globalization;
using Microsoft.AspNetCore.DataProtection;

namespace Portal.Web.Apps;

/// <summary>
/// The session on one workload's host: host-only, HttpOnly, bound to person and workload. It says who it is, never what they may do: access is checked again on every request.
/// </summary>
internal sealed class AppsCookie(IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>Every cookie whose name begins so is the portal's: stripped before the program sees the request, refused when the program sets it.</summary>
    public const string ReservedPrefix = "portal_";

    private const string Name = "portal_workload";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("Portal.Apps.Session.v1").ToTimeLimitedDataProtector();

    /// <summary>Browsers hold <c>__Host-</c> cookies to one host and to HTTPS; plain HTTP (the embedded default) goes without.</summary>
    private static string NameFor(HttpRequest request) => request.IsHttps ? "__Host-" + Name : Name;

    public static bool IsReserved(string cookieName) =>
        cookieName.StartsWith(ReservedPrefix, StringComparison.OrdinalIgnoreCase) || cookieName.StartsWith("__Host-" + ReservedPrefix, StringComparison.OrdinalIgnoreCase);

    public void Set(HttpContext context, Guid workloadId, Guid userId) =>
        context.Response.Cookies.Append(NameFor(context.Request), _protector.Protect($"{workloadId}|{userId}", time.GetUtcNow() + Lifetime), new CookieOptions
        {
            HttpOnly = true,
            Secure = context.Request.IsHttps,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = Lifetime,
            IsEssential = true,
        });

    /// <summary>The person, when the request carries exactly one valid cookie for this workload. Two of the name mean that somebody planted one: then none counts.</summary>
    public Guid? PersonOf(HttpRequest request, Guid workloadId)
    {
        var name = NameFor(request);
        var values = request.Headers.Cookie.SelectMany(header => (header ?? "").Split(';')).Select(pair => pair.Trim().Split('=', 2)).Where(pair => pair.Length == 2 && pair[0] == name).Select(pair => pair[1]).ToList();
        if (values.Count != 1) return null;
        try
        {
            var parts = _protector.Unprotect(Uri.UnescapeDataString(values[0])).Split('|');
            return parts.Length == 2 && parts[0] == workloadId.ToString() && Guid.TryParse(parts[1], CultureInfo.InvariantCulture, out var user) ? user : null;
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            // Expired, forged, or of another key ring: as if it were not there.
            return null;
        }
    }

    /// <summary>A Cookie header without the portal's own; null when nothing is left.</summary>
    public static string? WithoutReserved(IEnumerable<string?> headers)
    {
        var kept = headers.SelectMany(header => (header ?? "").Split(';')).Select(pair => pair.Trim()).Where(pair => pair.Length > 0 && !IsReserved(pair.Split('=', 2)[0].Trim())).ToList();
        return kept.Count == 0 ? null : string.Join("; ", kept);
    }

    /// <summary>A Set-Cookie header of a program, confined to its own host and path; null when it must not be set.</summary>
    public static string? Confine(string setCookie, Guid workloadId)
    {
        var parts = setCookie.Split(';').Select(part => part.Trim()).ToList();
        var name = parts[0].Split('=', 2)[0].Trim();
        if (name.Length == 0 || IsReserved(name)) return null;
        var basePath = $"/w/{workloadId}/";
        var path = parts.FirstOrDefault(p => p.StartsWith("path=", StringComparison.OrdinalIgnoreCase))?["path=".Length..];
        var kept = parts.Where(p => !p.StartsWith("domain", StringComparison.OrdinalIgnoreCase) && !p.StartsWith("path=", StringComparison.OrdinalIgnoreCase)).ToList();
        kept.Add("Path=" + (path?.StartsWith(basePath, StringComparison.Ordinal) == true ? path : basePath));
        return string.Join("; ", kept);
    }
}
