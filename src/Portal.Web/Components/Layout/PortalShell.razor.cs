using Microsoft.AspNetCore.Components;
using Portal.Application.Compute;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Layout;

/// <summary>Wires the frame to the person who is signed in. The chosen team is remembered by the browser.</summary>
public partial class PortalShell
{
    private ShellModel? _shell;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private ComputeTargets Targets { get; set; } = null!;

    [Inject] private Portal.Application.Settings.PortalSettings Settings { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        try
        {
            var actor = await CurrentActor.GetAsync();
            var (health, tone) = await HealthAsync();
            _shell = new ShellModel(actor.Name, actor.Email, [.. actor.Teams.Select(t => t.Slug)]) { Health = health, HealthTone = tone, ChooseTeam = ChooseTeamAsync, Tools = Tools, Search = Search, WaitingApprovals = WaitingApprovals, Announcement = (await Settings.GetAsync(CancellationToken.None)).Announcement is { Length: > 0 } words ? words : null, May = action => actor.May(action) };
        }
        catch (SignedOutException)
        {
            Navigation.NavigateTo("/sign-in", forceLoad: true);
        }
        catch (Exception exception) when (Api.ApiProblems.IsDatabaseDown(exception))
        {
            // The frame stands without the person; the page says what is wrong.
            _shell = new ShellModel("", "", []) { Health = "The database cannot be reached", HealthTone = Tone.Failed };
        }
    }

    private Task ChooseTeamAsync(string team)
    {
        _shell = _shell! with { CurrentTeam = team };
        StateHasChanged();
        return Task.CompletedTask;
    }

    private async Task<(string Health, Tone Tone)> HealthAsync()
    {
        var descriptions = new List<Domain.Compute.TargetDescription>();
        foreach (var target in Targets.All) descriptions.Add(await target.DescribeAsync(CancellationToken.None));
        var ill = descriptions.Where(d => !d.Healthy).ToList();
        if (ill.Count > 0) return ($"{ill[0].Name}: {ill[0].Reason}", Tone.Failed);
        if (descriptions.FirstOrDefault(d => d.Isolation == "none") is { } open) return ($"{open.Name} is not isolated", Tone.Waiting);
        return (descriptions.Count == 1 ? $"Target {descriptions[0].Name} healthy" : $"All {descriptions.Count} targets healthy", Tone.Running);
    }
}
