namespace Portal.Domain.Notifications;

/// <summary>What a notification is about; people choose for each kind how it reaches them.</summary>
public enum NotificationKind
{
    /// <summary>A request waits for the person's decision.</summary>
    ApprovalWaiting,
    /// <summary>A request of the person was approved, denied or has expired.</summary>
    ApprovalDecided,
    /// <summary>A workload of the person failed.</summary>
    WorkloadFailed,
    /// <summary>The portal stopped a workload of the person: idle, at its end, or without a grant.</summary>
    WorkloadStopped,
    /// <summary>A workload of the person will be stopped soon: idle, or near its end.</summary>
    WorkloadEnding,
    /// <summary>Somebody offers a workload to the person, or answered such an offer.</summary>
    Ownership,
    /// <summary>To leads: the owner of a workload of the team has gone.</summary>
    OwnerGone,
    /// <summary>Access that the person was given ends soon, or was revoked.</summary>
    AccessEnding,
}

/// <summary>A sentence for one person, in the bell. Kept a while, then cleared.</summary>
public sealed class Notification
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required NotificationKind Kind { get; init; }
    /// <summary>One line, such as <c>Lena asks to launch “lora-a10g”</c>.</summary>
    public required string Title { get; init; }
    /// <summary>What else there is to say; null: nothing.</summary>
    public string? Text { get; init; }
    /// <summary>Where to go, a path of the portal beginning with a slash.</summary>
    public required string Link { get; init; }
    /// <summary>What happened, so that it is told once however often it is found: unique for the person.</summary>
    public required string Key { get; init; }
    /// <summary>Shown in the bell. False: it went out by e-mail or webhook only, as the person chose.</summary>
    public required bool InApp { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ReadAt { get; set; }
}

/// <summary>A way out of the portal.</summary>
public enum NotificationChannel { Email, Webhook }

/// <summary>How far a delivery is.</summary>
public enum DeliveryState
{
    Waiting,
    Delivered,
    /// <summary>Given up after the last attempt; somebody may ask for another.</summary>
    Failed,
}

/// <summary>One notification on its way by one channel.</summary>
public sealed class NotificationDelivery
{
    public required Guid Id { get; init; }
    public required Guid NotificationId { get; init; }
    public required NotificationChannel Channel { get; init; }
    public DeliveryState State { get; set; } = DeliveryState.Waiting;
    public int Attempts { get; set; }
    /// <summary>Not tried before.</summary>
    public required DateTimeOffset NextAttemptAt { get; set; }
    /// <summary>Why the last attempt failed, without secrets.</summary>
    public string? LastError { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? DeliveredAt { get; set; }
}

/// <summary>How one kind reaches a person; without a row the defaults of the kind hold.</summary>
public sealed class NotificationChoice
{
    public required Guid UserId { get; init; }
    public required NotificationKind Kind { get; init; }
    public required bool InApp { get; set; }
    public required bool Email { get; set; }
    public required bool Webhook { get; set; }
}

/// <summary>Where a person's webhook notifications go.</summary>
public sealed class WebhookAddress
{
    public required Guid UserId { get; init; }
    /// <summary>Absolute http(s) URL, encrypted: such addresses often carry a secret.</summary>
    public required string ProtectedUrl { get; set; }
    /// <summary>Host of the URL, to recognise it by.</summary>
    public required string Host { get; set; }
    /// <summary>The key of the signature, encrypted.</summary>
    public required string ProtectedSecret { get; set; }
    public required DateTimeOffset ChangedAt { get; set; }
}
