using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Join;

/// <summary>Asks to be let into a team, and waits for the answer.</summary>
public sealed partial class JoinPanel : IDisposable
{
    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private Actor? _actor;
    private JoinView? _view;
    private string? _team, _error, _joined;
    private string _reason = "";
    private bool _another, _busy;

    /// <summary>The team that is chosen at first; null: the first of the list.</summary>
    [Parameter] public string? Ask { get; set; }

    [Inject] private JoinQueries Queries { get; set; } = null!;

    [Inject] private RequestMembership Request { get; set; } = null!;

    [Inject] private WithdrawApproval Withdraw { get; set; } = null!;

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private ISnackbar Snackbar { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private IReadOnlyList<TeamName> Free => [.. _view!.Teams.Where(t => _view.Waiting.All(w => w.Slug != t.Slug))];

    private string Chosen => Free.FirstOrDefault(t => t.Slug == (_team ?? Ask))?.Slug ?? Free[0].Slug;

    protected override Task OnInitializedAsync() => ReloadAsync();

    public void Dispose()
    {
        _gone.Dispose();
    }

    private static string Names(IReadOnlyList<string> names) => names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} or {names[^1]}";

    private async Task ReloadAsync()
    {
        await _load.RunAsync(async () =>
        {
            var (before, actor) = (_actor, await Actors.GetAsync(_gone.Token));
            _view = await Queries.ReadAsync(actor, _gone.Token);
            if (before is not null) _joined = actor.Teams.FirstOrDefault(t => before.Teams.All(b => b.Id != t.Id))?.Name ?? _joined;
            _actor = actor;
        }, Navigation);
        StateHasChanged();
    }

    private async Task AskAsync()
    {
        if (_busy) return;
        _error = string.IsNullOrWhiteSpace(_reason) ? "Say why, so that the leads know what it is about." : null;
        if (_error is not null) return;
        _busy = true;
        var outcome = await Request.ExecuteAsync(Chosen, _reason, await Actors.GetAsync(_gone.Token), _gone.Token);
        _busy = false;
        _error = outcome switch
        {
            ApprovalOutcome.Done => null,
            ApprovalOutcome.Conflict conflict => conflict.Reason,
            ApprovalOutcome.Forbidden forbidden => forbidden.Reason,
            ApprovalOutcome.Invalid invalid => invalid.Errors.Values.First()[0],
            _ => "This team is gone.",
        };
        if (_error is null) (_reason, _another, _team) = ("", false, null);
        await ReloadAsync();
    }

    private async Task WithdrawAsync(JoinRequestRow request)
    {
        if (!await Dialogs.ConfirmAsync(new Confirmation($"Withdraw the request to join {request.Team}?", "Its leads are no longer asked. You can ask again at any time.", "Withdraw"))) return;
        if (await Withdraw.ExecuteAsync(request.Id, await Actors.GetAsync(_gone.Token), _gone.Token) is ApprovalOutcome.Conflict conflict) Snackbar.Add(conflict.Reason, Severity.Info);
        await ReloadAsync();
    }
}
