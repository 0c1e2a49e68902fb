using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Admin;

/// <summary>What pages of administration share: who asks, loading, and what to say after a change.</summary>
public abstract class AdminPage : ComponentBase, IDisposable
{
    private readonly PageLife _gone = new();

    protected PageLoad Load { get; } = new();

    /// <summary>True when the person may not be here; the page says so instead of showing anything.</summary>
    protected bool Refused { get; set; }

    protected CancellationToken Gone => _gone.Token;

    [Inject] protected CurrentActor Actors { get; set; } = null!;

    [Inject] protected NavigationManager Navigation { get; set; } = null!;

    [Inject] protected ISnackbar Snackbar { get; set; } = null!;

    [Inject] protected IDialogService Dialogs { get; set; } = null!;

    public void Dispose()
    {
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override Task OnInitializedAsync() => ReloadAsync();

    /// <summary>Reads everything the page shows; sets <see cref="Refused"/> when it may not.</summary>
    protected abstract Task ReadAsync(Actor actor);

    protected async Task ReloadAsync()
    {
        await Load.RunAsync(async () => await ReadAsync(await Actors.GetAsync(Gone)), Navigation);
        StateHasChanged();
    }

    /// <summary>Says what was refused; true when it was done. The page reads again either way.</summary>
    protected async Task<bool> SayAsync(PeopleOutcome outcome, string? done = null)
    {
        var refusal = outcome switch
        {
            PeopleOutcome.Done => null,
            PeopleOutcome.Invalid invalid => string.Join(" ", invalid.Errors.SelectMany(e => e.Value)),
            PeopleOutcome.Forbidden forbidden => forbidden.Reason,
            PeopleOutcome.Conflict conflict => conflict.Reason,
            PeopleOutcome.NotFound missing => missing.Reason,
            _ => throw new InvalidOperationException(outcome.GetType().Name),
        };
        if (refusal is not null) Snackbar.Add(refusal, Severity.Warning);
        else if (done is not null) Snackbar.Add(done, Severity.Success);
        await ReloadAsync();
        return refusal is null;
    }
}
