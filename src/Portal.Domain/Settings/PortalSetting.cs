namespace Portal.Domain.Settings;

/// <summary>A setting that administrators change while the portal runs. A row exists only once it was changed.</summary>
public sealed class PortalSetting
{
    /// <summary>One of <see cref="SettingKeys"/>.</summary>
    public required string Key { get; init; }
    /// <summary>The value as text, in the form its key asks for.</summary>
    public required string Value { get; set; }
    public required Guid ChangedBy { get; set; }
    public required DateTimeOffset ChangedAt { get; set; }
}

/// <summary>The settings there are.</summary>
public static class SettingKeys
{
    /// <summary><c>true</c>: idle workloads are stopped by their rules.</summary>
    public const string IdleStop = "idle.stop";
    /// <summary>How long people are warned before that; a duration such as PT10M.</summary>
    public const string IdleWarning = "idle.warning";
    /// <summary>Launches waiting at once before more are answered 429.</summary>
    public const string LaunchMaxPending = "launch.maxPending";
    /// <summary>A reason while nothing new may be launched, such as maintenance; empty: launches are open.</summary>
    public const string LaunchPaused = "launch.paused";
    /// <summary>By what share a price may move before approvers are asked again; from 0 to 1.</summary>
    public const string QuoteTolerance = "approvals.quoteTolerance";
    /// <summary>How long what runs goes on after its owner was disabled or left the team; a duration such as P3D.</summary>
    public const string OwnerGrace = "owners.grace";
    /// <summary>A sentence for everybody, above every page; empty: none.</summary>
    public const string Announcement = "announcement";
}
