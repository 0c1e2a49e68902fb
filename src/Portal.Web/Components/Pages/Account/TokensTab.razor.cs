using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Access;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Surfaces;

namespace Portal.Web.Components.Pages.Account;

public sealed partial class TokensTab : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(7);

    private readonly PageLife _gone = new();
    private IReadOnlyList<TokenRow>? _tokens;
    private CreateToken.Outcome.Created? _made;
    private bool _failed;

    /// <summary>Administrators may give a token their administrator's rights.</summary>
    [Parameter] public bool IsAdmin { get; set; }

    [Inject] private TokenQueries Queries { get; set; } = null!;

    [Inject] private RevokeToken Revoke { get; set; } = null!;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    private string Example => $"curl -H \"Authorization: Bearer $PORTAL_TOKEN\" {Navigation.BaseUri}api/v1/workloads";

    protected override Task OnInitializedAsync() => LoadAsync();

    public void Dispose()
    {
        _gone.Dispose();
    }

    private bool IsExpired(TokenRow token) => token.ExpiresAt <= Time.GetUtcNow();

    private bool EndsSoon(TokenRow token) => token.ExpiresAt - Time.GetUtcNow() < Soon;

    private Task LoadAsync() => GuardAsync(async () => _tokens = await Queries.ListAsync(await CurrentActor.GetAsync(_gone.Token), _gone.Token));

    private async Task CreateAsync()
    {
        var parameters = new DialogParameters<CreateTokenDialog> { { d => d.IsAdmin, IsAdmin } };
        var dialog = await Dialogs.ShowAsync<CreateTokenDialog>("New access token", parameters, new DialogOptions { MaxWidth = MaxWidth.Small, FullWidth = true, CloseOnEscapeKey = true, BackdropClick = false });
        if (await dialog.Result is not { Canceled: false, Data: CreateToken.Outcome.Created made }) return;
        _made = made;
        await LoadAsync();
    }

    private async Task RevokeAsync(TokenRow token)
    {
        var question = new Confirmation($"Revoke {token.Name}?", "Scripts that use it are refused at once. This cannot be undone.", "Revoke") { Lost = [$"{token.Prefix}…, which may {string.Join(", ", token.Scopes)}"] };
        if (!await Dialogs.ConfirmAsync(question)) return;
        await GuardAsync(async () => await Revoke.ExecuteAsync(token.Id, await CurrentActor.GetAsync(_gone.Token), _gone.Token));
        if (_made?.Row.Id == token.Id) _made = null;
        if (!_failed) await LoadAsync();
    }

    private async Task GuardAsync(Func<Task> act)
    {
        _failed = false;
        try
        {
            await act();
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
            _failed = true;
        }
    }
}
