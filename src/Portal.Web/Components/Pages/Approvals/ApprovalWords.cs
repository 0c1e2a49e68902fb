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
        ApprovalKind.Move => $"Move to {r.Hardware}{(r.MovesFrom is { } from ? $" from {from}" : "")} · {r.ItemName}",
        ApprovalKind.Budget => $"Budget of {r.Team}: {MoneyText.Format(r.Amount, "month")}",
        _ => $"{r.ItemName} · {r.Hardware}",
    };

    /// <summary>The whole question.</summary>
    public static string Question(ApprovalRow r) => r.Kind switch
    {
        ApprovalKind.Access => $"{Who(r)} for access to {r.Subject}",
        ApprovalKind.Extension => $"{Who(r)} to extend {r.Title}{Span(r)}",
        ApprovalKind.Move => $"{Who(r)} to move {r.Title} to {r.Hardware}",
        ApprovalKind.Budget => $"{Who(r)} for a budget of {MoneyText.Format(r.Amount, "month")} for {r.Team}",
        ApprovalKind.Membership => $"{Who(r)} to join {r.Subject}",
        _ => $"{Who(r)} to launch {r.Title}",
    };

    private static string Who(ApprovalRow r) => r.IsMine ? "You ask" : $"{PersonName.First(r.Requester)} asks";

    private static string Span(ApprovalRow r) => r.Hours is { } hours ? $" for {DurationText.Compact(TimeSpan.FromHours((double)hours))}" : "";
}
