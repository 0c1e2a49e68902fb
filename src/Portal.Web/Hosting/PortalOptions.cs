using Microsoft.Extensions.Options;
using Portal.Web.Access;

namespace Portal.Web.Hosting;

/// <summary>What this process does.</summary>
public enum PortalRole { All, Web, Worker }

/// <summary>Section <c>Portal</c>: where the portal listens, how it is reached, where its keys are.</summary>
public sealed record PortalOptions
{
    public const string Section = "Portal";

    /// <summary>Port of pages and API.</summary>
    public int Port { get; set; } = 5080;
    /// <summary>Port of the apps origin, where workloads are opened.</summary>
    public int AppsPort { get; set; } = 5081;
    /// <summary>Address to listen on: <c>localhost</c>, <c>any</c>, or an IP address.</summary>
    public string Listen { get; set; } = "localhost";
    /// <summary>How browsers reach the portal; null: <c>http://localhost:{Port}</c>.</summary>
    public string? Url { get; set; }
    /// <summary>How browsers reach a workload: must contain <c>{workload}</c> in the host, on another site than the portal; null: <c>http://{workload}.localhost:{AppsPort}</c>.</summary>
    public string? AppsUrl { get; set; }
    /// <summary>Folder of what never goes into the database: master key, first administrator's password and token. 0700.</summary>
    public string KeyFolder { get; set; } = ".data";
    /// <summary>32 bytes, base64, wrapping the keys in the database; null: the file <c>master.key</c> in the key folder, made when missing.</summary>
    public string? MasterKey { get; set; }
    /// <summary>Addresses and networks (such as <c>10.0.0.0/8</c>) of reverse proxies, separated by commas, whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed; null: nobody's.</summary>
    public string? TrustedProxies { get; set; }
    /// <summary>all, web or worker.</summary>
    public PortalRole Role { get; set; } = PortalRole.All;
    /// <summary>E-mail of the first administrator.</summary>
    public string AdminEmail { get; set; } = "admin@portal.local";
    /// <summary>The first administrator's password; null: one is made, and written to the key folder with a token.</summary>
    public string? AdminPassword { get; set; }
    /// <summary>Folder of the catalog files; null: the ones shipped with the portal.</summary>
    public string? CatalogFolder { get; set; }
    /// <summary>Concurrent reconcile jobs of this process.</summary>
    public int Workers { get; set; } = 8;
    /// <summary>For crash tests only: the fault point at which this process kills itself.</summary>
    public string? KillAt { get; set; }

    /// <summary>The portal's own origin, without a slash at the end.</summary>
    public Uri PublicUrl => new(Url ?? $"http://localhost:{Port}");

    /// <summary>The origin of one workload, without a slash at the end.</summary>
    public string AppsOrigin(Guid workload) => (AppsUrl ?? $"http://{{workload}}.localhost:{AppsPort}").TrimEnd('/').Replace("{workload}", workload.ToString(), StringComparison.Ordinal);
}

/// <summary>Finds every wrong setting at once and names its key.</summary>
public sealed class PortalOptionsValidator : IValidateOptions<PortalOptions>
{
    public ValidateOptionsResult Validate(string? name, PortalOptions options)
    {
        var errors = new List<string>();
        if (options.Port is < 1 or > 65535) errors.Add("Portal:Port must be from 1 to 65535.");
        if (options.AppsPort is < 1 or > 65535) errors.Add("Portal:AppsPort must be from 1 to 65535.");
        if (options.Port == options.AppsPort) errors.Add("Portal:AppsPort must differ from Portal:Port: browsers share cookies, but the two must not share a listener.");
        if (options.Listen is not ("localhost" or "any") && !System.Net.IPAddress.TryParse(options.Listen, out _)) errors.Add("Portal:Listen must be 'localhost', 'any' or an IP address.");
        if (options.Url is not null && !Uri.TryCreate(options.Url, UriKind.Absolute, out _)) errors.Add("Portal:Url must be an absolute URL, such as https://portal.example.org.");
        if (options.AppsUrl is { } apps && (!apps.Contains("{workload}", StringComparison.Ordinal) || !Uri.TryCreate(apps.Replace("{workload}", "w", StringComparison.Ordinal), UriKind.Absolute, out _)))
            errors.Add("Portal:AppsUrl must be an absolute URL with {workload} in its host, such as https://{workload}.apps.example.net.");
        if (options.MasterKey is { } key && !IsKey(key)) errors.Add("Portal:MasterKey must be 32 bytes in base64.");
        foreach (var wrong in TrustedProxies.Wrong(options.TrustedProxies)) errors.Add($"Portal:TrustedProxies: '{wrong}' is neither an IP address nor a network such as 10.0.0.0/8.");
        if (string.IsNullOrWhiteSpace(options.KeyFolder)) errors.Add("Portal:KeyFolder must name a folder.");
        if (options.Workers is < 1 or > 100) errors.Add("Portal:Workers must be from 1 to 100.");
        if (!System.Net.Mail.MailAddress.TryCreate(options.AdminEmail, out _)) errors.Add("Portal:AdminEmail must be an e-mail address.");
        if (options.AdminPassword is { Length: < PortalAccess.ShortestPassword }) errors.Add($"Portal:AdminPassword must have at least {PortalAccess.ShortestPassword} characters.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsKey(string text)
    {
        Span<byte> bytes = stackalloc byte[64];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var length) && length == 32;
    }
}
