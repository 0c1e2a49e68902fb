using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

public sealed partial class LaunchPage
{
    /// <summary>Launches once: while it is under way another press does nothing, and the form's request id does the rest.</summary>
    private async Task LaunchAsync()
    {
        if (_state is not { Launching: false }) return;
        _state = _state with { Launching = true };
        _freeName = null;
        try
        {
            await _state.Form.ReadAsync();
            // Asked anew: what was handed over just now may be wrong.
            if (_state.Form.Errors is [var error, ..]) _focus = error.FieldId;
            else if (_state.Obstacle is null) await GuardAsync(async actor => await ShowAsync(await Launch.ExecuteAsync(_state.Form.ToRequest(), actor, _gone.Token), actor));
        }
        finally
        {
            // Once launched the page only waits to be left: the button stays as it is.
            // The way to the workload may have changed the address, and with it emptied the form, already.
            if (_state is not null) _state = _state with { Launching = _launched };
        }
    }

    private async Task ShowAsync(LaunchWorkload.Outcome outcome, Actor actor)
    {
        switch (outcome)
        {
            case LaunchWorkload.Outcome.Launched launched:
                _launched = true;
                Navigation.NavigateTo($"/workloads/{launched.WorkloadId}");
                break;
            case LaunchWorkload.Outcome.ApprovalRequired waiting:
                _launched = true;
                Navigation.NavigateTo($"/workloads/{waiting.WorkloadId}");
                break;
            case LaunchWorkload.Outcome.Denied denied:
                _problem = new LaunchProblem(Tone.Failed, "Policies refuse this.", $"{denied.Reason} (rule “{denied.Rule}”)", false);
                break;
            case LaunchWorkload.Outcome.Invalid invalid:
                Refuse(invalid.Errors);
                break;
            case LaunchWorkload.Outcome.NameTaken taken:
                Refuse(new Dictionary<string, string[]> { ["name"] = [taken.Reason] });
                _freeName = await Workloads.FreeNameAsync(Slug, _state!.Form.Team, actor, _gone.Token);
                break;
            case LaunchWorkload.Outcome.Unavailable unavailable:
                await ReadOffersAsync(actor);
                _problem = new LaunchProblem(Tone.Failed, "It was not launched: the place cannot take it now.", unavailable.Reason, true);
                break;
            case LaunchWorkload.Outcome.Busy busy:
                _problem = new LaunchProblem(Tone.Waiting, "It was not launched: too many launches are waiting.", $"Try again in {DurationText.Precise(busy.RetryAfter)}; nothing you entered is lost.", true);
                break;
            case LaunchWorkload.Outcome.Forbidden forbidden:
                _problem = new LaunchProblem(Tone.Failed, "You may not launch this.", forbidden.Reason, false);
                break;
            default:
                throw new InvalidOperationException(outcome.GetType().Name);
        }
    }

    private void Refuse(IReadOnlyDictionary<string, string[]> errors)
    {
        _state!.Form.Refuse(errors);
        _focus = _state.Form.Errors.FirstOrDefault(e => errors.ContainsKey(e.Key))?.FieldId;
        var homeless = _state.Form.Errors.Where(e => e.FieldId is null).ToList();
        if (homeless.Count > 0) _problem = new LaunchProblem(Tone.Failed, "It was not launched.", string.Join(" ", homeless.Select(e => $"{e.Label}: {e.Message}")), false);
    }
}
