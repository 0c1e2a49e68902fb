using Microsoft.AspNetCore.Components;
using Portal.Application.Notifications;
using Portal.Web.Access;
using Portal.Web.Api;

namespace Portal.Web.Components.Layout;

/// <summary>The bell: read again when something of the person's own, or a request for approval, has changed.</summary>
public sealed partial class Bell
{
    private BellView _view = new(0, [], [], 0);
    private Guid _me;

    [Inject] private NotificationQueries Notifications { get; set; } = null!;

    [Inject] private MarkNotificationsRead MarkRead { get; set; } = null!;

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string Label => _view.Unread == 0 ? "Notifications" : $"Notifications, {_view.Unread}";

    protected override Task OnInitializedAsync() => ReloadAsync();

    private Task ReloadAsync() => TryAsync(async () =>
    {
        var actor = await Actors.GetAsync();
        _me = actor.UserId;
        _view = await Notifications.BellAsync(actor, CancellationToken.None);
    });

    private async Task OpenAsync(NotificationRow notification)
    {
        if (notification.ReadAt is null) await TryAsync(async () => await MarkRead.ExecuteAsync([notification.Id], null, await Actors.GetAsync(), CancellationToken.None));
        Navigation.NavigateTo(notification.Link);
        await ReloadAsync();
    }

    // Only what the list could have shown: what came a moment ago stays unread.
    private Task MarkAllAsync() => TryAsync(async () =>
    {
        if (_view.Newest.Count > 0) await MarkRead.ExecuteAsync(null, _view.Newest[0].CreatedAt, await Actors.GetAsync(), CancellationToken.None);
        _view = await Notifications.BellAsync(await Actors.GetAsync(), CancellationToken.None);
    });

    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception exception) when (exception is SignedOutException || ApiProblems.IsDatabaseDown(exception))
        {
            // The page itself says so; the bell keeps what it knew.
        }
        StateHasChanged();
    }
}
