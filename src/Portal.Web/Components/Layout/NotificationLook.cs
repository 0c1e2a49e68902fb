using MudBlazor;
using Portal.Domain.Notifications;

namespace Portal.Web.Components.Layout;

/// <summary>Words and pictures of the kinds of notifications.</summary>
internal static class NotificationLook
{
    public static string Word(NotificationKind kind) => kind switch
    {
        NotificationKind.ApprovalWaiting => "Approvals to decide",
        NotificationKind.ApprovalDecided => "Answers to my requests",
        NotificationKind.WorkloadFailed => "A workload failed",
        NotificationKind.WorkloadStopped => "A workload was stopped by the portal",
        NotificationKind.WorkloadEnding => "A workload ends soon",
        NotificationKind.Ownership => "Offers of workloads",
        NotificationKind.OwnerGone => "Owners who left",
        NotificationKind.AccessEnding => "Access that ends",
        _ => kind.ToString(),
    };

    /// <summary>When it is sent.</summary>
    public static string Help(NotificationKind kind) => kind switch
    {
        NotificationKind.ApprovalWaiting => "Somebody asks for something that you can decide",
        NotificationKind.ApprovalDecided => "Approved, denied, or nobody decided in time",
        NotificationKind.WorkloadFailed => "It will not be tried again by itself",
        NotificationKind.WorkloadStopped => "Idle, at its end, or without a grant",
        NotificationKind.WorkloadEnding => "Idle and about to be stopped, or within an hour of its end",
        NotificationKind.Ownership => "Somebody hands you a workload, or answers your offer",
        NotificationKind.OwnerGone => "For leads: a workload of the team needs a new owner",
        NotificationKind.AccessEnding => "A grant ends within days, or was revoked",
        _ => "",
    };

    public static string Icon(NotificationKind kind) => kind switch
    {
        NotificationKind.ApprovalWaiting => Icons.Material.Outlined.FactCheck,
        NotificationKind.ApprovalDecided => Icons.Material.Outlined.TaskAlt,
        NotificationKind.WorkloadFailed => Icons.Material.Filled.Error,
        NotificationKind.WorkloadStopped => Icons.Material.Outlined.StopCircle,
        NotificationKind.WorkloadEnding => Icons.Material.Outlined.Timer,
        NotificationKind.Ownership => Icons.Material.Outlined.SwapHoriz,
        NotificationKind.OwnerGone => Icons.Material.Outlined.PersonOff,
        _ => Icons.Material.Outlined.Key,
    };
}
