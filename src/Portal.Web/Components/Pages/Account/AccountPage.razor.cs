using Microsoft.AspNetCore.Components;
using Portal.Application.Access.SingleSignOn;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Surfaces;

namespace Portal.Web.Components.Pages.Account;

/// <summary>The person's own account: who they are to the portal, their password, their access tokens.</summary>
public sealed partial class AccountPage : IDisposable
{
    private readonly PageLife _gone = new();
    private Actor? _you;
    private SignInWays _ways = new(false, null);
    private bool _failed;

    [SupplyParameterFromQuery] private string? Tab { get; set; }

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private SignInQueries SignIns { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private static IReadOnlyList<TabItem> TabItems { get; } = [new("profile", "Profile", "/account"), new("notifications", "Notifications", "/account?tab=notifications"), new("tokens", "Access tokens", "/account?tab=tokens")];

    private string ActiveTab => Tab is "tokens" or "notifications" ? Tab : "profile";

    protected override Task OnInitializedAsync() => LoadAsync();

    public void Dispose()
    {
        _gone.Dispose();
    }

    private async Task LoadAsync()
    {
        _failed = false;
        try
        {
            var you = await CurrentActor.GetAsync(_gone.Token);
            _ways = await SignIns.MineAsync(you, _gone.Token);
            _you = you;
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
