using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Access;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Forms;

namespace Portal.Web.Components.Pages.Account;

public sealed partial class CreateTokenDialog : IDisposable
{
    // The year of the rule is counted by the database's clock, which may be a little behind this one.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);

    private readonly PageLife _gone = new();
    private readonly HashSet<string> _scopes = [TokenScopes.Read];
    private IReadOnlyDictionary<string, string[]> _errors = new Dictionary<string, string[]>();
    private string? _name = "";
    private string _days = "90";
    private bool _busy;
    private bool _databaseAway;

    [CascadingParameter] private IMudDialogInstance Dialog { get; set; } = null!;

    [Parameter] public bool IsAdmin { get; set; }

    [Inject] private CreateToken Create { get; set; } = null!;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    private static IReadOnlyList<Choice<string>> Lifetimes { get; } = [new("7", "7 days"), new("30", "30 days"), new("90", "90 days"), new("365", "365 days")];

    private IEnumerable<(string Scope, string Meaning)> Offered
    {
        get
        {
            yield return (TokenScopes.Read, "See what you may see: catalog, workloads, logs, metrics, costs.");
            yield return (TokenScopes.Launch, "Launch, stop, start, extend, share and delete workloads, and open their programs.");
            yield return (TokenScopes.Approve, "Decide requests for approval. Nothing on this portal asks for approval yet.");
            if (IsAdmin) yield return (TokenScopes.Admin, "Everything your administrator role allows: people, teams, catalog.");
        }
    }

    public void Dispose()
    {
        _gone.Dispose();
    }

    private string? ErrorOf(string field) => _errors.TryGetValue(field, out var messages) ? string.Join(" ", messages) : null;

    private void Choose(string scope, bool on) => _ = on ? _scopes.Add(scope) : _scopes.Remove(scope);

    private async Task CreateAsync()
    {
        if (_busy) return;
        (_busy, _databaseAway) = (true, false);
        try
        {
            var actor = await CurrentActor.GetAsync(_gone.Token);
            var expiresAt = Time.GetUtcNow().AddDays(int.Parse(_days, System.Globalization.CultureInfo.InvariantCulture)) - ClockSlack;
            var outcome = await Create.ExecuteAsync(_name ?? "", [.. TokenScopes.All.Where(_scopes.Contains)], expiresAt, actor, _gone.Token);
            if (outcome is CreateToken.Outcome.Created created) Dialog.Close(DialogResult.Ok(created));
            else if (outcome is CreateToken.Outcome.Invalid invalid) _errors = invalid.Errors;
        }
        catch (OperationCanceledException) when (_gone.IsOver)
        {
            // The dialog is gone.
        }
        catch (SignedOutException)
        {
            Navigation.NavigateTo("/sign-in", forceLoad: true);
        }
        catch (Exception exception) when (ApiProblems.IsDatabaseDown(exception))
        {
            _databaseAway = true;
        }
        finally
        {
            _busy = false;
        }
    }
}
