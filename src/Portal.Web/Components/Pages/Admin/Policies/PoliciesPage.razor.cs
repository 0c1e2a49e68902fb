using System.Text.Json;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Access.Policies;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;
using Portal.Web.Components.Forms;

namespace Portal.Web.Components.Pages.Admin.Policies;

/// <summary>Rules in order, edited as a draft beside a simulator that already follows it; published as a whole.</summary>
public sealed partial class PoliciesPage
{
    private PolicyView? _view;
    private IReadOnlyList<PolicyHistoryRow> _history = [];
    private PolicyDraft? _draft;
    private string _published = "";
    private IReadOnlyList<string> _errors = [];
    private Guid? _edited;
    private string? _note;
    private bool _busy;
    private PolicyVerdict? _verdict;
    private PolicySimulator? _simulator;

    [Inject] private PolicyQueries Policies { get; set; } = null!;

    [Inject] private PublishPolicies Publish { get; set; } = null!;

    private static IReadOnlyList<Choice<string>> Otherwise { get; } = [new("allow", "Allow"), new("deny", "Deny")];

    private bool IsChanged => _draft is not null && Text(_draft) != _published;

    protected override async Task ReadAsync(Actor actor)
    {
        Refused = !actor.May(PortalAction.PublishPolicies);
        if (Refused || await Policies.ReadAsync(null, actor, Gone) is not { } view) return;
        (_view, _history) = (view, await Policies.HistoryAsync(actor, Gone));
        _draft = PolicyDraft.Of(view.List);
        (_published, _errors, _edited, _note) = (Text(_draft), [], null, null);
    }

    private async Task PublishAsync()
    {
        if (_busy || _draft is null || _view is null) return;
        _busy = true;
        try
        {
            var outcome = await Publish.ExecuteAsync(_draft.Json(), _view.Number, string.IsNullOrWhiteSpace(_note) ? null : _note.Trim(), await Actors.GetAsync(Gone), Gone);
            switch (outcome)
            {
                case PublishPolicies.Outcome.Published published:
                    Snackbar.Add($"Policies {published.Number} are in force.", Severity.Success);
                    await ReloadAsync();
                    break;
                case PublishPolicies.Outcome.Stale stale:
                    Snackbar.Add($"Somebody published policies {stale.Number} meanwhile. Your draft is kept: look at theirs under History, then publish again.", Severity.Warning);
                    var actor = await Actors.GetAsync(Gone);
                    (_view, _history) = ((await Policies.ReadAsync(null, actor, Gone))!, await Policies.HistoryAsync(actor, Gone));
                    _published = Text(PolicyDraft.Of(_view.List));
                    break;
                case PublishPolicies.Outcome.Invalid invalid:
                    _errors = [.. invalid.Errors.Select(e => $"{e.Key}: {e.Value[0]}")];
                    break;
                case PublishPolicies.Outcome.Forbidden forbidden:
                    Snackbar.Add(forbidden.Reason, Severity.Warning);
                    break;
            }
        }
        finally
        {
            _busy = false;
        }
    }

    /// <summary>Takes an earlier list as the draft.</summary>
    private async Task TakeAsync(int number)
    {
        if (await Policies.ReadAsync(number, await Actors.GetAsync(Gone), Gone) is not { } past) return;
        _draft = PolicyDraft.Of(past.List);
        _edited = null;
        await Changed();
    }

    private Task Add()
    {
        var rule = new RuleDraft { Name = $"Rule {_draft!.Rules.Count + 1}", When = new ConditionDraft { Kind = "all", Parts = [new ConditionDraft()] }, Effect = "requireApproval", Steps = { new StepDraft() } };
        _draft.Rules.Add(rule);
        _edited = rule.Key;
        return Changed();
    }

    private Task Copy(int at)
    {
        var copy = _draft!.Rules[at].Copy();
        copy.Name += " (copy)";
        _draft.Rules.Insert(at + 1, copy);
        _edited = copy.Key;
        return Changed();
    }

    private Task Remove(int at)
    {
        _draft!.Rules.RemoveAt(at);
        return Changed();
    }

    private Task Move(int at, int by)
    {
        var rule = _draft!.Rules[at];
        _draft.Rules.RemoveAt(at);
        _draft.Rules.Insert(Math.Clamp(at + by, 0, _draft.Rules.Count), rule);
        return Changed();
    }

    private Task SetDefault(string effect)
    {
        _draft!.Default.Effect = effect;
        return Changed();
    }

    private async Task Changed()
    {
        _errors = [.. _draft!.Read().Errors.Select(e => $"{e.Key}: {e.Value[0]}")];
        StateHasChanged();
        if (_errors.Count == 0 && _simulator is not null) await _simulator.RunAsync(IsChanged ? _draft.Json() : null);
    }

    private static string Text(PolicyDraft draft) => JsonSerializer.Serialize(draft.Json());
}
