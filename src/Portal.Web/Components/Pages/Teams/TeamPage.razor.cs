using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Costs;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;
using Portal.Web.Components.Forms;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Surfaces;

namespace Portal.Web.Components.Pages.Teams;

/// <summary>A team: its people, what each of them runs, its budget and its limits.</summary>
public partial class TeamPage
{
    private IReadOnlyList<TeamRow> _teams = [];
    private IReadOnlyList<PersonRow> _people = [];
    private IReadOnlyList<LimitRow> _limits = [];
    private IReadOnlyList<WorkloadRow> _running = [];
    private BudgetState? _budget;
    private TeamRow? _team;
    private string? _shown;
    private bool _setsLimits, _leads, _mayAskBudget, _maySetBudget;

    [Parameter] public string? Slug { get; set; }

    [CascadingParameter] public ShellModel? Shell { get; set; }

    [Inject] private PeopleQueries People { get; set; } = null!;

    [Inject] private ResourceLimits Limits { get; set; } = null!;

    [Inject] private TeamBudgets Budgets { get; set; } = null!;

    [Inject] private WorkloadQueries Workloads { get; set; } = null!;

    [Inject] private SetTeamMember MemberSetter { get; set; } = null!;

    [Inject] private RemoveTeamMember MemberRemover { get; set; } = null!;

    private IReadOnlyList<Choice<string>> Scopes => _team is not { } team ? [] : [new($"team:{team.Slug}", $"Team {team.Slug}"), .. team.Members.Select(m => new Choice<string>($"person:{m.Email}", m.Name))];

    protected override async Task OnParametersSetAsync()
    {
        if (_shown == Slug || Load.IsLoading) return;
        await ReloadAsync();
    }

    protected override async Task ReadAsync(Actor actor)
    {
        _shown = Slug;
        _teams = await People.TeamsAsync(actor, Gone);
        _team = Slug is null ? _teams.FirstOrDefault(t => t.Slug == Shell?.CurrentTeam) ?? _teams.FirstOrDefault(t => actor.Teams.Any(own => own.Slug == t.Slug)) ?? (_teams.Count > 0 ? _teams[0] : null) : _teams.FirstOrDefault(t => t.Slug == Slug);
        if (_team is not { } team) return;
        var subject = Subject.Team.Named(actor, team.Slug);
        (_setsLimits, _maySetBudget, _mayAskBudget) = (actor.May(PortalAction.SetLimits), actor.May(PortalAction.SetBudget), actor.May(PortalAction.AskBudget, subject));
        _leads = actor.May(PortalAction.ManageMembers, subject);
        _people = actor.May(PortalAction.ManagePeople) ? await People.PeopleAsync(actor, Gone) ?? [] : [];
        var scopes = team.Members.Select(m => $"person:{m.Email}").Prepend($"team:{team.Slug}").ToHashSet(StringComparer.OrdinalIgnoreCase);
        _limits = [.. (await Limits.ListAsync(!_setsLimits, actor, Gone)).Where(l => scopes.Contains(l.Scope))];
        _budget = await Budgets.FindAsync(team.Slug, actor, Gone);
        _running = (await Workloads.ListAsync(new WorkloadFilter { Team = team.Slug, Phases = [WorkloadPhase.Queued, WorkloadPhase.Placing, WorkloadPhase.Starting, WorkloadPhase.Running, WorkloadPhase.Recovering, WorkloadPhase.Stopping], Sort = "-price", PageSize = 100 }, actor, Gone)).Items;
    }

    private async Task SetMemberAsync(string email, TeamRole role) => await SayAsync(await MemberSetter.ExecuteAsync(_team!.Slug, email, role, await Actors.GetAsync(Gone), Gone));

    private async Task RemoveMemberAsync(string email)
    {
        if (await Dialogs.ConfirmAsync(new Confirmation($"Take {email} out of {_team!.Slug}?", "They lose sight of the team's workloads at once. What they run goes on for a grace, you are told, and anybody of the team can take it over.", "Take out")))
            await SayAsync(await MemberRemover.ExecuteAsync(_team.Slug, email, await Actors.GetAsync(Gone), Gone));
    }
}
