using Portal.Application.Access.Approvals;
using Portal.Domain.Access.Approvals;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Approvals;

/// <summary>Requests in words.</summary>
public static class ApprovalWords
{
    /// <summary>The line under the title.</summary>
    public static string What(ApprovalRow r) => r.Kind switch
    {
        ApprovalKind.Access => $"Access to {r.SubjectKind} {r.Subject}{Span(r)}",
        ApprovalKind.Membership => $"To become a member of team {r.Subject}",
        ApprovalKind.Extension => $"Extension{Span(r)} · {r.ItemName} · {r.Hardware}",
        _ => $"{r.ItemName} · {r.Hardware}",
    };

    /// <summary>The whole question.</summary>
    public static string Question(ApprovalRow r) => r.Kind switch
    {
        ApprovalKind.Access => $"{PersonName.First(r.Requester)} asks for access to {r.Subject}",
        ApprovalKind.Membership => $"{PersonName.First(r.Requester)} asks to join {r.Subject}",
        ApprovalKind.Extension => $"{PersonName.First(r.Requester)} asks to extend {r.Title}{Span(r)}",
        _ => $"{PersonName.First(r.Requester)} asks to launch {r.Title}",
    };

    private static string Span(ApprovalRow r) => r.Hours is { } hours ? $" for {DurationText.Compact(TimeSpan.FromHours((double)hours))}" : "";
}
