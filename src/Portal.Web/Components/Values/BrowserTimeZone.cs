namespace Portal.Web.Components.Values;

/// <summary>The time zone of the person's browser, told once by the layout when the circuit opens; UTC until then. One a circuit.</summary>
public sealed class BrowserTimeZone
{
    /// <summary>Raised when the zone becomes known.</summary>
    public event Action? Changed;

    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    /// <summary>Takes the IANA name; where this host has no zone data for it, a fixed zone of the given offset stands in.</summary>
    public void Set(string? name, int offsetMinutes)
    {
        Zone = Find(name, offsetMinutes);
        Changed?.Invoke();
    }

    /// <summary>The instant on the person's clock.</summary>
    public DateTimeOffset Local(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, Zone);

    private static TimeZoneInfo Find(string? name, int offsetMinutes)
    {
        if (!string.IsNullOrWhiteSpace(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)) return zone;
        // The browser's word is not trusted beyond what a time zone can be.
        var offset = TimeSpan.FromMinutes(Math.Clamp(offsetMinutes, -14 * 60, 14 * 60));
        return offset == TimeSpan.Zero ? TimeZoneInfo.Utc : TimeZoneInfo.CreateCustomTimeZone("browser", offset, "browser", "browser");
    }
}
