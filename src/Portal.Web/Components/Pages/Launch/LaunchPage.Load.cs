using System.Text.Json;
using Portal.Application.Catalog;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Forms;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

public sealed partial class LaunchPage
{
    private enum Stage { Loading, Ready, NoItem, NoTeam, DatabaseAway }

    private async Task LoadAsync()
    {
        _stage = Stage.Loading;
        _state = null;
        _remark = _copiedFrom = _freeName = null;
        _problem = null;
        _launched = false;
        _loaded = Wanted;
        try
        {
            _stage = await PrepareAsync(await CurrentActor.GetAsync(_gone.Token));
        }
        catch (OperationCanceledException) when (_gone.IsOver)
        {
            // The page is gone.
        }
        catch (SignedOutException)
        {
            Navigation.NavigateTo("/sign-in", forceLoad: true);
        }
        catch (Exception exception) when (ApiProblems.IsDatabaseDown(exception))
        {
            _stage = Stage.DatabaseAway;
        }
    }

    private async Task<Stage> PrepareAsync(Actor actor)
    {
        if (await Items.FindAsync(Slug, Version, _gone.Token) is not { } version) return Stage.NoItem;
        _teams = actor.Teams;
        if (_teams.Count == 0) return Stage.NoTeam;
        var current = Shell?.CurrentTeam;
        var form = new LaunchForm(version.Spec, _teams.FirstOrDefault(t => t.Slug == current) ?? _teams[0]);
        await CopyPastAsync(form, actor);
        await OfferRunsAsync(form, actor);
        _priced = form.Draft()?.GetRawText();
        var offers = await LaunchOffers.ReadAsync(Estimate, Catalog, version.Spec, form.Team, form.Draft(), actor, _gone.Token);
        Preselect(form, offers, version);
        form.SuggestName(await Workloads.FreeNameAsync(Slug, form.Team, actor, _gone.Token));
        _state = new LaunchState(form, offers, false);
        await ReadRulingAsync(actor);
        return Stage.Ready;
    }

    private async Task CopyPastAsync(LaunchForm form, Actor actor)
    {
        if (From is null) return;
        if (!Guid.TryParse(From, out var id) || await Details.FindAsync(id, actor, _gone.Token) is not { } past)
        {
            _remark = "The workload to copy from does not exist any more, or is not yours to see. These are the item's defaults.";
            return;
        }
        if (past.Row.ItemSlug != Slug)
        {
            _remark = $"{past.Row.Name} was launched from {past.Row.ItemName}, not from this item. These are the item's defaults.";
            return;
        }
        form.Copy(past);
        _copiedFrom = past.Row.Name;
        if (_teams.Any(t => t.Slug == past.Row.Team)) form.SetTeam(past.Row.Team);
        if (past.Row.Version != form.Item.Version) _remark = $"{past.Row.Name} ran version {past.Row.Version}; this launches version {form.Item.Version} with the same parameters.";
    }

    private async Task OfferRunsAsync(LaunchForm form, Actor actor)
    {
        if (form.Fields.FirstOrDefault(f => f.Spec.Type == ParameterType.Run) is not { } field) return;
        var runs = await Runs.ForAsync(field.Spec, actor, _gone.Token);
        if (Run is not null && Guid.TryParse(Run, out var id)) field.Take(JsonSerializer.SerializeToElement(id.ToString()));
        var choices = runs.Select(r => new Choice<string>(r.Id.ToString(), $"{r.Name} · {PersonName.First(r.OwnerName)}, {TimeZone.Local(r.EndedAt):d MMM HH:mm}")).ToList();
        // An older one, or one that is gone: shown, so that its error makes sense.
        if (field.Text.Length > 0 && choices.All(c => c.Value != field.Text)) choices.Add(new Choice<string>(field.Text, field.Text));
        field.Offer(choices);
        form.Changed(field);
    }

    /// <summary>Hardware and place by the address, else by the item, as long as some place takes it.</summary>
    private void Preselect(LaunchForm form, LaunchOffers offers, PublishedVersion version)
    {
        if (Hardware is not null && version.Spec.Hardware.Contains(Hardware)) form.SetHardware(Hardware);
        else if (!offers.CanHave(form.Hardware) && version.Spec.Hardware.FirstOrDefault(offers.CanHave) is { } possible) form.SetHardware(possible);
        var asked = Target is not null && offers.Best(form.Hardware, Target, null) is not null ? Target : null;
        var best = offers.Best(form.Hardware, asked, version.Spec.Defaults.Capacity) ?? offers.Best(form.Hardware, asked, null);
        form.SetPlace(best?.Offer.Target ?? (offers.Targets(form.Hardware) is [var first, ..] ? first.Value : null), best?.Offer.Capacity);
    }
}
