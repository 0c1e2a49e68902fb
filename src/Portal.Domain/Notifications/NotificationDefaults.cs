namespace Portal.Domain.Notifications;

/// <summary>How a kind reaches people who have chosen nothing.</summary>
public static class NotificationDefaults
{
    /// <summary>By e-mail go those that somebody waits for or that cannot be undone later. The bell shows every kind; webhooks are each person's own wish.</summary>
    public static bool ByEmail(NotificationKind kind) => kind is NotificationKind.ApprovalWaiting or NotificationKind.ApprovalDecided or NotificationKind.Ownership or NotificationKind.OwnerGone
        or NotificationKind.AccessEnding or NotificationKind.WorkloadFailed;
}
