namespace Portal.Application.Notifications;

/// <summary>Section <c>Webhooks</c>.</summary>
public sealed record WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>Lets people's webhooks reach private networks and this machine, the latter also without TLS. Off: only addresses of the open internet.</summary>
    public bool AllowPrivate { get; set; }
}

/// <summary>How people's browsers reach the portal: links in messages begin with it.</summary>
public sealed record PortalAddress(Uri Url)
{
    /// <summary>The address of a path that begins with a slash.</summary>
    public string Of(string path) => Url.GetLeftPart(UriPartial.Authority) + path;
}
