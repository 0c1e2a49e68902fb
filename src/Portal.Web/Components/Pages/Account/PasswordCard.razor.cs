using Microsoft.AspNetCore.Components;
using Portal.Application.Access;
using Portal.Web.Access;
using Portal.Web.Api;

namespace Portal.Web.Components.Pages.Account;

public sealed partial class PasswordCard : IDisposable
{
    private const int ShortestPassword = 12;

    private readonly PageLife _gone = new();
    private readonly Dictionary<string, string> _errors = [];
    private string _current = "";
    private string _new = "";
    private string _again = "";
    private bool _busy;
    private bool _changed;
    private bool _databaseAway;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private IServiceScopeFactory Scopes { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    public void Dispose()
    {
        _gone.Dispose();
    }

    private string? ErrorOf(string field) => _errors.GetValueOrDefault(field);

    private void Write(ref string field, string? value, string key)
    {
        field = value ?? "";
        _errors.Remove(key);
    }

    private async Task ChangeAsync()
    {
        if (_busy) return;
        _databaseAway = false;
        Check();
        if (_errors.Count > 0) return;
        _busy = true;
        try
        {
            var you = await CurrentActor.GetAsync(_gone.Token);
            // A scope of its own: Identity's manager must not live as long as a circuit.
            await using var scope = Scopes.CreateAsyncScope();
            Show(await scope.ServiceProvider.GetRequiredService<ChangeOwnPassword>().ExecuteAsync(_current, _new, you, _gone.Token));
        }
        catch (OperationCanceledException) when (_gone.IsOver)
        {
            // The page is gone.
        }
        catch (SignedOutException)
        {
            SignInAgain();
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

    private void Check()
    {
        _errors.Clear();
        if (_current.Length == 0) _errors["current"] = "Enter your current password.";
        if (_new.Length < ShortestPassword) _errors["new"] = $"At least {ShortestPassword} characters.";
        else if (_again != _new) _errors["again"] = "The two do not match.";
    }

    private void Show(ChangeOwnPassword.Outcome outcome)
    {
        switch (outcome)
        {
            case ChangeOwnPassword.Outcome.Changed:
                _changed = true;
                // Nothing of a password stays in the circuit's memory longer than needed.
                (_current, _new, _again) = ("", "", "");
                break;
            case ChangeOwnPassword.Outcome.Invalid invalid:
                foreach (var (field, message) in invalid.Errors) _errors[field] = message;
                break;
            default:
                throw new InvalidOperationException(outcome.GetType().Name);
        }
    }

    private void SignInAgain() => Navigation.NavigateTo("/sign-in?returnUrl=%2Faccount", forceLoad: true);
}
