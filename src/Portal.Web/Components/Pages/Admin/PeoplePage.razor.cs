using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;
using MudBlazor;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Teams;
using Portal.Web.Components.Surfaces;
using Portal.Web.Hosting;

namespace Portal.Web.Components.Pages.Admin;

/// <summary>Accounts, roles and teams.</summary>
public partial class PeoplePage
{
    private IReadOnlyList<PersonRow> _people = [];
    private IReadOnlyList<TeamRow> _teams = [];
    private (string Title, string Text)? _invitation;
    private Guid _me;
    private bool _adding;
    private string? _shownTab;

    [SupplyParameterFromQuery] private string? Tab { get; set; }

    [Inject] private PeopleQueries Queries { get; set; } = null!;

    [Inject] private CreateTeam TeamMaker { get; set; } = null!;

    [Inject] private SetTeamMember MemberSetter { get; set; } = null!;

    [Inject] private RemoveTeamMember MemberRemover { get; set; } = null!;

    [Inject] private IServiceScopeFactory Scopes { get; set; } = null!;

    [Inject] private SignInSettings SignIns { get; set; } = null!;

    [Inject] private IOptions<PortalOptions> Options { get; set; } = null!;

    private bool OnTeams => Tab == "teams";

    private string? Summary => Load.IsLoading || Refused ? null : $"{_people.Count(p => !p.Disabled)} active {(_people.Count(p => !p.Disabled) == 1 ? "person" : "people")} in {_teams.Count} {(_teams.Count == 1 ? "team" : "teams")}";

    protected override void OnParametersSet()
    {
        if (_shownTab != Tab) (_shownTab, _adding) = (Tab, false);
    }

    protected override async Task ReadAsync(Actor actor)
    {
        Refused = !actor.May(PortalAction.ManagePeople);
        if (Refused) return;
        _me = actor.UserId;
        _people = await Queries.PeopleAsync(actor, Gone) ?? [];
        _teams = await Queries.TeamsAsync(actor, Gone);
    }

    private async Task CreatePersonAsync(NewPerson wanted)
    {
        var actor = await Actors.GetAsync(Gone);
        var outcome = await WithScopeAsync<CreateUser>(use => use.ExecuteAsync(wanted.Email, wanted.Name, null, wanted.Roles, actor, Gone));
        if (!await SayAsync(outcome)) return;
        if (wanted.Team is { Length: > 0 } team) await SayAsync(await MemberSetter.ExecuteAsync(team, wanted.Email.Trim(), wanted.IsLead ? TeamRole.Lead : TeamRole.Member, actor, Gone));
        _adding = false;
        if (((PeopleOutcome.Done)outcome).Password is { } password) Invite($"{wanted.Name.Trim()} can sign in now", wanted.Email.Trim(), password);
        else Snackbar.Add($"{wanted.Name.Trim()} can sign in with {SignIns.Oidc.DisplayName} now.", Severity.Success);
    }

    private void Invite(string title, string email, string password) =>
        _invitation = (title, $"Portal: {Options.Value.PublicUrl}\nE-mail: {email}\nPassword: {password}\nPlease change the password under Account after you have signed in.");

    private async Task ChangeRolesAsync(PersonRow person, IReadOnlyList<string> roles)
    {
        var actor = await Actors.GetAsync(Gone);
        await SayAsync(await WithScopeAsync<UpdateUser>(use => use.ExecuteAsync(person.Id.ToString(), null, roles, actor, Gone)), $"{person.Name} is now {(roles.Count == 0 ? "without a role" : string.Join(", ", roles))}.");
    }

    private async Task DisableAsync(PersonRow person)
    {
        if (!person.Disabled && !await Dialogs.ConfirmAsync(new Confirmation($"Disable {person.Name}?", "They are signed out everywhere and their tokens stop working at once. What they run goes on until it is stopped; their team's leads may stop it.", "Disable"))) return;
        var actor = await Actors.GetAsync(Gone);
        await SayAsync(await WithScopeAsync<UpdateUser>(use => use.ExecuteAsync(person.Id.ToString(), !person.Disabled, null, actor, Gone)), person.Disabled ? $"{person.Name} may sign in again." : $"{person.Name} is out.");
    }

    private async Task ResetAsync(PersonRow person)
    {
        if (!await Dialogs.ConfirmAsync(new Confirmation($"Reset the password of {person.Name}?", "The old one stops working and they are signed out everywhere. You get a new one to hand over.", "Reset"))) return;
        var actor = await Actors.GetAsync(Gone);
        var outcome = await WithScopeAsync<ResetPassword>(use => use.ExecuteAsync(person.Id.ToString(), actor, Gone));
        if (await SayAsync(outcome)) Invite($"New password for {person.Name}", person.Email, ((PeopleOutcome.Done)outcome).Password!);
    }

    private async Task CreateTeamAsync(NewTeam wanted)
    {
        if (await SayAsync(await TeamMaker.ExecuteAsync(wanted.Slug.Trim(), wanted.Name, string.IsNullOrWhiteSpace(wanted.CostCentre) ? null : wanted.CostCentre.Trim(), await Actors.GetAsync(Gone), Gone), $"Team {wanted.Slug} is there; add its people.")) _adding = false;
    }

    private async Task SetMemberAsync(TeamRow team, string email, TeamRole role) => await SayAsync(await MemberSetter.ExecuteAsync(team.Slug, email, role, await Actors.GetAsync(Gone), Gone));

    private async Task RemoveMemberAsync(TeamRow team, string email)
    {
        if (await Dialogs.ConfirmAsync(new Confirmation($"Take {email} out of {team.Slug}?", "They lose sight of the team's workloads at once and can no longer change their own there.", "Take out")))
            await SayAsync(await MemberRemover.ExecuteAsync(team.Slug, email, await Actors.GetAsync(Gone), Gone));
    }

    // A scope of its own: Identity's manager must not live as long as a circuit.
    private async Task<PeopleOutcome> WithScopeAsync<T>(Func<T, Task<PeopleOutcome>> use)
        where T : notnull
    {
        await using var scope = Scopes.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<T>());
    }
}

/// <summary>What the form for a new person holds.</summary>
public sealed record NewPerson(string Email, string Name, string? Team, bool IsLead, IReadOnlyList<string> Roles);

/// <summary>What the form for a new team holds.</summary>
public sealed record NewTeam(string Slug, string Name, string? CostCentre);
