using Microsoft.AspNetCore.Components;
using Portal.Application.Access.Approvals;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Web.Access;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Values;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Home;

/// <summary>What is mine now, what needs me, what the month has cost.</summary>
public partial class HomePage : IDisposable
{
    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private Actor? _actor;
    private HomeView? _home;
    private IReadOnlyList<ApprovalRow> _waiting = [], _asked = [];
    // Stays for the visit, so that the answer to a request is read where it was asked.
    private bool _isWithoutTeam;

    [CascadingParameter] public ShellModel? Shell { get; set; }

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private HomeQueries Queries { get; set; } = null!;

    [Inject] private ApprovalQueries Approvals { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private BrowserTimeZone TimeZone { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    private string Greeting
    {
        get
        {
            var part = TimeZone.Local(Time.GetUtcNow()).Hour switch { < 5 => "Good night", < 12 => "Good morning", < 18 => "Good afternoon", _ => "Good evening" };
            return _actor is null ? part : $"{part}, {PersonName.First(_actor.Name)}";
        }
    }

    protected override Task OnParametersSetAsync() => ReloadAsync();

    public void Dispose()
    {
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task ReloadAsync()
    {
        await _load.RunAsync(async () =>
        {
            _actor = await Actors.GetAsync(_gone.Token);
            _waiting = await Approvals.ListAsync(ApprovalBox.ForMe, _actor, _gone.Token);
            _asked = [.. (await Approvals.ListAsync(ApprovalBox.Mine, _actor, _gone.Token)).Where(r => r.State == ApprovalState.Waiting || r.EndedAt > Time.GetUtcNow().AddDays(-1))];
            _isWithoutTeam |= JoinQueries.NeedsTeam(_actor);
            _home = await Queries.ReadAsync(_actor, Shell?.CurrentTeam, _gone.Token);
        }, Navigation);
        StateHasChanged();
    }
}
